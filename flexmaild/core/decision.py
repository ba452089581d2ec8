"""The decision as the outside sees it: one CloudEvents 1.0 JSON event, the same bytes on every try."""

from __future__ import annotations

import json
from datetime import datetime

from flexmaild.core.model import Request, Verdict

TYPE = "flexmaild.approval.decided.v1"


def event_id(request: Request) -> str:
    """The idempotency key of this request's one decision; `webhook-id` and the CloudEvents `id`."""
    return f"{request.id}.decided"


def event(request: Request) -> str:
    """The event as JSON text (CloudEvents 1.0.2, structured mode). The request must be closed."""
    if request.decided_at is None:
        raise ValueError(f"{request.id} has no decision yet")
    body = {
        "specversion": "1.0",
        "id": event_id(request),
        "source": "urn:flexmaild",
        "type": TYPE,
        "subject": request.id,
        "time": _iso(request.decided_at),
        "datacontenttype": "application/json",
        "data": {
            "id": request.id,
            "state": request.state.value,
            "title": request.terms.title,
            "requester": request.terms.requester,
            "requested_at": _iso(request.created_at),
            "decided_at": _iso(request.decided_at),
            "decided_by": list(request.decided_by),
            "because": request.decided_because,
            "quorum": request.terms.quorum,
            "verdicts": [_verdict(v) for v in request.verdicts],
            "metadata": dict(request.terms.metadata),
        },
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True)


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {
        "approver": verdict.approver,
        "by": verdict.by,
        "group": verdict.group,
        "answer": verdict.answer.value,
        "comment": verdict.comment,
        "at": _iso(verdict.at),
        "proof": verdict.proof,
        "sha256": verdict.sha256,
        "message_id": verdict.message_id,
        "escalation": verdict.escalation,
        "replaced": verdict.replaced,
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
