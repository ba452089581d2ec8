"""752 mails as real border software left them in the reply folder: who of them is proven.

Postfix with opendkim, with opendmarc and with rspamd, honest and forged. `expected.json` says for each if
its request is approved. Whether the sender is the asked person, or the answer stands, is judged elsewhere;
here no sender may be proven whom the border did not prove, and none refused whom it did.
"""

import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from flexmaild.core.approval.proof import failed_dmarc, proof_for
from flexmaild.core.parsed_reply import ParsedReply
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.words.rules import Rules

pytestmark = pytest.mark.slow

ARCHIVE = Path(__file__).parent / "borders.zip"
# Proven by their border, and refused for another reason than their proof.
PROVEN_BUT = (
    "-stranger-",  # not who was asked
    "-from-",  # a name that deceives before another's address
    "-added-",  # header fields that make the mail ambiguous, a machine's or redirected
    "-replay-other-request",  # the reference of another request
    "-replay-thread-unsigned",
    "-ct-unsigned-flip",
)


@cache
def recorded() -> list[dict[str, Any]]:
    with zipfile.ZipFile(ARCHIVE) as archive:
        found: list[dict[str, Any]] = json.loads(archive.read("expected.json"))
        return [case | {"data": archive.read(f"mails/{case['file']}")} for case in found]


def of_border(name: str) -> list[dict[str, Any]]:
    found = [case for case in recorded() if case["border"] == name]
    assert found
    return found


def judged(case: dict[str, Any]) -> tuple[bool, ParsedReply]:
    borders = [Border(**border) for border in case["settings"]["borders"]]
    rules = Rules.of("approvals@example.test", borders=borders)
    reading = understand(case["data"], len(case["data"]), rules)
    is_refused = bool(reading.auth_faults or failed_dmarc(reading))
    return not is_refused and proof_for(reading, case["settings"]["require"]) is not None, reading


@pytest.mark.parametrize("border", ["pf-dk", "pf-od", "pf-od2", "pf-od-rspf", "pf-rs"])
def test_nobody_is_proven_but_by_the_border_and_everybody_whom_it_proved(border: str) -> None:
    wrong = []
    for case in of_border(border):
        is_proven, reading = judged(case)
        may_be = "approved" in case["expected"] or any(part in case["file"] for part in PROVEN_BUT)
        must_be = case["expected"] == "approved"
        if (is_proven and not may_be) or (must_be and not is_proven):
            wrong.append((case["file"], is_proven, reading.auth_faults, reading.auth_fields))
    assert wrong == []


def test_an_unsigned_mail_with_results_of_its_own_is_evidence_even_where_the_reference_suffices() -> None:
    brought = [
        c for c in of_border("pf-dk") if "-outsider-" in c["file"] and "-unsigned-AR-plain" in c["file"]
    ]
    assert brought
    for case in brought:
        assert judged(case)[1].auth_faults, case["file"]


def test_what_was_not_signed_was_seen_to_be_open() -> None:
    """A refusal made a comment by the content type, and an answer moved to another request by its thread."""
    flipped = [c for c in recorded() if "-ct-unsigned-flip" in c["file"]]
    moved = [c for c in recorded() if "-replay-thread-unsigned" in c["file"]]
    assert len(flipped) == len(moved) == 2
    assert all(judged(case)[1].reads_otherwise for case in flipped)
    assert all(judged(case)[1].reference_is_open for case in moved)


def test_nothing_of_an_honest_mail_was_taken_to_be_open() -> None:
    honest = [c for c in recorded() if c["expected"] == "approved"]
    assert len(honest) > 30
    for case in honest:
        reading = judged(case)[1]
        assert not (reading.reference_is_open or reading.reads_otherwise), case["file"]
