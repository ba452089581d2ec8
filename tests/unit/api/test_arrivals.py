"""The Message-ID that came back is compared with the one sent, and the cure is named where it helps."""

import pytest

from flexmaild.api.handlers import arrivals
from flexmaild.api.handlers.self_test import marked_mail
from flexmaild.api.handlers.spellings import Spelling
from flexmaild.core.steps import Step
from flexmaild.mail.parse.header import parse_header
from flexmaild.mail.parse.message import split_header

TOKEN = "flexmaild-0123456789abcdef"
SENT = marked_mail(Spelling("plain", b"", TOKEN), "approvals@corp.test", "approvals@corp.test")
OWN_ID = f"Message-ID: <{TOKEN}@corp.test>".encode()
SERVICE_ID = b"Message-ID: <0100018f@eu-west-1.amazonses.com>"
REPLACED = SENT.replace(OWN_ID, SERVICE_ID)
WITHOUT = REPLACED.replace(f"References: <{TOKEN}@corp.test>\r\n".encode(), b"")


def step(data: bytes, *, plus_address: bool = False) -> Step:
    return arrivals.message_id(parse_header(split_header(data)[0]), plus_address=plus_address)


def test_a_sender_whose_domain_has_other_letters_has_its_marked_mail_too() -> None:
    data = marked_mail(Spelling("plain", b"", TOKEN), "approvals@b\u00fccher.test", "ann@corp.test")
    assert f"Message-ID: <{TOKEN}@xn--bcher-kva.test>".encode() in data


@pytest.mark.parametrize("data", [SENT, SENT.replace(OWN_ID, OWN_ID.upper())])
def test_the_same_one_needs_no_cure(data: bytes) -> None:
    found = step(data)
    assert (found.ok, found.cure, found.answer) == (True, "", "it is the same")


@pytest.mark.parametrize(("data", "said"), [(REPLACED, "still names ours"), (WITHOUT, "does not name ours")])
def test_a_replaced_one_advises_the_plus_address(data: bytes, said: str) -> None:
    found = step(data)
    assert "plus_address" in found.cure
    assert said in found.answer
    covered = step(data, plus_address=True)
    assert (covered.cure, "plus_address is on" in covered.answer) == ("", True)


def test_the_doctor_looks_at_the_last_one_and_says_where_there_is_none() -> None:
    assert arrivals.last_step(REPLACED, plus_address=False) == step(REPLACED)
    for nothing in (b"", b"From: eve@evil.test\r\nSubject: Self-test flexmaild-0000\r\n\r\nx"):
        found = arrivals.last_step(nothing, plus_address=False)
        assert (found.cure, "self-test" in found.answer) == ("", True)
