"""Decides what follows from a failed try: the one place that says "later" or "given up".

Pauses grow by doubling with jitter, as Postfix's queue manager does (minimal_backoff_time 300 s,
maximal_backoff_time 4000 s), from a shorter start, since people wait for these mails.
"""

from datetime import datetime, timedelta

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.work import Job, JobEnd, Queue

# First and longest pause, seconds. Deliveries: as Standard Webhooks proposes (5 s … hours).
_PAUSES = {Queue.OUTBOX: (30.0, 4000.0), Queue.DELIVERY: (5.0, 3600.0)}
# Wrong password, wrong certificate: every mail would fail alike and too many tries lock an account.
_SLOW_PAUSE = 300.0
# The longest pause between two logins that are refused, seconds.
_LONGEST_LOGIN_PAUSE = 3600.0
# No server may make us wait for longer by Retry-After.
_LONGEST_WISH = 3600.0

# Failures of the target, not of the one mail: it is kept and tried again, however permanent they look.
_GENERAL_REASONS = frozenset({Reason.AUTH, Reason.TLS})
_GENERAL_STEPS = frozenset({"dns", "connect", "greeting", "ehlo", "token", "token store", "secret", "gone"})
_SIZE_ANSWERS, _SIZE_CODES = ("552", "523"), ("5.2.3", "5.3.4")


def fails_every_job(failure: Failure) -> bool:
    """Whether every other job of this target would fail alike (login, TLS, connection, a limit on all mails;
    "rcpt" is about one recipient, whose own mailbox may be the one that is limited)."""
    throttled = failure.reason is Reason.THROTTLED and failure.step != "rcpt"
    return failure.reason in _GENERAL_REASONS or failure.step in _GENERAL_STEPS or throttled


def _refuses_our_sender(failure: Failure) -> bool:
    """Whether the server refused MAIL, and so perhaps our sender, which an operator can correct. It may
    still accept other mails: some servers refuse single ones there, by size (RFC 1870, RFC 3463 section
    3.4)."""
    about_size = failure.answer.startswith(_SIZE_ANSWERS) or any(
        code in failure.answer for code in _SIZE_CODES
    )
    return failure.step == "mail" and bool(failure.answer) and not about_size


def pause(queue: Queue, attempt: int, failure: Failure, jitter: float) -> timedelta:
    """How long to wait before the next try; `attempt` counts those made, `jitter` lies in 0…1."""
    first, longest = _PAUSES[queue]
    seconds = min(longest, first * 2.0 ** min(attempt, 20)) * (0.5 + jitter / 2)
    if failure.reason in _GENERAL_REASONS:
        seconds = max(seconds, _SLOW_PAUSE * (0.5 + jitter / 2))
    if isinstance(failure, TryLater) and failure.retry_after is not None:
        seconds = max(seconds, min(failure.retry_after, _LONGEST_WISH))
    return timedelta(seconds=seconds)


def is_refused_login(failure: Failure) -> bool:
    """Whether the server refused our login: retrying soon locks accounts."""
    return failure.reason is Reason.AUTH and failure.step == "login"


def login_pause(refused: int) -> float:
    """Seconds until a mailbox that has refused our login so often in a row is tried again."""
    return min(_LONGEST_LOGIN_PAUSE, _SLOW_PAUSE * 2.0 ** min(refused - 1, 20)) if refused else 0.0


def after_failure(
    job: Job, failure: Failure, now: datetime, give_up_after: timedelta, jitter: float
) -> JobEnd:
    """The end of this try: tried again later, or given up on when it is lasting or too old."""
    is_general = fails_every_job(failure) or _refuses_our_sender(failure)
    closed = (failure.step or failure.reason.value) if is_general else ""
    lasting = isinstance(failure, GiveUp) and not is_general
    again_at = now + pause(job.queue, job.attempt, failure, jitter)
    # A doubt lasts until a try succeeds: one that did not get as far has not resolved it.
    uncertain = job.uncertain or (isinstance(failure, TryLater) and failure.uncertain)
    if lasting or again_at - job.created_at > give_up_after:
        return JobEnd(
            job.id, job.claim, "give_up", now, failure.reason.value, str(failure),
            uncertain=uncertain, closed=closed,
        )  # fmt: skip
    return JobEnd(
        job.id, job.claim, "later", now, failure.reason.value, str(failure),
        again_at=again_at, uncertain=uncertain, closed=closed,
    )  # fmt: skip
