"""Commands about approval requests: request, list, show, wait, cancel, remind, resend."""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import cast

from flexmaild.api import request_models, visibility
from flexmaild.api.call import Answer, CommandRequest, Run
from flexmaild.api.handlers.files import count_as_named, named_files
from flexmaild.api.handlers.once import once, refuse_repeated
from flexmaild.api.problems import Problem
from flexmaild.core import references
from flexmaild.core.access import Ownership
from flexmaild.core.addresses import normal
from flexmaild.core.approval import opening, state_machine
from flexmaild.core.approval.events import Cancelled, Event, ReminderAsked, ResendAsked
from flexmaild.core.documents import approvals as documents
from flexmaild.core.documents import approver_warnings, facts_of
from flexmaild.core.documents.approvals import (
    Approval,
    Approvals,
    OpenedApproval,
)
from flexmaild.core.documents.approver_warnings import ApproverWarning
from flexmaild.core.errors import NotAllowed
from flexmaild.core.model import MailKind, Request, State
from flexmaild.core.timing import iso
from flexmaild.core.work import MailOrder, Queue
from flexmaild.engine import decide
from flexmaild.engine.changes import Changes
from flexmaild.engine.components import Components
from flexmaild.engine.services import Services
from flexmaild.mail.compose.template_checks import check_request
from flexmaild.mail.compose.write import compose
from flexmaild.store import Transaction
from flexmaild.store.queries import Queries
from flexmaild.system.deadline import Deadline

# A wake-up may be lost: a waiting caller's request is read again after so many seconds.
LOOK_SECONDS = 30.0


def request(services: Services, call: CommandRequest) -> Answer:
    """Open a request: durable before the answer; the same key and body never mails twice."""
    refuse_repeated(services.store, call)
    body = cast(request_models.ApprovalRequest, call.body)
    components = services.components
    blobs, attachments = named_files(services, call, body.attachments)
    belonging = Ownership(call.viewer.name, tuple(body.visible_to))
    ask, random = body.ask(attachments, belonging), secrets.token_bytes(references.RANDOM_BYTES)
    identifier = references.request_id(components.context.keys.current, random)

    def opened(now: datetime) -> Changes:
        terms = opening.terms_of(ask, components.policy, now)
        invited = opening.invited(terms, components.policy, now)
        changes = Changes(components.context, now, blobs=blobs)
        changes.apply(
            state_machine.open_request(Request(identifier, terms, now), invited, now, call.peer.user)
        )
        return changes

    def decided(transaction: Transaction) -> tuple[Changes, OpenedApproval]:
        _refuse_too_many(transaction, belonging.owner, components.settings.approvals.max_pending)
        changes = opened(transaction.now)
        shown = facts_of(documents.approval(changes.requests[identifier], transaction.now))
        warnings = _warnings(transaction, components, changes.requests[identifier])
        return changes, OpenedApproval(**shown, warnings=warnings)

    now = services.store.now()
    _try_to_compose(components, opened(now).requests[identifier], now)
    answer = once(services, call, 201, decided)
    count_as_named(services, call, body.attachments)
    return replace(answer, headers={"Location": f"/v1/approvals/{identifier}"} | dict(answer.headers))


def _warnings(store: Queries, components: Components, opened: Request) -> list[ApproverWarning]:
    """Why an approver may not be able to answer, by settings and past mails alone."""
    policy = components.policy
    asked = (*(invitation.approver for invitation in opened.invitations), *opened.terms.escalate_to)
    return approver_warnings.warnings(
        asked,
        store.approvers(approver.address for approver in asked),
        opened.terms.require,
        reads_logins=policy.reads_logins,
        own_domains=policy.own_domains,
    )


def listed(services: Services, call: CommandRequest) -> Answer:
    state = State(call.query["state"]) if call.query.get("state") else None
    limit = int(call.query["limit"])
    found = services.store.list_requests(state, limit, call.query.get("after") or None)
    following = found[-1].id if len(found) == limit else ""
    now, last = services.store.now(), services.store.newest_replies(r.id for r in found)
    viewer = call.viewer
    items = [
        documents.listed(r, now, last.get(r.id)) if viewer.sees(r.terms.belonging) else documents.outline(r)
        for r in found
    ]
    return Answer(200, Approvals(items=items, next=following))


def show(services: Services, call: CommandRequest) -> Answer:
    store = services.store
    found = _found(store, call)
    if not call.viewer.sees(found.terms.belonging):
        return Answer(200, documents.outline(found))
    trail, sent = store.audit_trail(found.id), store.list_jobs(Queue.OUTBOX, approval_id=found.id)
    return Answer(200, documents.shown(found, store.now(), trail, sent, store.replies(found.id)))


def reply(services: Services, call: CommandRequest) -> Answer:
    """The raw bytes of a mail about this request, and of no other."""
    found, digest = _found(services.store, call), call.path["sha256"].lower()
    about = {read.mail.sha256 for read in services.store.outcomes(found.id)}
    if digest not in about | {named.mail.sha256 for named in services.store.replies(found.id)}:
        raise Problem(404, "No such reply", f"{found.id} has no reply {digest!r}", kind="unknown")
    return Answer(200, kept_bytes(services.store, digest))


def kept_bytes(store: Queries, digest: str) -> bytes:
    """A mail's bytes by their SHA-256. Raises Problem 410 when they were deleted."""
    raw = store.raw(digest)
    if raw is None:
        detail = "its bytes were not kept (too large to be read), or are kept no longer (incoming.keep_raw)"
        raise Problem(410, "The bytes are gone", detail, kind="gone")
    return raw


async def wait(services: Services, call: CommandRequest, run: Run) -> Answer:
    """The request once it is decided, or as it stands when the time is over."""
    deadline = Deadline.after(float(call.query["timeout"]))
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    with services.waiters.watching(call.path["id"], partial(loop.call_soon_threadsafe, changed.set)):
        while await run(_is_pending, services, call) and not deadline.is_over:
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), min(deadline.left, LOOK_SECONDS))
            changed.clear()
    return await run(show, services, call)


def _is_pending(services: Services, call: CommandRequest) -> bool:
    """Little to do, for many may wait."""
    return _found(services.store, call).state is State.PENDING


def cancel(services: Services, call: CommandRequest) -> Answer:
    body = cast(request_models.Cancel | None, call.body)
    reason = (body.reason if body else None) or ""
    return _happen(services, call, Cancelled(call.peer.user, reason))


def remind(services: Services, call: CommandRequest) -> Answer:
    return _happen(services, call, ReminderAsked(call.peer.user))


def resend(services: Services, call: CommandRequest) -> Answer:
    body = cast(request_models.Resend, call.body)
    try:
        approver = normal(body.approver)
    except ValueError as fault:
        raise NotAllowed("approver", str(fault)) from None
    found = _found(services.store, call)
    visibility.refuse_unless_owner(call.viewer, found)
    if not any(i.approver.address == approver and not i.withdrawn for i in found.invitations):
        raise NotAllowed("approver", f"{approver} was not asked by {found.id}")
    return _happen(services, call, ResendAsked(approver, call.peer.user))


def _happen(services: Services, call: CommandRequest, event: Event) -> Answer:
    refuse_repeated(services.store, call)

    def decided(transaction: Transaction) -> tuple[Changes, Approval]:
        found = _found(transaction, call)
        visibility.refuse_unless_owner(call.viewer, found)
        if found.state is not State.PENDING:
            raise _closed(found)
        changes = decide.event(transaction, services.context, found.id, event)
        return changes, documents.approval(changes.requests[found.id], transaction.now)

    return once(services, call, 200, decided)


def _closed(found: Request) -> Problem:
    detail = f"{found.id} is {found.state.value} since {iso(found.decided_at)}"
    return Problem(409, "The request is closed", detail, kind="closed", extra={"state": found.state.value})


def _found(store: Queries, call: CommandRequest) -> Request:
    found = store.request(call.path["id"])
    if found is None:
        raise Problem(
            404, "No such request", f"there is no approval request {call.path['id']!r}", kind="unknown"
        )
    return found


def _refuse_too_many(store: Queries, owner: str, most: int) -> None:
    """Limits the open requests of each user, so that no user can block others."""
    has_many = store.counts().requests.get(State.PENDING, 0) >= most  # all are quickly counted
    if has_many and store.open_requests_of(owner) >= most:
        whose = f"of user {owner} " if owner else ""
        detail = f"{most} requests {whose}are open already (approvals.max_pending)"
        raise Problem(
            503, "Too many open requests", detail, kind="too-many", cure="Cancel some, or raise it."
        )


def _try_to_compose(components: Components, opened: Request, now: datetime) -> None:
    """Compose the mail now, so that the caller learns of a broken template. Raises NotAllowed."""
    check_request(opened, components.compose_settings, now)
    invitation = opened.invitations[0]
    reference, first = components.context.keys.issue(opened, invitation), invitation.approver
    order = MailOrder(MailKind.APPROVAL_REQUEST, first, opened.id, 0, language=first.language)
    compose(order, opened, reference, components.compose_settings, date=now)
