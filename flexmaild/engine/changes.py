"""The changes that follow from one event: changed requests, jobs, outcomes of mails, audit entries.

Filled by `engine.decide` and by the handlers of commands inside a transaction, which then writes it as one
`Change`. Holds no rule about approvals (`core` does).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from flexmaild.core import jobs
from flexmaild.core.approval import state_machine
from flexmaild.core.approval.admission import SenderPolicy
from flexmaild.core.approval.events import AuditEffect, Effect, Mail, Step
from flexmaild.core.left_in_folder import LeftMail
from flexmaild.core.model import Request
from flexmaild.core.references import ReferenceKeys
from flexmaild.core.work import (
    ApproverNote,
    AuditEntry,
    Blob,
    Change,
    Idempotent,
    Job,
    JobEnd,
    KeptMail,
    ProcessedMail,
)
from flexmaild.engine.limiter import Limiter, is_limited


@dataclass(frozen=True, slots=True)
class Context:
    """What deciding needs besides the requests: reference keys, the domain of our Message-IDs, what senders
    have to prove, how many explanations an address gets. id_keys: each key that ids were made with."""

    keys: ReferenceKeys
    domain: str
    senders: SenderPolicy
    limiter: Limiter
    id_keys: tuple[bytes, ...]


@dataclass(slots=True)
class Changes:
    """requests: by id, each in its newest state. ended: jobs with the ends of their tries."""

    context: Context
    now: datetime
    requests: dict[str, Request] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    decided: set[str] = field(default_factory=set)
    jobs: list[Job] = field(default_factory=list)
    ended: list[tuple[Job, JobEnd]] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)
    processed: list[ProcessedMail] = field(default_factory=list)
    left: list[LeftMail] = field(default_factory=list)
    approvers: list[ApproverNote] = field(default_factory=list)
    blobs: tuple[Blob, ...] = ()
    kept: tuple[KeptMail, ...] = ()
    idempotent: Idempotent | None = None

    def apply(self, step: Step) -> None:
        """Add a step of the state machine: its request, its jobs, its audit entries."""
        identifier = step.request.id
        before = self.requests.get(identifier)
        request, effects = self._limited(step)
        # What is sent makes a version of its own, whose number tells this mail from the next of its kind.
        if before != request or not all(isinstance(effect, AuditEffect) for effect in effects):
            self.changed.add(identifier)
        if before is not None and before.state is not request.state:
            self.decided.add(identifier)
        self.requests[identifier] = request
        self._follow(request, effects)

    def _limited(self, step: Step) -> tuple[Request, list[Effect]]:
        """The step without explanations beyond the hourly limit of an address; the request records that."""
        request, effects = step.request, list[Effect]()
        for effect in step.effects:
            if self._may_go(effect):
                effects.append(effect)
            elif isinstance(effect, Mail):
                until = self.context.limiter.free_at(effect.to.address, self.now)
                request = state_machine.silenced(request, effect.invitation, until)
        return request, effects

    def _follow(self, request: Request, effects: Iterable[Effect]) -> None:
        made = sum(1 for job in self.jobs if job.approval_id == request.id)
        keys, domain = self.context.keys, self.context.domain
        new, notes = jobs.jobs_for(request, effects, self.now, keys, domain, made)
        self.jobs += new
        self.audit += notes

    def _may_go(self, effect: Effect) -> bool:
        if not isinstance(effect, Mail) or not is_limited(effect):
            return True
        return self.context.limiter.allows(effect.to.address, self.now)

    def change(self) -> Change:
        return Change(
            requests=tuple(self.requests[i] for i in sorted(self.changed)),
            jobs=tuple(self.jobs),
            ended=tuple(end for _, end in self.ended),
            processed=tuple(self.processed),
            left=tuple(self.left),
            audit=tuple(self.audit),
            approvers=tuple(self.approvers),
            blobs=self.blobs,
            kept=self.kept,
            idempotent=self.idempotent,
        )
