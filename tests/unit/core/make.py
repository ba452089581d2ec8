"""Requests for the core's tests, built by the core itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flexmaild.core import references
from flexmaild.core.approval import opening, state_machine
from flexmaild.core.approval.events import Answered, Mail
from flexmaild.core.approval.opening import AskedApprover, Policy, RequestedApproval
from flexmaild.core.model import Answer, MailFacts, MailKind, Request

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEY = bytes(range(32))
PEOPLE = ("alice@corp.test", "bob@corp.test", "carol@corp.test")


def asked(*addresses: str, groups: dict[str, str] | None = None) -> tuple[AskedApprover, ...]:
    groups = groups or {}
    return tuple(AskedApprover(f"approvers.{i}", a, group=groups.get(a, "")) for i, a in enumerate(addresses))


def policy_with(**changed: Any) -> Policy:
    """What the settings say where they say nothing, and these."""
    loose: dict[str, Any] = {
        "expire_after": 7 * DAY,
        "remind_after": (),
        "settle_for": timedelta(0),
        "on_expiry": "expire",
        "escalate_after": None,
        "escalate_to": (),
        "comment_on_reject": False,
        "require": "reference",
        "delegations": (),
        "sinks": (),
        "only_named": frozenset(),
        "max_approvers": 100,
        "languages": {},
        "can_prove": frozenset(("reference", "dmarc", "dkim", "auth")),
        "reads_logins": True,
        "own_domains": frozenset(),
    }
    return Policy(**loose | changed)


def opened(
    *addresses: str, policy: Policy | None = None, groups: dict[str, str] | None = None, **ask: Any
) -> Request:
    """A fresh pending request to these approvers (the three PEOPLE by default)."""
    return opened_step(*addresses, policy=policy, groups=groups, **ask).request


def opened_step(
    *addresses: str, policy: Policy | None = None, groups: dict[str, str] | None = None, **ask: Any
) -> state_machine.Step:
    policy = policy or policy_with(sinks=("folder",))
    question = RequestedApproval(
        "Deploy 4.2", "Tests passed.", asked(*(addresses or PEOPLE), groups=groups), **ask
    )
    terms = opening.terms_of(question, policy, NOW)
    fresh = Request(references.written_id(b"0123456789"), terms, NOW)
    return state_machine.open_request(fresh, opening.invited(terms, policy, NOW), NOW)


def says(
    request: Request, who: int, answer: Answer, comment: str = "", *, at: datetime = NOW, by: str = ""
) -> state_machine.Step:
    """Invitation number `who` answers."""
    address = by or request.invitations[who].approver.address
    mail = MailFacts(address, f"sha-{who}-{answer}-{comment}", f"m{who}@x")
    event = Answered(who, answer, comment, "reference", mail)
    return state_machine.step(request, event, at)


def kinds(step: state_machine.Step) -> list[MailKind]:
    return [e.kind for e in step.effects if isinstance(e, Mail)]


def committed(request: Request) -> Request:
    """As it comes back from the store."""
    return replace(request, version=request.version + 1)
