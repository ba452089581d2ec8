"""A Maildir as a transport, both ways: its settings, and how adapters are made from them."""

from flexmaild.core.steps import Step
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.types import AbsolutePath
from flexmaild.transports.context import AdapterContext
from flexmaild.transports.maildir.inbox import MaildirInbox
from flexmaild.transports.maildir.outbox import MaildirOutbox
from flexmaild.transports.probe import examine_folder


class MaildirOutgoing(Outgoing):
    """Delivers mail into a directory of this machine."""

    path: AbsolutePath
    """The Maildir to deliver into; it is created if it does not exist."""

    def outbox(self, context: AdapterContext) -> MaildirOutbox:
        return MaildirOutbox(self.path)

    def examine(self, context: AdapterContext) -> list[Step]:
        return examine_folder(MaildirInbox(self.path), f"open {self.path}")


class MaildirIncoming(Incoming):
    """Reads replies from a directory into which this machine's mail server delivers."""

    path: AbsolutePath
    """The Maildir to read. A `reply_folder` other than INBOX is a Maildir++ folder in it."""

    def inbox(self, context: AdapterContext) -> MaildirInbox:
        return MaildirInbox(
            self.path,
            folder=self.reply_folder,
            move_to=self.after_processing.move,
            most=self.max_message_size,
        )

    def examine(self, context: AdapterContext) -> list[Step]:
        return examine_folder(self.inbox(context), f"open {self.path}")
