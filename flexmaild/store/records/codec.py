"""Converts core's classes to rows and back.

Used by the modules of this package that read and write tables. A tree (a request, a payload) is one JSON
text made by pydantic; what queries need is a column. Times in columns have milliseconds.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json, to_jsonable_python
from sqlalchemy import Row

from flexmaild.core.addresses import MAX_ADDRESS
from flexmaild.core.errors import NotAllowed
from flexmaild.core.identity import Identity
from flexmaild.core.model import Json, MailFacts, Outcome, Request, Verdict
from flexmaild.core.ports import MessageUid
from flexmaild.core.reasons import ReplyReason
from flexmaild.core.references import bare
from flexmaild.core.timing import next_due
from flexmaild.core.work import AuditEntry, Idempotent, Job, JobState, ProcessedMail, Queue, Reply
from flexmaild.store.errors import StoreError
from flexmaild.store.records.rows import Rows
from flexmaild.store.records.tables import idempotency, jobs, processed, replies, requests, storable

REQUEST = TypeAdapter(Request)
# The keys that the facts of a verdict's mail have in a stored request.
_FACTS = {"by": "sender", "sha256": "sha256", "message_id": "message_id"}

HELD = "held"
# A Message-ID has no limit of its own but the line's.
_LONGEST_ID = 250

# Levels of JSON. pydantic writes 255 and reads 200; a request leaves room for the event made of it later,
# so that what was accepted can always be decided.
_DEEPEST_REQUEST = 100
_DEEPEST_PAYLOAD = 150


def json_text(value: Any) -> str:
    """Any tree of dataclasses, mappings and plain values as JSON. Text that UTF-8 cannot say (lone surrogates
    out of a mail) is replaced, and costs a second pass only when it is there."""
    try:
        return to_json(value).decode()
    except (PydanticSerializationError, UnicodeEncodeError):
        pass
    try:
        return to_json(_scrubbed(value)).decode()
    except (PydanticSerializationError, RecursionError):
        raise NotAllowed("body", "it holds something that cannot be written as JSON, or too deeply") from None


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if is_dataclass(value):
        return {field.name: _scrubbed(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {storable(key): _scrubbed(item) for key, item in value.items()}
    return [_scrubbed(item) for item in value] if isinstance(value, list | tuple) else value


def _refuse_deep(text: str, most: int) -> None:
    """Raises NotAllowed for JSON that is nested deeper than `most` levels."""
    if text.count("{") + text.count("[") <= most:
        return
    try:
        level, depth = [from_json(text)], 0
    except ValueError:
        level, depth = [], most + 1
    while level and depth <= most:
        depth += 1
        inner = (item.values() if isinstance(item, dict) else item for item in level)
        level = [child for items in inner for child in items if isinstance(child, dict | list)]
    if depth > most:
        raise NotAllowed("body", f"it is nested more than {most} levels deep")


def canonical(value: Json) -> str:
    """JSON with one spelling per value: keys sorted, no blanks, ASCII only (the audit chain hashes it)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=to_jsonable_python)


def request_row(request: Request) -> dict[str, Any]:
    """The row of the request's next version. Raises NotAllowed for a new one that is nested too deeply."""
    version = request.version + 1
    body = json_text(_flat(request) | {"version": version, "verdicts": [*map(_flat, request.verdicts)]})
    if version == 1:
        _refuse_deep(body, _DEEPEST_REQUEST)
    return {
        "id": request.id,
        "version": version,
        "state": request.state.value,
        "created_at": request.created_at,
        "decided_at": request.decided_at,
        "due_at": next_due(request),
        "body": body,
        "purged": sum(part.bit for part in request.purged),
    }


def _request_of(row: Row[*tuple[Any, ...]]) -> Request:
    try:
        request = REQUEST.validate_python(_nested(row.body))
    except ValueError as error:
        found = error.errors(include_input=False)[:3] if isinstance(error, ValidationError) else []
        places = [".".join(map(str, item["loc"])) for item in found]
        raise StoreError(
            f"request {row.id}: the stored request cannot be read (at {', '.join(places)}).",
            "it was written by another version of flexmaild, or changed by hand; restore a backup.",
        ) from None
    if request.id != row.id:
        raise StoreError(f"request {row.id}: the stored request cannot be read (at id).")
    return request


def _flat(value: Request | Verdict) -> dict[str, Any]:
    """The fields as a mapping; the facts of a verdict's mail are among the others."""
    found = {field.name: getattr(value, field.name) for field in fields(value)}
    mail = found.pop("mail", None)
    return found if mail is None else found | {key: getattr(mail, name) for key, name in _FACTS.items()}


def _nested(body: str) -> Any:
    """The inverse of `_flat`; does not check that it is a request."""
    request = from_json(body)
    if not isinstance(request, dict):
        return request
    for verdict in request.get("verdicts") or ():
        if isinstance(verdict, dict):
            mail = {name: verdict.pop(key, None) for key, name in _FACTS.items()}
            if isinstance(identifier := mail["message_id"], str):
                mail["message_id"] = bare(identifier)
            verdict["mail"] = mail
    return request


def job_row(job: Job) -> dict[str, Any]:
    """Raises NotAllowed for a payload that is nested too deeply."""
    payload = json_text(job.payload)
    _refuse_deep(payload, _DEEPEST_PAYLOAD)
    return {
        "id": job.id,
        "queue": job.queue.value,
        "target": job.target,
        "kind": job.kind,
        "key": job.key,
        "payload": payload,
        "created_at": job.created_at,
        "due_at": job.due_at,
        "state": job.state.value,
        "attempt": job.attempt,
        "approval_id": job.approval_id or None,
        "invitation": job.invitation,
        "recipients": json_text(job.recipients),
        "message_id": job.message_id or None,
        "uncertain": job.uncertain,
        "last_reason": job.last_reason,
        "last_error": job.last_error,
        "receipt": job.receipt,
        "done_at": job.done_at,
    }


def _job_of(row: Row[*tuple[Any, ...]]) -> Job:
    return Job(
        id=row.id,
        queue=Queue(row.queue),
        target=row.target,
        kind=row.kind,
        key=row.key,
        payload=_mapping(from_json(row.payload)),
        created_at=row.created_at,
        due_at=row.due_at,
        state=JobState(row.state),
        attempt=row.attempt,
        approval_id=row.approval_id or "",
        invitation=row.invitation,
        recipients=tuple(from_json(row.recipients)),
        message_id=row.message_id or "",
        uncertain=row.uncertain,
        last_reason=row.last_reason,
        last_error=row.last_error,
        receipt=row.receipt,
        done_at=row.done_at,
        running=row.lease_owner is not None,
        claim=row.claim,
    )


def _mapping(value: Any) -> Any:
    if not isinstance(value, dict):
        raise TypeError("no JSON object")
    return value


def processed_row(read: ProcessedMail) -> dict[str, Any]:
    return {
        "mailbox": read.uid.mailbox,
        "validity": read.uid.validity,
        "uid": read.uid.uid,
        "sha256": read.mail.sha256,
        "size": read.found.size,
        "outcome": read.outcome.value,
        "because": read.because,
        "at": read.at,
        "message_id": read.mail.message_id,
        "sender": read.mail.sender,
        "subject": read.subject,
        "approval_id": read.approval_id or None,
        "invitation": read.invitation,
        "fingerprint": read.fingerprint or None,
        "quarantine": HELD if read.quarantined else None,
        "unknown_lines": json_text(list(read.unknown_lines)) if read.unknown_lines else None,
        "arrived": read.found.arrived or None,
        "name": read.found.name or None,
    }


def identity_of(row: Row[*tuple[Any, ...]]) -> Identity:
    """What identifies the mail of a row; rows of older versions have no time of arrival."""
    return Identity(row.size, row.arrived or "", bare(row.name or row.message_id))


def processed_of(row: Row[*tuple[Any, ...]]) -> ProcessedMail:
    """The outcome without the raw bytes, which `Store.raw` gives."""
    return ProcessedMail(
        uid=MessageUid(row.mailbox, row.validity, row.uid),
        mail=_facts_of(row),
        found=Identity(row.size, row.arrived or "", bare(row.name or "")),
        outcome=Outcome(row.outcome),
        because=row.because,
        at=row.at,
        subject=row.subject,
        approval_id=row.approval_id or "",
        invitation=row.invitation,
        fingerprint=row.fingerprint or "",
        quarantined=row.quarantine == HELD,
        unknown_lines=tuple(json.loads(row.unknown_lines or "[]")),
    )


def _facts_of(row: Row[*tuple[Any, ...]]) -> MailFacts:
    """Versions before kept a Message-ID as its sender had written it, with angle brackets."""
    return MailFacts(row.sender, row.sha256, bare(row.message_id))


def reply_row(reply: Reply, number: int) -> dict[str, Any]:
    return {
        "approval_id": reply.approval_id,
        "number": number,
        "at": reply.at,
        "outcome": reply.outcome.value,
        "reason": reply.reason.value,
        "sender": reply.mail.sender[:MAX_ADDRESS],
        "via": reply.via[:MAX_ADDRESS],
        "sha256": reply.mail.sha256,
        "message_id": reply.mail.message_id[:_LONGEST_ID],
    }


def _reply_of(row: Row[*tuple[Any, ...]]) -> Reply:
    return Reply(
        approval_id=row.approval_id,
        at=row.at,
        outcome=Outcome(row.outcome),
        reason=ReplyReason(row.reason),
        mail=_facts_of(row),
        via=row.via,
        number=row.number,
    )


def audit_of(row: Row[*tuple[Any, ...]]) -> AuditEntry:
    """The entry; without its personal part, where that was purged."""
    parts = (json.loads(text) for text in (row.data, row.personal) if text)
    data = {key: value for part in parts if isinstance(part, dict) for key, value in part.items()}
    return AuditEntry(row.at, row.approval_id, row.event, cast(Json, data))


def idempotent_row(record: Idempotent) -> dict[str, Any]:
    return {
        "key": record.key,
        "body_sha256": record.body_sha256,
        "answer": json_text(record.answer),
        "at": record.at,
    }


def _idempotent_of(row: Row[*tuple[Any, ...]]) -> Idempotent:
    return Idempotent(row.key, row.body_sha256, _mapping(from_json(row.answer)), row.at)


REQUESTS = Rows(requests, _request_of, "id")
JOBS = Rows(jobs, _job_of, "id")
PROCESSED = Rows(processed, processed_of, "seq")
REPLIES = Rows(replies, _reply_of, "approval_id", "number")
IDEMPOTENCY = Rows(idempotency, _idempotent_of, "key", is_personal=True)
