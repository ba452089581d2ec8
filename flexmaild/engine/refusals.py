"""Finds a row of replies refused for their senders' proof: the settings, or the border, are wrong. Apart from
`due`, which does I/O; this is pure.

A single refused reply may be a forgery; several without an admitted one in between come from approvers.
"""

from collections.abc import Iterable
from datetime import timedelta

from flexmaild.core.masking import masked, without_people
from flexmaild.core.reasons import BELIEVED, NOT_BELIEVED
from flexmaild.core.work import Reply

# The period and the number of mails that are considered.
LOOK_BACK, MOST = timedelta(days=1), 500
_SEVERAL = 3
_LONGEST = 300


def refused_in_a_row(judged: Iterable[tuple[Reply, str]]) -> tuple[int, str, str]:
    """How many replies were refused since one was admitted, and the last one's reason and explanation; 0
    while there are fewer than SEVERAL. judged: newest first."""
    refused: list[tuple[str, str]] = []
    for reply, because in judged:
        if reply.reason in BELIEVED:
            break
        if reply.reason in NOT_BELIEVED:
            refused.append((reply.reason.value, because))
    if len(refused) < _SEVERAL:
        return 0, "", ""
    reason, because = refused[0]
    return len(refused), reason, without_people(masked(because))[:_LONGEST]
