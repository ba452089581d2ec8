"""Our own corpus: what the common clients make of a reply is understood, in every language and encoding."""

import json
from pathlib import Path

import pytest

from flexmaild.core.parsed_reply import MailNature
from flexmaild.mail.understand.evidence import Evidence
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.words.rules import Rules
from tests.corpus.build import GUARD, HINT, REQUEST
from tests.unit.mail.mails import sent

CORPUS = Path(__file__).parents[3] / "corpus"
EXPECTED = json.loads((CORPUS / "expected.json").read_text(encoding="utf-8"))
REFERENCE = "FM1-ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLM"
RULES = Rules.of("approvals@corp.test")
SENT = sent(*REQUEST, *(line.format(word) for line in (HINT, GUARD) for word in ("Approve", "Reject")))


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"], ids=["crlf", "lf"])
@pytest.mark.parametrize("name", EXPECTED)
def test_each_client_s_reply_says_what_was_typed(name: str, line_end: bytes) -> None:
    data = (CORPUS / f"{name}.eml").read_bytes().replace(b"\r\n", line_end)
    facts = EXPECTED[name]
    reading = understand(data, len(data), RULES, mails_sent=lambda references: (SENT,))
    assert reading.nature is MailNature.HUMAN
    assert reading.unclear == facts.get("unclear", "")
    assert (reading.answer.value if reading.answer else None) == facts.get("answer")
    assert reading.comment == facts.get("comment", "")
    assert reading.language == facts.get("language", "")
    assert reading.sender == "ann@corp.test"
    assert reading.body_references == ((REFERENCE,) if facts.get("body", True) else ())
    assert reading.thread_references == ((REFERENCE,) if facts.get("thread", True) else ())


def test_the_corpus_holds_exactly_the_mails_it_speaks_of() -> None:
    assert {path.stem for path in CORPUS.glob("*.eml")} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_recording_evidence_changes_nothing_and_sees_every_line(name: str) -> None:
    """What is explained is what was read: the same call, watched."""
    data = (CORPUS / f"{name}.eml").read_bytes()
    evidence = Evidence()
    watched = understand(data, len(data), RULES, mails_sent=lambda _: (SENT,), evidence=evidence)
    assert watched == understand(data, len(data), RULES, mails_sent=lambda _: (SENT,))
    assert all(line.label for look in evidence.renderings for line in look.lines)
    assert evidence.renderings or watched.answer is None
    if watched.answer is not None:
        said = [look for look in evidence.renderings if look.unclear != "empty"]
        assert {look.answer for look in said} == {watched.answer}
        assert all(look.word for look in said)
