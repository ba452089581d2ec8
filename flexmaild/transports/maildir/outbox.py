"""Outgoing mail into a directory (Maildir), as a delivery agent does; for the demo, and for a host whose own
programs collect mail there.

Apart from the inbox, as in every transport.
"""

from pathlib import Path

from flexmaild.core.errors import GiveUp, Reason
from flexmaild.core.ports import Envelope, Receipt
from flexmaild.transports.envelope import ascii_address
from flexmaild.transports.maildir.directory import deliver, make, translated


class MaildirOutbox:
    """An Outbox (see `core.ports`): every recipient gets a copy of the mail in the one directory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, envelope: Envelope) -> Receipt:
        """Put a copy for each recipient into the directory, on stable storage. Raises TryLater/GiveUp."""
        for address in (*envelope.recipients, *([envelope.sender] if envelope.sender else [])):
            ascii_address(address)
        if not envelope.recipients:
            raise GiveUp(Reason.CLIENT, "the mail has no recipient", step="mail")
        with translated("data", self._path):
            make(self._path)
            names = [deliver(self._path, _traced(envelope, to)) for to in envelope.recipients]
        return Receipt(f"delivered to {self._path} as {', '.join(names)}")

    def close(self) -> None:
        """Nothing is kept open."""


def _traced(envelope: Envelope, recipient: str) -> bytes:
    """The mail with the two fields a delivery agent adds (RFC 5321 section 4.4), line ends as in files."""
    trace = f"Return-Path: <{envelope.sender}>\nDelivered-To: {recipient}\n"
    return trace.encode() + envelope.data.replace(b"\r\n", b"\n")
