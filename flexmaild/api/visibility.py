"""What a caller may see and change of requests and jobs, by the rules of `core.access`.

Who may not see a request is answered all the same, by an outline of it, so that everybody can wait for it.
"""

from collections.abc import Callable, Iterable, Sequence

from flexmaild.api.problems import Problem
from flexmaild.core import jobs
from flexmaild.core.access import NOBODYS, Ownership, Viewer
from flexmaild.core.documents import queues
from flexmaild.core.documents.queues import JobOutline
from flexmaild.core.errors import without_answer
from flexmaild.core.masking import without_people
from flexmaild.core.model import Request
from flexmaild.core.work import Job
from flexmaild.store.queries import Queries


def job_documents(store: Queries, viewer: Viewer, found: Sequence[Job]) -> list[queues.Job | JobOutline]:
    """These jobs as this caller may see them. A job belongs to the owner of its request, a notification to
    its sender."""
    sees = visible_requests(store, viewer, {job.approval_id for job in found})

    def is_seen(job: Job) -> bool:
        return sees(job.approval_id) if job.approval_id else viewer.sees(Ownership(jobs.owner_of(job)))

    return [queues.job(job) if is_seen(job) else queues.outline(job) for job in found]


def visible_requests(store: Queries, viewer: Viewer, ids: Iterable[str]) -> Callable[[str], bool]:
    """A function that tells which of these requests this caller may see; one that does not exist has no
    owner."""
    requests = {} if viewer.sees_all else store.requests(set(ids))

    def is_seen(identifier: str) -> bool:
        found = requests.get(identifier)
        return viewer.sees(found.terms.belonging if found else NOBODYS)

    return is_seen


def visible_text(text: str, viewer: Viewer) -> str:
    """What failed; a caller who may not see everything gets neither the server's words nor more of an address
    than its domain."""
    return text if viewer.sees_all else without_people(without_answer(text))


def refuse_unless_owner(viewer: Viewer, request: Request) -> None:
    """Raises Problem 403 where this caller may not change this request."""
    belonging = request.terms.belonging
    if viewer.may_change(belonging):
        return
    whose = f"user {belonging.owner}" if belonging.owner else "nobody in particular"
    detail = f"{request.id} belongs to {whose}, not to user {viewer.caller.user}."
    others = f"{belonging.owner} or an admin" if belonging.owner else "an admin"
    raise not_permitted(detail, f"Ask {others} to do it; control.admins names the admins.")


def not_permitted(detail: str, cure: str) -> Problem:
    return Problem(403, "Not permitted", detail, cure=cure, kind="not-permitted")
