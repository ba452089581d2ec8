"""References, Message-IDs and ids of ours: what they look like, how they are made and taken apart.

A reference proves that a reply belongs to this request and was asked of this approver. It is "FM1-" and 45
base32 characters (RFC 4648) of: 10 bytes request, 2 bytes invitation number, 16 bytes of an HMAC-SHA256
over both, the approver's address, the expiry and what is asked. Base32 because mail systems change the case
of what they carry; 128 bits which cannot be guessed. Of the request's bytes 6 are random, and 4 are the
first of an HMAC-SHA256 over them: they show whose the request is to an installation that does not know it.
docs/wire-format.md has test vectors.

Modules that look for changed references (wrapped, encoded, masked) build patterns from the constants below:
`mail.understand.identification.references`, `mail.understand.identification.mentions`, `core.masking`.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from flexmaild.core.addresses import normal_domain
from flexmaild.core.model import Invitation, MailKind, Request, Terms

TAG = "FM1"
PREFIX = f"{TAG}-"
BODY_LENGTH = 45
# Base32 in small letters, and one of them in a pattern.
ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz234567")
LETTER = "[a-z2-7]"
# A reference in small letters, and its beginning, which names the request.
WHOLE = rf"{PREFIX.lower()}{LETTER}{{{BODY_LENGTH}}}"
# 10 bytes are exactly 16 letters of base32, so that the beginning of a reference names its request.
ID_LETTERS = 16
BEGINNING = rf"{PREFIX.lower()}{LETTER}{{{ID_LETTERS}}}"
# Dashes as programs write them in place of the one in `PREFIX`.
DASHES = "".join(map(chr, (*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63, 0xFF0D)))
_DASH_NAMES = "hyphen|dash|minus"
_EVERY_DASH = ("-", *DASHES)
# The same encoded, as a pattern: percent-encoded (twice, too) or quoted-printable, as an entity.
ENCODED_DASH = "|".join(
    ["".join(f"[%=](?:25)*{byte:02X}" for byte in dash.encode()) for dash in _EVERY_DASH]
    + [f"&#(?:0*{ord(dash)}|x0*{ord(dash):x});" for dash in _EVERY_DASH]
    + [f"&(?:{_DASH_NAMES});"]
)
# What is left of one where letters and digits alone are looked at, in small letters.
SQUEEZED_DASH = "|".join(
    ["".join(f"(?:25)*{byte:02x}" for byte in dash.encode()) for dash in _EVERY_DASH]
    + [f"0*{ord(dash)}|x0*{ord(dash):x}" for dash in _EVERY_DASH]
    + [_DASH_NAMES]
)

_REQUEST_BYTES = 10
# What of a request's id is random; the rest proves that the id was made with a key of ours.
RANDOM_BYTES = 6
_PROOF_OF = f"{TAG}-id".encode()
_TAG_BYTES = 16
_ID_PREFIX, _MAIL_PREFIX, _DELIVERY_PREFIX = "ap-", "m-", "d-"
# The id of a mail of ours.
MAIL_ID = rf"{_MAIL_PREFIX}{LETTER}{{{ID_LETTERS}}}"
# An id that would not fit on one line of 998 with its field's name is not repeated.
_LONGEST_MESSAGE_ID = 900
_MESSAGE_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]+")


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference taken apart; genuine only if `is_genuine` says so for the request it names."""

    request_id: str
    invitation: int
    tag: bytes


def request_id(key: bytes, random: bytes) -> str:
    """The public id of a new request: "ap-" and 16 lower-case base32 characters of 6 random bytes and of 4
    that prove whose it is: installations may share a mailbox, and a store may be older than its mails."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"a request id is made of {RANDOM_BYTES} random bytes")
    return written_id(random + _proof(key, random))


def written_id(data: bytes) -> str:
    """The 10 bytes of a request's id as text, whether it is ours or not."""
    if len(data) != _REQUEST_BYTES:
        raise ValueError(f"a request id has {_REQUEST_BYTES} bytes")
    return _ID_PREFIX + letters(data)


def is_ours(keys: Iterable[bytes], identifier: str) -> bool:
    """Whether this id was made with one of these keys. Only for ids that the store does not know: those of
    earlier versions prove nothing."""
    try:
        data = _request_bytes(identifier)
    except binascii.Error:
        return False
    random, proof = data[:RANDOM_BYTES], data[RANDOM_BYTES:]
    return any(hmac.compare_digest(_proof(key, random), proof) for key in keys)


def _proof(key: bytes, random: bytes) -> bytes:
    made = hmac.new(key, _PROOF_OF + random, hashlib.sha256).digest()
    return made[: _REQUEST_BYTES - RANDOM_BYTES]


def letters(data: bytes) -> str:
    """Bytes as base32 in small letters, as all ids have it."""
    return base64.b32encode(data).decode().rstrip("=").lower()


def job_id(key: str, *, is_mail: bool) -> str:
    """A short public id made from the key of a job: "m-…" for mails, "d-…" for deliveries."""
    prefix = _MAIL_PREFIX if is_mail else _DELIVERY_PREFIX
    return prefix + letters(hashlib.sha256(key.encode()).digest()[:_REQUEST_BYTES])


def named_id(text: str) -> str:
    """The id of the request that a reference with these first letters names; empty where they are too few."""
    first = text.lower()[:ID_LETTERS]
    return f"{_ID_PREFIX}{first}" if len(first) == ID_LETTERS else ""


def issue(key: bytes, request: Request, invitation: Invitation) -> str:
    """The reference that goes into the mails to this invitation's approver."""
    body = _request_bytes(request.id) + invitation.number.to_bytes(2, "big")
    tag = _tag(key, body, request.terms, invitation)
    return PREFIX + letters(body + tag).upper()


def parse(text: str) -> Reference | None:
    """Parse a reference, in any letter case; None when it is none (cut short, altered alphabet)."""
    text = text.strip().upper()
    body = text[len(PREFIX) :]
    if not text.startswith(PREFIX) or len(body) != BODY_LENGTH:
        return None
    try:
        raw = base64.b32decode(body + "=" * (-BODY_LENGTH % 8))
    except (binascii.Error, ValueError):
        return None
    if letters(raw).upper() != body:
        return None  # the spare bit of the last character must be 0: one reference, one spelling
    request, number = raw[:_REQUEST_BYTES], raw[_REQUEST_BYTES : _REQUEST_BYTES + 2]
    return Reference(written_id(request), int.from_bytes(number, "big"), raw[_REQUEST_BYTES + 2 :])


def is_genuine(key: bytes, reference: Reference, request: Request) -> Invitation | None:
    """The invitation this reference was issued for, None when we never issued it."""
    if reference.request_id != request.id or reference.invitation >= len(request.invitations):
        return None
    invitation = request.invitations[reference.invitation]
    body = _request_bytes(request.id) + invitation.number.to_bytes(2, "big")
    expected = _tag(key, body, request.terms, invitation)
    return invitation if hmac.compare_digest(expected, reference.tag) else None


@dataclass(frozen=True, slots=True, repr=False)
class ReferenceKeys:
    """The key that new requests are made with, and former ones that open requests may have been made with.

    A request has one key for its whole life, which its id shows. So a former key makes references only to
    requests of its time.
    """

    current: bytes
    former: tuple[bytes, ...] = ()

    def of(self, identifier: str) -> tuple[bytes, ...]:
        """The key of this request. The id of an earlier version shows none, so that it may be any of them."""
        every = (self.current, *self.former)
        return next(((key,) for key in every if is_ours((key,), identifier)), every)

    def issue(self, request: Request, invitation: Invitation) -> str:
        return issue(self.of(request.id)[0], request, invitation)

    def is_genuine(self, reference: Reference, request: Request) -> Invitation | None:
        found = (is_genuine(key, reference, request) for key in self.of(request.id))
        return next((invitation for invitation in found if invitation), None)


def _request_bytes(identifier: str) -> bytes:
    return base64.b32decode(identifier.removeprefix(_ID_PREFIX).upper())


def _tag(key: bytes, body: bytes, terms: Terms, invitation: Invitation) -> bytes:
    expiry = int(terms.expires_at.timestamp() * 1000).to_bytes(8, "big")
    parts = (TAG.encode(), body, invitation.approver.address.encode(), expiry, asked(terms))
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.new(key, message, hashlib.sha256).digest()[:_TAG_BYTES]


def asked(terms: Terms) -> bytes:
    """SHA-256 of what is asked, so that a reference cannot serve for another question."""
    if terms.asked:
        return bytes.fromhex(terms.asked)
    texts = [terms.title, terms.text, terms.html, terms.template, dict(terms.variables), dict(terms.metadata)]
    texts.append([a.sha256 for a in terms.attachments])
    return hashlib.sha256(json.dumps(texts, sort_keys=True, ensure_ascii=True).encode()).digest()


def message_id(name: str, kind: MailKind, number: int, domain: str) -> str:
    """The Message-ID, without angle brackets, of a mail of this kind.

    name: the approver's reference, which comes back in a reply's In-Reply-To; or any text that is unique
    among mails without one. A mail to a person who was not asked does not carry it. The request itself has
    the plain form that a thread hangs on, whatever the number.
    """
    is_reference = name.upper().startswith(PREFIX) and kind is not MailKind.NOT_ENTITLED
    left = name.lower() if is_reference else f"fm-{hashlib.sha256(name.encode()).hexdigest()[:32]}"
    number = 0 if kind is MailKind.APPROVAL_REQUEST else number
    return plain_message_id(f"{left}.{kind.value}.{number}", domain)


def plain_message_id(identifier: str, domain: str) -> str:
    """The Message-ID, without angle brackets, of a mail that has no reference: it begins with its id. The
    domain may be as an operator wrote it; a Message-ID is ASCII (RFC 5322 section 3.6.4)."""
    return f"{identifier}@{domain if domain.isascii() else normal_domain(domain)}"


def named_by(message_id: str) -> str:
    """The part of a Message-ID that holds the reference in ours, without angle brackets."""
    return message_id.partition(".")[0]


def bare(text: str) -> str:
    """The Message-ID in a field's text, or in one that is bare already: the one form inside flexmaild. A ">"
    in it, or in a comment before it, ends nothing: two mails must not become one."""
    while "<" in text:
        text = text.partition("<")[2]
        inside, closed, _ = text.rpartition(">")
        text = inside if closed else text
    return text.strip("> \t\r\n")


def as_written(message_id: str) -> str:
    """A bare Message-ID as a field has it and as it is shown; empty for none."""
    return f"<{message_id}>" if message_id else ""


def in_brackets(message_ids: Iterable[str]) -> list[str]:
    """Bare Message-IDs as a field of ours has them: each once, without those that none may carry."""
    sound = (i for i in message_ids if len(i) <= _LONGEST_MESSAGE_ID and _MESSAGE_ID.fullmatch(i))
    return [as_written(i) for i in dict.fromkeys(sound)]
