"""What the outside hears of a request: CloudEvents 1.0 JSON events, the same bytes on every try.

Its one decision; and while it is open, each approver whose mail came back. Used by `core.jobs`.
"""

from __future__ import annotations

import json
from datetime import datetime

from flexmaild.core import quorum
from flexmaild.core.model import Request, Verdict
from flexmaild.core.timing import iso

TYPE = "flexmaild.approval.decided.v1"
UNREACHABLE_TYPE = "flexmaild.approval.unreachable.v1"


def event_id(request: Request) -> str:
    """The idempotency key of this request's one decision: the CloudEvents `id`."""
    return f"{request.id}.decided"


def event(request: Request) -> str:
    """The event as JSON text. The request must be closed."""
    if request.decided_at is None:
        raise ValueError(f"{request.id} has no decision yet")
    data = _about(request) | {
        "decided_at": iso(request.decided_at),
        "decided_by": list(request.decided_by),
        "because": request.decided_because,
        "quorum": request.terms.quorum,
        "verdicts": [_verdict(v) for v in request.verdicts],
    }
    return _event(request, TYPE, event_id(request), request.decided_at, data)


def unreachable_id(request: Request, number: int) -> str:
    """The idempotency key of the news that the mail of this invitation came back."""
    return f"{request.id}.unreachable.{number}"


def unreachable(request: Request, number: int, now: datetime) -> str:
    """The event as JSON text; `quorum_reachable` says whether the others can still decide."""
    invitation = request.invitations[number]
    data = _about(request) | {
        "approver": invitation.approver.address,
        "because": invitation.bounced,
        "quorum_reachable": quorum.can_still_be_met(request),
    }
    return _event(request, UNREACHABLE_TYPE, unreachable_id(request, number), now, data)


def _about(request: Request) -> dict[str, object]:
    return {
        "id": request.id,
        "state": request.state.value,
        "title": request.terms.title,
        "requester": request.terms.requester,
        "requested_at": iso(request.created_at),
        "metadata": dict(request.terms.metadata),
    }


def _event(request: Request, kind: str, identity: str, at: datetime, data: dict[str, object]) -> str:
    """CloudEvents 1.0.2, structured mode."""
    body = {
        "specversion": "1.0",
        "id": identity,
        "source": "urn:flexmaild",
        "type": kind,
        "subject": request.id,
        "time": iso(at),
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True)


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {
        "approver": verdict.approver,
        "by": verdict.by,
        "group": verdict.group,
        "answer": verdict.answer.value,
        "comment": verdict.comment,
        "at": iso(verdict.at),
        "proof": verdict.proof,
        "sha256": verdict.sha256,
        "message_id": verdict.message_id,
        "escalation": verdict.escalation,
        "replaced": verdict.replaced,
    }
