"""A reading child that lies: what it says about another mail, or in no form of ours, is not believed."""

from pathlib import Path

import lying_child
import pytest

from flexmaild.core.parsed_reply import MailNature
from flexmaild.engine.sandbox.parent import RawMail, Sandbox
from flexmaild.mail.understand.words.rules import Rules

pytestmark = pytest.mark.slow

OTHERS = b'R{"sha256": "%s", "size": 1, "nature": "human", "answer": "approve"}' % (b"0" * 64)


@pytest.mark.parametrize(
    "answer", [OTHERS, b"", b"R", OTHERS[1:], b"R{}", b"R[1]", b"R\xff\x00", b'R{"sha256": "\\ud800"}']
)
def test_an_answer_that_is_not_about_this_mail_makes_it_unparsable(
    answer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lying_child.in_its_place(tmp_path, monkeypatch, [answer])
    deaths: list[str] = []
    reader = Sandbox(Rules.of("approvals@corp.test"), deaths.append, lambda references: None)
    try:
        (reading,) = reader.read([RawMail(b"From: a@b.test\n\nApprove\n", 24)])
    finally:
        reader.close()
    assert (reading.nature, reading.answer) == (MailNature.UNPARSABLE, None)
    assert len(deaths) == 2  # it is tried once more alone
