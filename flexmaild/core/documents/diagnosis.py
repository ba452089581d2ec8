"""What `doctor` and `self-test` answer, and incidents."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Way = Literal["outgoing", "incoming"]
Fate = Literal["removed", "counted", "set_aside", "ignored", "refused", "missing"]
Place = Literal["above", "below", "apart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the doctor: what was tried, what the server said, what to do."""

    name: str
    result: Literal["ok", "warning", "failed", "skipped"]
    tried: str
    answer: str
    cure: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOfWay(Step):
    """By `flexmaild doctor`, which looks at one way after the other."""

    way: Way


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsField:
    """An Authentication-Results field of a mail. host: whose Received it stands by, above or below. said: its
    results in short. trusted: whether a border of the settings wrote it. text: all of it in a line."""

    id: str
    host: str
    place: Place
    said: str
    trusted: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedMail:
    """One of the last mails that were read. domain: of the address in From."""

    at: datetime
    domain: str
    outcome: str
    has_received: bool
    fields: list[ResultsField]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """settings: an entry of incoming.sender_authentication.borders that would have believed fields which did
    not count, as a line of YAML; mails: in so many mails. note: on what condition to take it over."""

    settings: str
    mails: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedSpelling:
    """What became of a forged field in this spelling. set_aside: it is still there, and mails with it are
    set aside; ignored: still there, and not read; refused: by the server; missing: the mail did not
    come."""

    name: str
    result: Fate
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """mails: the last ones, by doctor. spellings and fields: of the marked mails, by self-test."""

    healthy: bool
    steps: list[Step]
    mails: list[ArrivedMail]
    proposals: list[Proposal]
    spellings: list[TriedSpelling]
    fields: list[ResultsField]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What is to be done something about. said: it is among `issues` as well."""

    kind: str
    subject: str
    since: datetime
    last: datetime
    count: int
    said: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """As /-/ready shows it. ready: the daemon does its job. issues: what is wrong, a sentence each."""

    ready: bool
    issues: list[str]
    incidents: list[Incident]
