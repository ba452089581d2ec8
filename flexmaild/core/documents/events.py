"""What sinks are told of a request: CloudEvents 1.0.2 in structured mode."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flexmaild.core.documents.approvals import Verdict
from flexmaild.core.model import Quorum, State


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutRequest:
    id: str
    state: State
    title: str
    requester: str
    requested_at: datetime
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided(AboutRequest):
    """because: why it was decided so, in a sentence."""

    decided_at: datetime
    decided_by: list[str]
    because: str
    quorum: Quorum
    verdicts: list[Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable(AboutRequest):
    """because: what came back. quorum_reachable: whether the others can still decide."""

    approver: str
    because: str
    quorum_reachable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """An entry of the event log, as `GET /v1/events` sends it. request: its id, empty for what operators
    did."""

    number: int
    at: datetime
    event: str
    request: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudEvent:
    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str
    data: Decided | Unreachable
