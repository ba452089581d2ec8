"""What `doctor` and `self-test` answer, and incidents, as pydantic models.

The other answers are in `control.answers`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

# More may come than is declared. Deferred: built at the first GET of /openapi.json.
OPEN = ConfigDict(extra="allow", frozen=True, defer_build=True)


class Told(BaseModel):
    """A part of a diagnosis; may hold more than is declared."""

    model_config = OPEN


class Step(Told):
    """One step of the doctor: what was tried, what the server said, what to do."""

    name: str
    result: Literal["ok", "warning", "failed", "skipped"]
    tried: str = ""
    answer: str = ""
    cure: str = ""
    seconds: float = 0.0


class ResultsField(Told):
    """An Authentication-Results field of a mail. host: whose Received it stands by, above or below. said: its
    results in short. trusted: whether a border of the settings wrote it. text: all of it in a line."""

    id: str
    host: str
    place: Literal["above", "below", "apart"]
    said: str
    trusted: bool
    text: str


class ArrivedMail(Told):
    """One of the last mails that were read. domain: of the address in From."""

    at: datetime | None = None
    domain: str = ""
    outcome: str = ""
    has_received: bool = True
    fields: list[ResultsField] = []


class Proposal(Told):
    """settings: an entry of incoming.sender_authentication.borders that would have believed fields which did
    not count, as a line of YAML; mails: in so many mails. note: on what condition to take it over."""

    settings: str
    mails: int
    note: str = ""


class TriedSpelling(Told):
    """What became of a forged field in this spelling. set_aside: it is still there, and mails with it are
    set aside; ignored: still there, and read by nobody; refused: by the server; missing: the mail did not
    come."""

    name: str
    result: Literal["removed", "counted", "set_aside", "ignored", "refused", "missing"]
    said: str


class Diagnosis(Told):
    """mails: the last ones, by doctor. spellings and fields: of the marked mails, by self-test."""

    healthy: bool
    steps: list[Step]
    mails: list[ArrivedMail] = []
    proposals: list[Proposal] = []
    spellings: list[TriedSpelling] = []
    fields: list[ResultsField] = []


class Incident(Told):
    """What is to be done something about. said: it is among `issues` as well."""

    kind: str
    subject: str
    since: datetime
    last: datetime
    count: int
    said: str
    cure: str
