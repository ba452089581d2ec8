"""What the outside hears of a request: CloudEvents 1.0 JSON events, the same bytes on every try.

Its one decision; and while it is open, each approver whose mail came back. Used by `core.jobs`.
"""

import json
from datetime import datetime
from typing import Any

from flexmaild.core.approval import quorum
from flexmaild.core.documents import as_json
from flexmaild.core.documents.approvals import verdict
from flexmaild.core.documents.events import CloudEvent, Decided, Unreachable
from flexmaild.core.masking import masked
from flexmaild.core.model import Request

_TYPE = "flexmaild.approval.decided.v1"
_UNREACHABLE_TYPE = "flexmaild.approval.unreachable.v1"


def event_id(request: Request) -> str:
    """The idempotency key of this request's one decision: the CloudEvents `id`."""
    return f"{request.id}.decided"


def event(request: Request) -> str:
    """The event as JSON text. The request must be closed."""
    if request.decided_at is None:
        raise ValueError(f"{request.id} has no decision yet")
    data = Decided(
        **_about(request),
        decided_at=request.decided_at,
        decided_by=list(request.decided_by),
        because=request.decided_because,
        quorum=request.terms.quorum,
        verdicts=[verdict(v) for v in request.verdicts],
    )
    return _event(request, _TYPE, event_id(request), request.decided_at, data)


def unreachable_id(request: Request, number: int) -> str:
    """The idempotency key of the news that the mail of this invitation came back."""
    return f"{request.id}.unreachable.{number}"


def unreachable(request: Request, number: int, now: datetime) -> str:
    """The event as JSON text; `quorum_reachable` says whether the others can still decide."""
    invitation = request.invitations[number]
    data = Unreachable(
        **_about(request),
        approver=invitation.approver.address,
        because=masked(invitation.bounced),
        quorum_reachable=quorum.can_still_be_met(request),
    )
    return _event(request, _UNREACHABLE_TYPE, unreachable_id(request, number), now, data)


def _about(request: Request) -> dict[str, Any]:
    """The fields of `AboutRequest`."""
    return {
        "id": request.id,
        "state": request.state,
        "title": request.terms.title,
        "requester": request.terms.requester,
        "requested_at": request.created_at,
        "metadata": dict(request.terms.metadata),
    }


def _event(request: Request, kind: str, identity: str, at: datetime, data: Decided | Unreachable) -> str:
    body = CloudEvent(
        specversion="1.0",
        id=identity,
        source="urn:flexmaild",
        type=kind,
        subject=request.id,
        time=at,
        datacontenttype="application/json",
        data=data,
    )
    return json.dumps(as_json(body), ensure_ascii=False, sort_keys=True)
