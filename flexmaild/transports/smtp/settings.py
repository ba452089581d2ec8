"""SMTP as a transport: its settings, and how the adapter is made from them.

Apart from the adapter, which only the methods that make it import: reading settings loads no client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flexmaild.core.steps import Step
from flexmaild.settings.mail import Outgoing
from flexmaild.transports.context import AdapterContext, credentials_of

if TYPE_CHECKING:
    from flexmaild.transports.smtp.outbox import SmtpOutbox


class SmtpOutgoing(Outgoing):
    """Sends mail through an SMTP server."""

    property_block: ClassVar[bool] = True

    def outbox(self, context: AdapterContext) -> SmtpOutbox:
        from flexmaild.transports.smtp.outbox import SmtpOutbox

        return SmtpOutbox(self.smtp_session(), credentials_of(self, "smtp", context), context.trace)

    def examine(self, context: AdapterContext) -> list[Step]:
        from flexmaild.transports.smtp.probe import examine_smtp

        return examine_smtp(self.smtp_session(), credentials_of(self, "smtp", context))
