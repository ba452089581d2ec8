"""References: what proves that a reply belongs to this request and was asked of this approver.

"FM1-" and 45 base32 characters (RFC 4648) of: 10 bytes request, 2 bytes invitation number, 16 bytes
of an HMAC-SHA256 over both, the approver's address, the expiry and what is asked. Base32 because mail
systems change the case of what they carry; 128 bits because nobody guesses those. docs/wire-format.md
has test vectors.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass

from flexmaild.core.model import Invitation, Request, Terms

PREFIX = "FM1-"
BODY_LENGTH = 45
_REQUEST_BYTES = 10
_TAG_BYTES = 16
_ID_PREFIX = "ap-"
# 10 bytes are exactly 16 letters of base32, so that the beginning of a reference names its request.
ID_LETTERS = 16


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference taken apart; genuine only if `is_genuine` says so for the request it names."""

    request_id: str
    invitation: int
    tag: bytes


def request_id(random: bytes) -> str:
    """The public id of a request, from 10 random bytes: "ap-" and 16 lower-case base32 characters."""
    if len(random) != _REQUEST_BYTES:
        raise ValueError(f"a request id is made of {_REQUEST_BYTES} bytes")
    return _ID_PREFIX + base64.b32encode(random).decode().lower()


def named_id(text: str) -> str:
    """The id of the request that a reference with these first letters names; empty where they are too few."""
    letters = text.lower()[:ID_LETTERS]
    return f"{_ID_PREFIX}{letters}" if len(letters) == ID_LETTERS else ""


def issue(key: bytes, request: Request, invitation: Invitation) -> str:
    """The reference that goes into the mails to this invitation's approver."""
    body = _request_bytes(request.id) + invitation.number.to_bytes(2, "big")
    tag = _tag(key, body, request.terms, invitation)
    return PREFIX + base64.b32encode(body + tag).decode().rstrip("=")


def parse(text: str) -> Reference | None:
    """Take a reference apart, in any letter case; None when it is none (cut short, altered alphabet)."""
    text = text.strip().upper()
    body = text[len(PREFIX) :]
    if not text.startswith(PREFIX) or len(body) != BODY_LENGTH:
        return None
    try:
        raw = base64.b32decode(body + "=" * (-BODY_LENGTH % 8))
    except (binascii.Error, ValueError):
        return None
    if base64.b32encode(raw).decode().rstrip("=") != body:
        return None  # the spare bit of the last character must be 0: one reference, one spelling
    request, number = raw[:_REQUEST_BYTES], raw[_REQUEST_BYTES : _REQUEST_BYTES + 2]
    return Reference(request_id(request), int.from_bytes(number, "big"), raw[_REQUEST_BYTES + 2 :])


def is_genuine(key: bytes, reference: Reference, request: Request) -> Invitation | None:
    """The invitation this reference was issued for, None when we never issued it."""
    if reference.request_id != request.id or reference.invitation >= len(request.invitations):
        return None
    invitation = request.invitations[reference.invitation]
    body = _request_bytes(request.id) + invitation.number.to_bytes(2, "big")
    expected = _tag(key, body, request.terms, invitation)
    return invitation if hmac.compare_digest(expected, reference.tag) else None


def _request_bytes(identifier: str) -> bytes:
    return base64.b32decode(identifier.removeprefix(_ID_PREFIX).upper())


def _tag(key: bytes, body: bytes, terms: Terms, invitation: Invitation) -> bytes:
    expiry = int(terms.expires_at.timestamp() * 1000).to_bytes(8, "big")
    parts = (b"FM1", body, invitation.approver.address.encode(), expiry, _asked(terms))
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.new(key, message, hashlib.sha256).digest()[:_TAG_BYTES]


def _asked(terms: Terms) -> bytes:
    """SHA-256 of what is asked, so that a reference cannot serve for another question."""
    asked = [terms.title, terms.text, terms.html, terms.template, dict(terms.variables), dict(terms.metadata)]
    asked.append([a.sha256 for a in terms.attachments])
    return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=True).encode()).digest()
