"""The adapter table: each kind of transport with its settings class, and how an adapter is made from it.

To add a transport, write its package (settings classes with `outbox` or `inbox` and with `examine`, and the
adapters) and add its line here; everything else follows from the table. Read by `daemon.wiring` and the
contract tests.
"""

from collections.abc import Mapping

from flexmaild.core.ports import Inbox, Outbox
from flexmaild.core.steps import Step
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.transports.context import AdapterContext, Examined, MakesInbox, MakesOutbox
from flexmaild.transports.graph.settings import GraphIncoming, GraphOutgoing
from flexmaild.transports.imap.settings import ImapIncoming
from flexmaild.transports.maildir.settings import MaildirIncoming, MaildirOutgoing
from flexmaild.transports.smtp.settings import SmtpOutgoing

OUTGOING: Mapping[str, type[Outgoing]] = {
    "smtp": SmtpOutgoing,
    "graph": GraphOutgoing,
    "maildir": MaildirOutgoing,
}

INCOMING: Mapping[str, type[Incoming]] = {
    "imap": ImapIncoming,
    "graph": GraphIncoming,
    "maildir": MaildirIncoming,
}


def build_outbox(settings: Outgoing, context: AdapterContext) -> Outbox:
    """The outbox that these settings describe, not yet connected."""
    if not isinstance(settings, MakesOutbox):
        raise TypeError(f"{type(settings).__name__} is not a class of the table OUTGOING")
    return settings.outbox(context)


def build_inbox(settings: Incoming, context: AdapterContext) -> Inbox:
    """The inbox that these settings describe, not yet connected."""
    if not isinstance(settings, MakesInbox):
        raise TypeError(f"{type(settings).__name__} is not a class of the table INCOMING")
    return settings.inbox(context)


def examine_outgoing(settings: Outgoing, context: AdapterContext) -> list[Step]:
    """The steps up to where a mail could be handed over."""
    return _examine(settings, context)


def examine_incoming(settings: Incoming, context: AdapterContext) -> list[Step]:
    """The steps up to the open folder; nothing is fetched or deleted."""
    return _examine(settings, context)


def _examine(settings: Outgoing | Incoming, context: AdapterContext) -> list[Step]:
    if not isinstance(settings, Examined):
        raise TypeError(f"{type(settings).__name__} is not a class of the tables")
    return settings.examine(context)
