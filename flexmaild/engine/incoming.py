"""Commits the outcomes of mails that were read. Used by the poller, and when a mail is released from
quarantine."""

from collections.abc import Callable, Sequence

import structlog

from flexmaild.core.left_in_folder import Committed
from flexmaild.core.parsed_reply import ParsedReply
from flexmaild.core.ports import Fetched
from flexmaild.core.redacted import redacted
from flexmaild.engine import decide
from flexmaild.engine.changes import Changes, Context
from flexmaild.engine.transaction import Transactions
from flexmaild.observe.metrics import Metrics
from flexmaild.store import StoreFault, Transaction

_log = structlog.get_logger("flexmaild")


class Overtaken(Exception):
    """Raised by `also`: another caller was quicker, and nothing is to be committed."""


Also = Callable[[Transaction, Changes], None]


def commit(
    transactions: Transactions,
    context: Context,
    metrics: Metrics,
    read: Sequence[tuple[Fetched, ParsedReply]],
    also: Also = lambda transaction, changes: None,
) -> Committed:
    """Commit all of `read`; returns the outcomes of mails that had none yet. A mail on which flexmaild
    fails is quarantined alone. Raises StoreFault; then none is committed.

    also: called in the same transaction, after the mails are decided. It may raise Overtaken, which is
        raised again.
    """

    def decided(transaction: Transaction) -> Changes:
        changes = decide.mails(transaction, context, read)
        also(transaction, changes)
        return changes

    try:
        changes = transactions.run(decided)
    except (StoreFault, Overtaken):
        raise
    except Exception as bug:  # noqa: BLE001 - a bug becomes a value: this mail goes to quarantine
        metrics.unhandled("poller")
        _log.exception("bug while deciding about a mail", sha256=read[0][1].sha256, mails=len(read))
        if len(read) > 1:
            alone = [commit(transactions, context, metrics, [one], also) for one in read]
            outcomes = {uid: outcome for one in alone for uid, outcome in one.outcomes.items()}
            return Committed(outcomes, frozenset().union(*(one.left for one in alone)))
        changes = transactions.run(_set_aside(context, *read[0], redacted(str(bug)), also))
    left = {mail.uid: mail.outcome for mail in changes.left}
    return Committed(left | {mail.uid: mail.outcome for mail in changes.processed}, frozenset(left))


def _set_aside(context: Context, fetched: Fetched, reply: ParsedReply, bug: str, also: Also) -> decide.Decide:
    def decided(transaction: Transaction) -> Changes:
        aside = decide.set_aside(fetched, reply, bug, transaction.now)
        changes = Changes(context, transaction.now, processed=[aside])
        also(transaction, changes)
        return changes

    return decided
