"""Commands about approval requests: request, list, show, wait, cancel, remind, resend."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from flexmaild.control import bodies
from flexmaild.control.call import Answer, Call
from flexmaild.control.problems import Fault, Problem, invalid
from flexmaild.core import approver_notes, engine, opening, quorum, tokens
from flexmaild.core.addresses import normal
from flexmaild.core.errors import NotAllowed
from flexmaild.core.events import Cancelled, Event, ReminderAsked, ResendAsked
from flexmaild.core.masking import masked
from flexmaild.core.model import Approver, Attachment, Invitation, MailKind, Request, State, Verdict
from flexmaild.core.reasons import sentence
from flexmaild.core.timing import iso
from flexmaild.core.work import Blob, Idempotent, Job, MailOrder, Queue, Reply
from flexmaild.daemon import judge
from flexmaild.daemon.house import House
from flexmaild.mail.compose.template_checks import check_request
from flexmaild.mail.compose.write import compose

if TYPE_CHECKING:
    from flexmaild.daemon.desk import Desk


def request(house: House, call: Call) -> Answer:
    """Open a request: durable before the answer; the same key and body never mails twice."""
    body = cast(bodies.ApprovalRequest, call.body)
    if (earlier := repeated(house, call)) is not None:
        return earlier
    now = house.now()
    _refuse_too_many(house)
    blobs, attachments = stored_files(body.attachments)
    terms = opening.terms_of(body.ask(attachments), house.parts.policy, now)
    invited = opening.invited(terms, house.parts.policy, now)
    fresh = Request(tokens.request_id(secrets.token_bytes(10)), terms, now)
    draft = judge.Draft(house.parts.terms, now)
    draft.apply(engine.open_request(fresh, invited, now, call.peer.user))
    opened = draft.requests[fresh.id]
    _try_to_compose(house, opened, invited[0], now)
    shown = document(opened, now) | {"warnings": _warnings(house, opened, invited)}
    change = replace(draft.change(), blobs=blobs, idempotent=idempotent(call, 201, shown, now))
    house.ledger.commit(change)
    return Answer(201, shown, {"Location": f"/v1/approvals/{fresh.id}"})


def _warnings(house: House, opened: Request, invited: Sequence[Approver]) -> list[dict[str, str]]:
    """Why somebody may not be able to answer, by settings and past mails. Nobody is asked."""
    policy = house.parts.policy
    asked = (*invited, *opened.terms.escalate_to)
    found = approver_notes.warnings(
        asked,
        house.store.approvers(approver.address for approver in asked),
        opened.terms.require,
        reads_logins=policy.reads_logins,
        own_domains=policy.own_domains,
    )
    return [{"code": w.code, "approver": w.approver, "detail": w.detail} for w in found]


def listed(house: House, call: Call) -> Answer:
    state = State(call.query["state"]) if call.query.get("state") else None
    limit = int(call.query["limit"])
    found = house.store.list_requests(state, limit, call.query.get("after") or None)
    following = found[-1].id if len(found) == limit else ""
    now, last = house.now(), house.store.newest_replies(r.id for r in found)
    items = [document(r, now) | _last_reply(last.get(r.id)) for r in found]
    return Answer(200, {"items": items, "next": following})


def show(house: House, call: Call) -> Answer:
    found = _found(house, call)
    shown = document(found, house.now())
    trail = house.store.audit_trail(found.id)
    shown["history"] = [{"at": iso(e.at), "event": e.event, "data": dict(e.data)} for e in trail]
    sent = house.store.list_jobs(Queue.OUTBOX, approval_id=found.id)
    shown["mails"] = [_mail(job) | {"message_id": message_id_for(call, job)} for job in sent]
    replies = house.store.replies(found.id)
    shown["replies"] = [_reply(reply) for reply in replies]
    return Answer(200, shown | _last_reply(replies[-1] if replies else None))


def reply(house: House, call: Call) -> Answer:
    """The raw bytes of a mail about this request; the others are none of its business."""
    found, digest = _found(house, call), call.path["sha256"].lower()
    about = {mail.sha256 for mail in house.store.outcomes(found.id)}
    if digest not in about | {named.sha256 for named in house.store.replies(found.id)}:
        raise Problem(404, "No such reply", f"{found.id} has no reply {digest!r}", kind="unknown")
    return kept(house, digest)


def kept(house: House, digest: str) -> Answer:
    """A mail's bytes by their SHA-256. Raises Problem 410 when they are kept no longer."""
    raw = house.store.raw(digest)
    if raw is None:
        detail = "its bytes were not kept (too large to be read), or are kept no longer (incoming.keep_raw)"
        raise Problem(410, "The bytes are gone", detail, kind="gone")
    return Answer(200, raw)


def wait(desk: Desk, call: Call) -> Answer:
    """The request once it is decided, or as it stands when the time is over."""
    identifier = call.path["id"]
    until = time.monotonic() + float(call.query["timeout"])
    with desk.house.waiters.watching(identifier) as event:
        while True:
            answer = desk.ask("approval.show", call)
            left = until - time.monotonic()
            body = cast(dict[str, Any], answer.body)
            if body["state"] != State.PENDING or left <= 0:
                return answer
            event.clear()
            call.wait(event, left)


def cancel(house: House, call: Call) -> Answer:
    body = cast(bodies.Cancel | None, call.body)
    reason = (body.reason if body else None) or ""
    return _happen(house, call, Cancelled(call.peer.user, reason))


def remind(house: House, call: Call) -> Answer:
    return _happen(house, call, ReminderAsked(call.peer.user))


def resend(house: House, call: Call) -> Answer:
    body = cast(bodies.Resend, call.body)
    try:
        approver = normal(body.approver)
    except ValueError as fault:
        raise NotAllowed("approver", str(fault)) from None
    found = _found(house, call)
    if not any(i.approver.address == approver and not i.withdrawn for i in found.invitations):
        raise NotAllowed("approver", f"{approver} was not asked by {found.id}")
    return _happen(house, call, ResendAsked(approver, call.peer.user))


def _happen(house: House, call: Call, event: Event) -> Answer:
    if (earlier := repeated(house, call)) is not None:
        return earlier
    found, now = _found(house, call), house.now()
    if found.state is not State.PENDING:
        detail = f"{found.id} is {found.state.value} since {iso(found.decided_at)}"
        raise Problem(409, "The request is closed", detail, kind="closed", extra={"state": found.state.value})

    def draft() -> judge.Draft | None:
        return judge.happen(house.store, house.parts.terms, found.id, event, now)

    done = house.commit_draft(
        draft, lambda d: idempotent(call, 200, document(d.requests[found.id], now), now)
    )
    return Answer(200, document(done.requests[found.id] if done else found, now))


def _found(house: House, call: Call) -> Request:
    found = house.store.request(call.path["id"])
    if found is None:
        raise Problem(
            404, "No such request", f"there is no approval request {call.path['id']!r}", kind="unknown"
        )
    return found


def _refuse_too_many(house: House) -> None:
    most = house.parts.settings.approvals.max_pending
    if house.store.counts().requests.get(State.PENDING, 0) >= most:
        detail = f"{most} requests are open already (approvals.max_pending)"
        raise Problem(
            503, "Too many open requests", detail, kind="too-many", cure="Cancel some, or raise it."
        )


def _try_to_compose(house: House, opened: Request, first: Approver, now: datetime) -> None:
    """Find out now that a template breaks, while the caller can still be told. Raises NotAllowed."""
    check_request(opened, house.parts.stationery, now)
    reference = tokens.issue(house.parts.terms.key, opened, opened.invitations[0])
    order = MailOrder(MailKind.APPROVAL_REQUEST, first, opened.id, 0, language=first.language)
    compose(order, opened, reference, house.parts.stationery, date=now)


def stored_files(files: list[bodies.File]) -> tuple[tuple[Blob, ...], tuple[Attachment, ...]]:
    """The files' bytes to be kept, and what the request remembers of them."""
    blobs = tuple(Blob(hashlib.sha256(f.content).hexdigest(), f.content) for f in files)
    described = zip(files, blobs, strict=True)
    return blobs, tuple(Attachment(f.filename, f.media_type, b.sha256, len(b.data)) for f, b in described)


def repeated(house: House, call: Call) -> Answer | None:
    """The answer given before to this Idempotency-Key. Raises 422 when it came with another body."""
    if not call.idempotency_key:
        return None
    earlier = house.store.idempotent(_own_key(call))
    if earlier is None:
        return None
    if earlier.body_sha256 != call.fingerprint:
        detail = "this Idempotency-Key was used before with another request"
        raise invalid([Fault("Idempotency-Key", detail, "use a new key for each new request")])
    headers = {"Idempotent-Replayed": "true"}
    return Answer(int(earlier.answer["status"]), dict(earlier.answer["body"]), headers)


def _own_key(call: Call) -> str:
    """Keys belong to the caller who chose them: nobody gets another user's answer."""
    return f"{call.peer.uid}/{call.idempotency_key}"


def idempotent(call: Call, status: int, body: dict[str, Any], now: datetime) -> Idempotent | None:
    if not call.idempotency_key:
        return None
    return Idempotent(_own_key(call), call.fingerprint, {"status": status, "body": body}, now)


def document(found: Request, now: datetime) -> dict[str, Any]:
    """A request as JSON for callers; what `control.answers.Approval` describes."""
    terms = found.terms
    done, needed = quorum.progress(found)
    return {
        "id": found.id,
        "state": found.state.value,
        "title": terms.title,
        "created_at": iso(found.created_at),
        "expires_at": iso(terms.expires_at),
        "settle_for": terms.settle_for.total_seconds(),
        "settles_at": iso(found.settles_at),
        "quorum": terms.quorum,
        "progress": {"approvals": done, "needed": needed},
        "quorum_reachable": found.state is not State.PENDING or quorum.can_still_be_met(found),
        "unreachable": list(quorum.unreachable(found)),
        "require": terms.require,
        "requester": terms.requester,
        "approvers": [_approver(i, now) for i in found.invitations],
        "verdicts": [_verdict(v) for v in found.verdicts],
        "decided_at": iso(found.decided_at),
        "decided_by": list(found.decided_by),
        "decided_because": found.decided_because,
        "metadata": dict(terms.metadata),
        "sinks": list(terms.sinks),
    }


def _approver(invitation: Invitation, now: datetime) -> dict[str, Any]:
    approver, silent_until = invitation.approver, invitation.silent_until
    return {
        "address": approver.address,
        "name": approver.name,
        "group": approver.group,
        "on_behalf_of": approver.on_behalf_of,
        "escalation": approver.escalation,
        "invited_at": iso(invitation.issued_at),
        "withdrawn": invitation.withdrawn,
        "bounced": invitation.bounced,
        "explanations_used_up_until": iso(silent_until) if silent_until and silent_until > now else None,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "approver": verdict.approver,
        "by": verdict.by,
        "answer": verdict.answer.value,
        "comment": verdict.comment,
        "at": iso(verdict.at),
        "proof": verdict.proof,
        "sha256": verdict.sha256,
        "message_id": verdict.message_id,
        "group": verdict.group,
        "escalation": verdict.escalation,
        "replaced": verdict.replaced,
    }


def _mail(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "to": list(job.recipients),
        "state": job.state.value,
        "sent_at": iso(job.done_at),
        "last_error": job.last_error,
    }


def _last_reply(last: Reply | None) -> dict[str, Any]:
    """How many there were, and the newest of them."""
    return {
        "replies_total": last.number if last else 0,
        "last_reply": _reply(last) if last else None,
    }


def _reply(reply: Reply) -> dict[str, Any]:
    """No word of the mail; its Message-ID is whatever the sender wrote, so a reference in it is hidden."""
    return {
        "at": iso(reply.at),
        "from": reply.sender,
        "via": reply.via,
        "outcome": reply.outcome.value,
        "reason": reply.reason.value,
        "because": sentence(reply.reason),
        "sha256": reply.sha256,
        "message_id": masked(reply.message_id),
    }


def message_id_for(call: Call, job: Job) -> str:
    """A mail's Message-ID; of the reference in it only admins see more than its beginning, for with the
    whole of it others could answer in an approver's name."""
    return job.message_id if call.role == "admin" else masked(job.message_id)
