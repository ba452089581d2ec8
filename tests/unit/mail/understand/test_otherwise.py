"""No reply of a real mail program reads in two ways where its signature leaves open how it is read."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from flexmaild.core.addresses import domain_of
from flexmaild.core.parsed_reply import ParsedReply
from flexmaild.core.work import SentMail
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.parse.message import read
from flexmaild.mail.understand.identification.sender import sender
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.words.rules import Rules
from tests.corpus.build import GUARD, HINT, REQUEST
from tests.replies.collections import clients, reports
from tests.unit.mail.mails import sent

CORPUS = Path(__file__).parents[3] / "corpus"
RULES = Rules.of(
    "approvals@tb.test", "approvals@corp.test", names=("flexmaild",), borders=[Border("mx.corp.test")]
)
OURS = sent(*REQUEST, *(line.format(word) for line in (HINT, GUARD) for word in ("Approve", "Reject")))
# As Gmail has it; opendkim's has less.
SIGNED = "to:cc:subject:message-id:date:from:in-reply-to:references:mime-version"


def replies(collection: str) -> Iterator[tuple[str, bytes, SentMail]]:
    if collection == "corpus":
        for name in json.loads((CORPUS / "expected.json").read_text(encoding="utf-8")):
            yield name, (CORPUS / f"{name}.eml").read_bytes(), OURS
        return
    for case in clients() if collection == "clients" else reports():
        yield case.name, case.reply, SentMail(case.request)


def as_signed(data: bytes, asked: SentMail) -> ParsedReply:
    domain = domain_of(sender(read(data, RULES.limits).header, RULES.limits).address) or "corp.test"
    line_end = b"\r\n" if b"\r\n" in data[:2000] else b"\n"
    field = f"DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s=a; h={SIGNED}; b=QUJD".encode()
    data = field + line_end + data
    return understand(data, len(data), RULES, mails_sent=lambda references: (asked,))


@pytest.mark.parametrize(
    ("collection", "decide"),
    [
        ("corpus", 100),
        pytest.param("clients", 350, marks=pytest.mark.slow),
        pytest.param("reports", 750, marks=pytest.mark.slow),
    ],
)
def test_an_honest_reply_reads_in_one_way(collection: str, decide: int) -> None:
    found = [(name, as_signed(data, asked)) for name, data, asked in replies(collection)]
    assert [name for name, reading in found if reading.reads_otherwise] == []
    assert sum(reading.answer is not None for _, reading in found) > decide
