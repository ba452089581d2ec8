"""A store whose requests are mailed as the daemon mails them, step by step, without a daemon."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flexmaild.core import jobs, references
from flexmaild.core.approval import state_machine
from flexmaild.core.approval.events import Effect, Event, Mail
from flexmaild.core.model import Approver, MailKind, Request, Terms
from flexmaild.core.ports import Envelope, Receipt
from flexmaild.core.references import ReferenceKeys
from flexmaild.core.work import Blob, Change, Job, Queue
from flexmaild.engine.delivery.job_handlers import MailHandler, Task
from flexmaild.engine.delivery.sent_mails import SentMails
from flexmaild.mail.compose.render import Renderer
from flexmaild.mail.compose.write import ComposeSettings
from flexmaild.store import Store
from tests.support.stores import claim, commit, fresh

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
KEY = b"k" * 32
URL = "sqlite:///flexmaild.db"
ALICE, BOB = Approver("alice@corp.test", "Alice"), Approver("bob@corp.test")


@dataclass
class Folder:
    """An outbox that takes everything."""

    sent: list[bytes] = field(default_factory=list)

    def send(self, envelope: Envelope) -> Receipt:
        self.sent.append(envelope.data)
        return Receipt("taken")

    def close(self) -> None:
        pass


class Post:
    """The store, the outbox, and the steps between them."""

    def __init__(self, directory: Path, templates: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self.store: Store = fresh(directory)
        self.outbox = Folder()
        self.use(templates or {})
        self._made = 0

    def use(self, templates: Mapping[str, str]) -> None:
        """From now on mails are composed with these templates, as after a reload."""
        place = ("approvals@corp.test", "approvals@corp.test", "corp.test")
        stationery = ComposeSettings(*place, templates=Renderer(templates))
        self.handler = MailHandler(self.outbox, stationery, ReferenceKeys(KEY))

    def sent_mails(self, key: bytes = KEY) -> SentMails:
        return SentMails(self.store, ReferenceKeys(key))

    def request(self, *approvers: Approver, **terms: Any) -> Request:
        """A new request; its mails wait in the outbox."""
        self._made += 1
        said = terms.pop("text", "Tests passed.")
        asked = Terms("Deploy 4.2", said, approvers, NOW + timedelta(days=7), **terms)
        made = Request(references.written_id(self._made.to_bytes(10, "big")), asked, NOW)
        step = state_machine.open_request(made, approvers, NOW)
        return self._commit(step.request, step.effects)

    def happens(self, request: Request, event: Event) -> Request:
        step = state_machine.step(request, event, NOW)
        return self._commit(step.request, step.effects)

    def mail(self, request: Request, kind: MailKind, number: int = 0, **facts: Any) -> Request:
        """A mail of that kind to an invitation of the request."""
        approver = request.invitations[number].approver
        return self._commit(request, (Mail(kind, approver, number, facts),))

    def _commit(self, request: Request, effects: tuple[Effect, ...]) -> Request:
        new, _ = jobs.jobs_for(request, effects, NOW, ReferenceKeys(KEY), "corp.test")
        commit(self.store, Change(requests=(request,), jobs=tuple(new)))
        stored = self.store.request(request.id)
        assert stored is not None
        return stored

    def prepared(self) -> list[Task]:
        """What waits in the outbox, composed and kept: the state in which a crash may find it."""
        claimed = claim(self.store, Queue.OUTBOX, "outgoing", NOW, 100, "me", timedelta(hours=1))
        tasks = [self.handler.prepare(self._task(job)) for job in claimed]
        commit(self.store, Change(kept=tuple(task.kept for task in tasks if task.kept)))
        return tasks

    def _task(self, job: Job) -> Task:
        return Task(job, self.store.request(job.approval_id))

    def _with_files(self, task: Task) -> Task:
        files = tuple((a, self.store.blob(a.sha256) or b"") for a in task.files())
        return replace(task, attachments=files)

    def deliver(self) -> list[bytes]:
        """Send everything that waits; returns what went out, in that order."""
        before = len(self.outbox.sent)
        ends = tuple(self.handler.carry_out(self._with_files(task), NOW) for task in self.prepared())
        commit(self.store, Change(ended=ends))
        return self.outbox.sent[before:]

    def keep_blob(self, sha256: str, data: bytes) -> None:
        commit(self.store, Change(blobs=(Blob(sha256, data),)))


def reference(request: Request, number: int = 0, key: bytes = KEY) -> str:
    return references.issue(key, request, request.invitations[number])


def forged(request: Request) -> str:
    return reference(request, key=b"x" * 32)


def altered(request: Request, change: Callable[[Terms], Terms]) -> str:
    return reference(replace(request, terms=change(request.terms)))
