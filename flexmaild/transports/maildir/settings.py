"""A Maildir as a transport, both ways: its settings, and how adapters are made from them."""

from flexmaild.core.steps import Step
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.types import AbsolutePath
from flexmaild.transports.context import AdapterContext
from flexmaild.transports.maildir.inbox import MaildirInbox
from flexmaild.transports.maildir.outbox import MaildirOutbox
from flexmaild.transports.probe import examine_folder


class MaildirOutgoing(Outgoing):
    """Mail goes into a directory."""

    path: AbsolutePath
    """The Maildir that mails are put into; it is made if it is not there."""

    def outbox(self, context: AdapterContext) -> MaildirOutbox:
        return MaildirOutbox(self.path)

    def examine(self, context: AdapterContext) -> list[Step]:
        return examine_folder(MaildirInbox(self.path), f"open {self.path}")


class MaildirIncoming(Incoming):
    """Replies are read from a directory that this machine's mail server delivers into."""

    path: AbsolutePath
    """The Maildir that replies are read from; `reply_folder` other than INBOX is a Maildir++ folder in it."""

    def inbox(self, context: AdapterContext) -> MaildirInbox:
        return MaildirInbox(
            self.path,
            folder=self.reply_folder,
            move_to=self.after_processing.move,
            most=self.max_message_size,
        )

    def examine(self, context: AdapterContext) -> list[Step]:
        return examine_folder(self.inbox(context), f"open {self.path}")
