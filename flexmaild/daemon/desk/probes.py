"""Commands that try the servers now, past every queue: test-email, test-incoming, doctor.

They run in the caller's thread with connections of their own, so that a worker that hangs cannot hide
behind them, nor they behind it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from flexmaild.control import bodies
from flexmaild.control.call import Answer, Call
from flexmaild.control.problems import Problem
from flexmaild.core.addresses import normal
from flexmaild.core.errors import NotAllowed
from flexmaild.core.model import Approver, MailKind
from flexmaild.core.ports import Envelope
from flexmaild.core.steps import Step
from flexmaild.core.work import KeptHeader, MailOrder
from flexmaild.daemon import results_seen
from flexmaild.daemon.desk import arrivals
from flexmaild.daemon.parts import Parts
from flexmaild.mail.compose.write import compose
from flexmaild.net.oauth_probe import examine_application
from flexmaild.transports import build_inbox, build_outbox, examine_incoming, examine_outgoing

if TYPE_CHECKING:
    from flexmaild.daemon.desk import Desk


def try_outgoing(desk: Desk, call: Call) -> Answer:
    """Send a test mail; a Failure becomes 502 with the failing step."""
    body = cast(bodies.TestEmail, call.body)
    try:
        to = normal(body.to)
    except ValueError as fault:
        raise NotAllowed("to", str(fault)) from None
    parts, began = desk.house.parts, time.monotonic()
    parts.hurry()
    identifier = f"test-{time.time_ns()}@{parts.terms.domain}"
    data = compose(
        MailOrder(MailKind.TEST, Approver(to)),
        None,
        "",
        parts.stationery,
        date=datetime.now(UTC),
        message_id=identifier,
    )
    outbox = build_outbox(parts.settings.outgoing, parts.tools)
    try:
        receipt = outbox.send(Envelope(identifier, parts.stationery.from_address, (to,), data))
    finally:
        outbox.close()
    shown = {
        "to": to,
        "answer": receipt.answer,
        "tls": receipt.tls,
        "seconds": round(time.monotonic() - began, 3),
        "server": _server(parts.settings.outgoing),
        "message_id": identifier,
    }
    return Answer(200, shown)


def try_incoming(desk: Desk, call: Call) -> Answer:
    """Log in, open the folder, count; nothing is read or deleted."""
    parts, began = desk.house.parts, time.monotonic()
    parts.hurry()
    incoming = parts.settings.incoming
    if not incoming.enabled:
        cure = "Set incoming.enabled: true and reload."
        raise Problem(409, "Nothing to test", "reading replies is switched off", kind="off", cure=cure)
    inbox = build_inbox(incoming, parts.tools)
    try:
        folder = inbox.open()
    finally:
        inbox.close()
    shown = {
        "folder": incoming.reply_folder,
        "messages": folder.messages,
        "can_delete": folder.can_delete,
        "seconds": round(time.monotonic() - began, 3),
        "server": _server(incoming),
        "detail": folder.detail,
    }
    return Answer(200, shown)


def doctor(desk: Desk, call: Call) -> Answer:
    """Every step of both ways, with what was tried, what the server said, and the cure."""
    found = _steps(desk.house.parts)
    incoming = desk.house.parts.settings.incoming
    shown: dict[str, Any] = {}
    if incoming.enabled:
        looked = results_seen.look(last_headers(desk, call), desk.house.parts.rules, "that were read")
        found += looked.steps
        shown = {"mails": looked.mails, "proposals": looked.proposals}
        raw = desk.ask("doctor.arrived", call).body
        came = raw if isinstance(raw, bytes) else b""
        found.append(arrivals.last_step(came, plus_address=incoming.plus_address))
    steps = [document(step) for step in found]
    return Answer(200, {"healthy": all(s["result"] != "failed" for s in steps), "steps": steps, **shown})


def last_headers(desk: Desk, call: Call) -> list[KeptHeader]:
    """Of the last mails that were read, the newest first; our own are not among them."""
    return cast(list[KeptHeader], desk.ask("doctor.headers", call).body)


def _steps(parts: Parts) -> list[Step]:
    settings, steps = parts.settings, list[Step]()
    parts.hurry()
    if parts.tokens is not None:
        for name in settings.oauth_applications:
            steps += examine_application(parts.tokens, name)
    steps += examine_outgoing(settings.outgoing, parts.tools)
    if settings.incoming.enabled:
        steps += examine_incoming(settings.incoming, parts.tools)
    return steps


def document(step: Step) -> dict[str, Any]:
    result = "failed" if not step.ok else "warning" if step.cure else "ok"
    return {
        "name": step.name,
        "result": result,
        "tried": step.tried,
        "answer": step.answer,
        "cure": step.cure,
        "seconds": round(step.seconds, 3),
    }


def _server(section: Any) -> str:
    return f"{section.host}:{section.port}" if section.transport in ("smtp", "imap") else section.transport
