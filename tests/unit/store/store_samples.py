"""Values for the tests of the store, and a way to run one of them in a process of its own."""

import hashlib
import os
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flexmaild.core.identity import Identity
from flexmaild.core.model import Approver, Invitation, MailFacts, Outcome, Request, Terms
from flexmaild.core.ports import MessageUid
from flexmaild.core.work import AuditEntry, Blob, Change, Idempotent, Job, KeptMail, ProcessedMail, Queue
from flexmaild.store import Store

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CHILD = Path(__file__).with_name("store_child.py")


def request(id_: str = "R1", **changes: Any) -> Request:
    approver = Approver("ada@example.org")
    terms = Terms("Deploy shop 1.4", "To production?", (approver,), NOW + timedelta(days=7))
    values: dict[str, Any] = {"invitations": (Invitation(0, approver, NOW),), **changes}
    return Request(id_, values.pop("terms", terms), values.pop("created_at", NOW), **values)


def job(id_: str = "j1", **changes: Any) -> Job:
    values: dict[str, Any] = {
        "queue": Queue.OUTBOX,
        "target": "outgoing",
        "kind": "approval_request",
        "key": f"key-{id_}",
        "payload": {"order": {"kind": "approval_request"}},
        "created_at": NOW,
        "due_at": NOW,
        "recipients": ("ada@example.org",),
        **changes,
    }
    return Job(id_, **values)


def mail(number: str = "1", **changes: Any) -> ProcessedMail:
    raw = changes.pop("raw", f"Subject: mail {number}\r\n\r\nApprove\r\n".encode())
    facts = {"sha256": hashlib.sha256(raw or b"").hexdigest()} | taken(changes, MailFacts)
    found = {"size": len(raw or b""), "arrived": "then"} | taken(changes, Identity)
    values: dict[str, Any] = {
        "uid": MessageUid("imap/INBOX", "77", number),
        "mail": MailFacts(**facts),
        "found": Identity(**found),
        "outcome": Outcome.DECISION,
        "because": "approved",
        "at": NOW,
        **changes,
    }
    return ProcessedMail(raw=raw, **values)


def taken(changes: dict[str, Any], record: type) -> dict[str, Any]:
    """Of these the fields of `record`, which are taken out."""
    return {field.name: changes.pop(field.name) for field in fields(record) if field.name in changes}


def entry(approval_id: str = "R1", event: str = "verdict", **data: Any) -> AuditEntry:
    return AuditEntry(NOW, approval_id, event, data)


def full_change(id_: str, raw: bytes | None = None) -> Change:
    """One of everything, recognisable by `id_`."""
    blob = f"log of {id_}".encode()
    return Change(
        requests=(request(id_),),
        jobs=(job(f"j-{id_}", approval_id=id_), job(f"k-{id_}", approval_id=id_)),
        processed=(mail(id_, approval_id=id_, raw=raw or f"Subject: {id_}\r\n\r\n".encode()),),
        audit=(entry(id_, "asked"), entry(id_, "answered")),
        blobs=(Blob(hashlib.sha256(blob).hexdigest(), blob),),
        kept=(KeptMail(f"j-{id_}", "0" * 64, b"deflated", ("quoted",)),),
        idempotent=Idempotent(f"idem-{id_}", "0" * 64, {"id": id_}, NOW),
    )


def holds_all_of(store: Store, id_: str) -> bool:
    """Whether all parts of `full_change(id_)` are there; fails when only some are."""
    parts = [
        store.request(id_) is not None,
        len(store.list_jobs(approval_id=id_)) == 2,
        len(store.outcomes(id_)) == 1,
        len(store.audit_trail(id_)) == 2,
        store.idempotent(f"idem-{id_}") is not None,
        store.blob(hashlib.sha256(f"log of {id_}".encode()).hexdigest()) is not None,
    ]
    assert len(set(parts)) == 1, f"{id_} is there in part: {parts}"
    return parts[0]


def child(*arguments: str | Path, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """`store_child.py` with these arguments; `before` is a command that runs it."""
    command = [*before, sys.executable, str(CHILD), *map(str, arguments)]
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1, env=path)
