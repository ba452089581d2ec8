"""IMAP as a transport: its settings, and how the adapter is made from them.

The adapter is imported by the methods that make it, so that a program that only reads the settings does not
load IMAPClient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flexmaild.core.steps import Step
from flexmaild.settings.mail import Incoming
from flexmaild.transports.context import AdapterContext, credentials_of

if TYPE_CHECKING:
    from flexmaild.transports.imap.inbox import ImapInbox


class ImapIncoming(Incoming):
    """Reads replies from a folder of an IMAP server."""

    property_block: ClassVar[bool] = True

    def inbox(self, context: AdapterContext) -> ImapInbox:
        from flexmaild.transports.imap.inbox import ImapInbox

        return ImapInbox(
            self.imap_session(),
            credentials_of(self, "imap", context),
            folder=self.reply_folder,
            move_to=self.after_processing.move,
            most=self.max_message_size,
            pause=self.process_interval.total_seconds(),
            trace=context.trace,
        )

    def examine(self, context: AdapterContext) -> list[Step]:
        from flexmaild.transports.imap.probe import examine_imap

        credentials = credentials_of(self, "imap", context)
        return examine_imap(self.imap_session(), credentials, self.reply_folder, self.after_processing.move)
