"""Replies refused one after the other since no sender is believed: settings, or the border, are wrong.

Asked by `engine.due` for the incident. A single one may be a forgery; several without one that is
believed in between are the approvers' own.
"""

from collections.abc import Iterable
from datetime import timedelta

from flexmaild.core.masking import masked, without_people
from flexmaild.core.reasons import BELIEVED, NOT_BELIEVED
from flexmaild.core.work import Reply

# How far back is looked, and over how many mails.
LOOK_BACK, MOST = timedelta(days=1), 500
SEVERAL = 3
_LONGEST = 300


def refused_in_a_row(judged: Iterable[tuple[Reply, str]]) -> tuple[int, str, str]:
    """How many were refused since one was believed, and of the last its reason and what was read; 0 while
    they are fewer than SEVERAL. judged: the newest first."""
    refused: list[tuple[str, str]] = []
    for reply, because in judged:
        if reply.reason in BELIEVED:
            break
        if reply.reason in NOT_BELIEVED:
            refused.append((reply.reason.value, because))
    if len(refused) < SEVERAL:
        return 0, "", ""
    reason, because = refused[0]
    return len(refused), reason, without_people(masked(because))[:_LONGEST]
