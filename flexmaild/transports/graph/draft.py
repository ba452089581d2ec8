"""A finished mail converted for Graph: MIME with the envelope's recipients in it, or Graph's JSON.

JSON is needed where MIME is not accepted (mails over 4 MB, or no copy in Sent Items); it has one body only,
from which Exchange makes the text alternative. Reads our own mails only; no I/O.
"""

import email.policy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from flexmaild.core.ports import Envelope

_RECIPIENTS = ("To", "Cc", "Bcc")
# MS-OXPROPS: PidTagInReplyToId, PidTagInternetReferences; other fields are named properties of the set
# PS_INTERNET_HEADERS. Graph's own internetMessageHeaders takes five names that begin with "x-".
_PROPERTIES = {"In-Reply-To": "String 0x1042", "References": "String 0x1039"}
_NAMED = ("Auto-Submitted", "Precedence")
_HEADER_SET = "String {00020386-0000-0000-C000-000000000046} Name "
_X_FIELDS = 5


@dataclass(frozen=True, slots=True)
class Attachment:
    """File name, media type, bytes; `content_id` for one that the HTML displays."""

    name: str
    kind: str
    data: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """Graph's message resource, and its attachments."""

    message: Mapping[str, Any]
    attachments: tuple[Attachment, ...]


def addressed(envelope: Envelope) -> bytes:
    """The mail with exactly the envelope's recipients in its header: Graph knows no other envelope.

    A recipient who is not in the header gets a Bcc, which Exchange removes; one who has the mail is removed.
    """
    mail = _parsed(envelope.data)
    wanted = {r.casefold(): r for r in envelope.recipients}
    named = {a.addr_spec.casefold() for field in _RECIPIENTS for a in _addresses(mail, field)}
    if named == set(wanted):
        return envelope.data
    for field in _RECIPIENTS:
        kept = [a for a in _addresses(mail, field) if a.addr_spec.casefold() in wanted]
        del mail[field]
        if kept:
            mail[field] = kept
    hidden = [Address(addr_spec=r) for key, r in wanted.items() if key not in named]
    if hidden:
        hidden += _addresses(mail, "Bcc")
        del mail["Bcc"]
        mail["Bcc"] = hidden
    return mail.as_bytes(policy=email.policy.SMTP)


def as_draft(data: bytes) -> Draft:
    """The mail as Graph's JSON: HTML if it has any, else text."""
    mail = _parsed(data)
    body = mail.get_body(("html", "plain"))
    kind = "html" if body is not None and body.get_content_type() == "text/html" else "text"
    message: dict[str, Any] = {
        "subject": str(mail.get("Subject", "")),
        "body": {"contentType": kind, "content": "" if body is None else body.get_content()},
        "internetMessageId": str(mail.get("Message-ID", "")).strip(),
    }
    for field, name in (("To", "to"), ("Cc", "cc"), ("Bcc", "bcc")):
        message[f"{name}Recipients"] = [_recipient(a) for a in _addresses(mail, field)]
    message["replyTo"] = [_recipient(a) for a in _addresses(mail, "Reply-To")]
    message |= {
        name.lower(): _recipient(a) for name in ("From", "Sender") for a in _addresses(mail, name)[:1]
    }
    properties = list(_properties(mail))
    if properties:
        message["singleValueExtendedProperties"] = properties
    custom = [{"name": k, "value": str(v)} for k, v in mail.items() if k.casefold().startswith("x-")][
        :_X_FIELDS
    ]
    if custom:
        message["internetMessageHeaders"] = custom
    return Draft(message, tuple(_attachments(mail, body)))


def _parsed(data: bytes) -> EmailMessage:
    return BytesParser(policy=email.policy.SMTP).parsebytes(data)


def _addresses(mail: EmailMessage, field: str) -> list[Address]:
    return [a for value in mail.get_all(field, []) for a in value.addresses]


def _recipient(address: Address) -> dict[str, Any]:
    return {"emailAddress": {"address": address.addr_spec, "name": address.display_name or address.addr_spec}}


def _properties(mail: EmailMessage) -> Iterable[dict[str, str]]:
    for name, tag in _PROPERTIES.items():
        if mail[name]:
            yield {"id": tag, "value": " ".join(str(mail[name]).split())}
    for name in _NAMED:
        if mail[name]:
            yield {"id": _HEADER_SET + name, "value": str(mail[name])}


def _attachments(mail: EmailMessage, body: object) -> Iterable[Attachment]:
    alternatives = {
        id(part) for part in mail.walk() if part.get_content_type() in ("text/plain", "text/html")
    }
    for number, part in enumerate(mail.walk()):
        if part.is_multipart() or part is body:
            continue
        if id(part) in alternatives and part.get_content_disposition() is None and not part.get_filename():
            continue
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        name = part.get_filename() or f"part-{number}"
        yield Attachment(name, part.get_content_type(), data, str(part.get("Content-ID", "")).strip("<> "))
