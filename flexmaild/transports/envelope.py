"""The envelope and the content as they are sent: checked addresses, SMTP command lines, dot stuffing.

Used by every outbox. Pure. What could end a line or a message early is refused (SMTP smuggling, command
injection), not repaired.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from flexmaild.core.addresses import MAX_ADDRESS
from flexmaild.core.errors import GiveUp, Reason
from flexmaild.core.ports import Envelope
from flexmaild.settings.javamail.session import SmtpSession

_ADDRESS = re.compile(r"[^\s<>\"@\x00-\x1f\x7f]+@[^\s<>\"@\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class PreparedEnvelope:
    """An envelope ready to be sent: domains in ASCII (IDNA), content checked.

    needs_utf8: an address or a header field cannot be written in ASCII (RFC 6531).
    """

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    is_7bit: bool
    header_is_utf8: bool
    needs_utf8: bool


def prepare(envelope: Envelope) -> PreparedEnvelope:
    """The envelope as it is sent. Raises GiveUp(CLIENT) for addresses and content that must not be sent."""
    sender = ascii_address(envelope.sender) if envelope.sender else ""
    recipients = tuple(ascii_address(to) for to in envelope.recipients)
    if not recipients:
        raise GiveUp(Reason.CLIENT, "the mail has no recipient", step="mail")
    _check_line_ends(envelope.data)
    is_7bit = envelope.data.isascii()
    header_is_utf8 = not is_7bit and not envelope.data.partition(b"\r\n\r\n")[0].isascii()
    needs_utf8 = header_is_utf8 or not all(address.isascii() for address in (sender, *recipients))
    return PreparedEnvelope(sender, recipients, envelope.data, is_7bit, header_is_utf8, needs_utf8)


def ascii_address(address: str) -> str:
    """The address with its domain in ASCII. Raises GiveUp(CLIENT) where it is not a plain `local@domain`."""
    if not _ADDRESS.fullmatch(address) or len(address.encode()) > MAX_ADDRESS:
        raise GiveUp(Reason.CLIENT, f"{address!r:.80} is not a mail address", step="mail")
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise GiveUp(Reason.CLIENT, f"{domain!r:.80} is not a domain name", step="mail") from error


def _check_line_ends(data: bytes) -> None:
    """Refuses bare CR and LF: a server that takes one for a line end could see two mails in one."""
    ends = data.count(b"\r\n")
    if data.count(b"\n") != ends or data.count(b"\r") != ends:
        raise GiveUp(Reason.CLIENT, "the mail has line ends other than CRLF", step="mail")


def dot_stuffed(data: bytes) -> bytes:
    """The content with leading dots doubled and the final dot (RFC 5321 section 4.5.2)."""
    body = data.replace(b"\r\n.", b"\r\n..")
    if body.startswith(b"."):
        body = b"." + body
    return body + (b".\r\n" if body.endswith(b"\r\n") or not body else b"\r\n.\r\n")


def mail_line(prepared: PreparedEnvelope, session: SmtpSession, offers: Callable[[str], bool]) -> str:
    """The MAIL command with the parameters that the server offers and the mail needs."""
    line = f"MAIL FROM:<{prepared.sender}>"
    if offers("size"):
        line += f" SIZE={len(prepared.data)}"
    if not prepared.is_7bit:
        line += " BODY=8BITMIME"
    if prepared.needs_utf8:
        line += " SMTPUTF8"
    if session.dsn_ret and offers("dsn"):
        line += f" RET={session.dsn_ret}"
    if session.submitter and offers("auth"):
        line += f" AUTH={_xtext(session.submitter)}"
    return f"{line} {_no_line_end(session.mail_extension)}".rstrip()


def rcpt_line(recipient: str, session: SmtpSession, offers: Callable[[str], bool]) -> str:
    notify = f" NOTIFY={session.dsn_notify}" if session.dsn_notify and offers("dsn") else ""
    return f"RCPT TO:<{recipient}>{_no_line_end(notify)}"


def _xtext(text: str) -> str:
    """The text as xtext (RFC 3461 section 4)."""
    return "".join(c if "!" <= c <= "~" and c not in "+=" else f"+{ord(c) & 0xFF:02X}" for c in text)


def _no_line_end(text: str) -> str:
    if "\r" in text or "\n" in text:
        raise GiveUp(Reason.CLIENT, "a setting for SMTP parameters holds a line end", step="mail")
    return text
