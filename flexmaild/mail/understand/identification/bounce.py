"""Delivery reports: which of our mails was not delivered, to whom, and whether for good.

Called by `understand.reply` for mails of that nature. Reads RFC 3464 itself (the returned header tells which
mail), Exchange's and Gmail's plain notes by their own layout, and leaves odd formats to flufl.bounce, which
knows them from Mailman's thirty years. A report decides nothing and is never answered. Never raises.
"""

from email.errors import MessageError
from email.parser import BytesParser
from email.policy import compat32

from flexmaild.core.addresses import MAX_ADDRESS, normal
from flexmaild.core.parsed_reply import Bounce
from flexmaild.core.references import bare
from flexmaild.mail.parse.header import Header, clean, parse_header, raw_text
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.message import Mail, Part, split_header
from flexmaild.mail.parse.transfer import transferred

_STATUS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
# A report about one of our mails has one recipient; a report with more is read up to here.
_MOST = 20
# What is handed to flufl.bounce and the standard parser, which have no bounds of their own.
_LEGACY_SIZE = 64 * 1024
_ASCII = bytes(b if b < 128 else ord("?") for b in range(256))
# What those two raise on damaged mail; RecursionError is a RuntimeError.
_LEGACY_FAILURES = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RuntimeError,
    MessageError,
)


def bounces(mail: Mail, data: bytes, limits: Limits) -> tuple[Bounce, ...]:
    """The failures and delays this report speaks of; none for a report of success."""
    original = _original_id(mail, limits)
    status = next((part for part in mail.walk() if part.kind in _STATUS), None)
    if status is not None:
        return _from_status(_decoded_body(status), original, limits)
    found = _addresses_in_header(mail.header) or _legacy(data)
    return tuple(Bounce(address, permanent, message_id=original) for address, permanent in found[:_MOST])


def _decoded_body(part: Part) -> bytes:
    encoding = part.header.first(b"content-transfer-encoding").decode("latin-1")
    return transferred(part.body[:262144], encoding).readings[0]


def _from_status(body: bytes, original: str, limits: Limits) -> tuple[Bounce, ...]:
    """One bounce per recipient group (RFC 3464 section 2.3) that failed or is delayed."""
    found: list[Bounce] = []
    for block in body.replace(b"\r\n", b"\n").strip(b"\n").split(b"\n\n")[: _MOST + 1]:
        group = parse_header(block)
        envelope = group.first(b"original-envelope-id")
        if envelope and not original:
            original = _identifier(envelope)
        action = _word(group, b"action")
        if action not in ("failed", "delayed"):
            continue
        recipient = _recipient(group)
        found.append(
            Bounce(
                recipient,
                action == "failed",
                status=_word(group, b"status")[:20],
                diagnostic=clean(raw_text(group.first(b"diagnostic-code")[: limits.field])[0])[:500],
                message_id=original,
            )
        )
    return tuple(found)


def _word(group: Header, name: bytes) -> str:
    value = clean(raw_text(group.first(name)[:200])[0]).split()
    return value[0].partition("(")[0].lower() if value else ""


def _recipient(group: Header) -> str:
    """`rfc822; a@b` of the recipient we wrote to, else of the one it was forwarded to."""
    value = group.first(b"original-recipient") or group.first(b"final-recipient")
    return _address(raw_text(value[:1000])[0].rpartition(";")[2])


def _address(text: str) -> str:
    text = text.strip().strip("<>").strip()
    try:
        return normal(text)
    except ValueError:
        return clean(text)[:MAX_ADDRESS]


def _original_id(mail: Mail, limits: Limits) -> str:
    """The Message-ID in the returned header; else the one the report answers (Exchange's plain notes)."""
    for part in mail.walk():
        if part.kind in _RETURNED:
            block = split_header(_decoded_body(part).lstrip(b"\r\n"))[0]
            found = parse_header(block[: limits.header]).first(b"message-id")
            if found:
                return _identifier(found)
    answered = mail.header.first(b"in-reply-to") or mail.header.first(b"references").split(b">")[0]
    return _identifier(answered)


def _identifier(value: bytes) -> str:
    """A Message-ID without its brackets."""
    return bare(clean(value[:998].decode("latin-1")))


def _addresses_in_header(header: Header) -> list[tuple[str, bool]]:
    """X-Failed-Recipients, which Exim and Gmail write."""
    values = b",".join(header.all(b"x-failed-recipients"))[:2000].decode("latin-1")
    return [(_address(piece), True) for piece in values.split(",") if "@" in piece]


def _legacy(data: bytes) -> list[tuple[str, bool]]:
    found = _plain_note(data)
    if found:
        return found
    from flufl.bounce import all_failures  # imported late: 60 modules for a rare mail

    try:
        message = BytesParser(policy=compat32).parsebytes(data[:_LEGACY_SIZE].translate(_ASCII))
        if "@" not in message.get("from", ""):
            # Its detectors trip over a From that is missing or empty, and log a traceback each time.
            del message["from"]
            message["From"] = "mailer-daemon@invalid"
        temporary, permanent = all_failures(message)
    except _LEGACY_FAILURES:
        return []
    failures = [(_bytes_address(a), True) for a in sorted(permanent)]
    return failures + [(_bytes_address(a), False) for a in sorted(temporary - permanent)]


def _bytes_address(address: bytes | str) -> str:
    return _address(address.decode("latin-1") if isinstance(address, bytes) else address)


_NOTES = (
    b"did not reach the following recipient",
    b"did not reach some or all of the intended recipients",
    b"delivery has failed to these recipients",
    b"konnte nicht zugestellt werden",
    b"konnte an mindestens einen",
    b"was not delivered to:",
    b"could not be delivered to",
    b"wasn't delivered to",
    b"n'a pas pu \xc3\xaatre remis",
    b"no se pudo entregar",
)


def _plain_note(data: bytes) -> list[tuple[str, bool]]:
    """Exchange's note without a report: a known sentence, and the first address in the lines after it."""
    text = data[:_LEGACY_SIZE]
    low = text.lower()
    for note in _NOTES:
        at = low.find(note)
        if at < 0:
            continue
        for line in text[at : at + 2000].splitlines()[:20]:
            for piece in line.replace(b"<", b" ").replace(b">", b" ").replace(b":", b" ").split():
                piece = piece.strip(b".,;'\"()[]")
                if piece.count(b"@") == 1 and b"." in piece.partition(b"@")[2]:
                    return [(_address(piece.decode("latin-1")), True)]
    return []
