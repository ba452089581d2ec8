"""Who a mail is from: exactly one address in one of three forms, or nobody."""

from __future__ import annotations

import pytest

from flexmaild.mail.parse.header import parse_header
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.understand.sender import delegate, sender

# Values that Python's own parser reads as boss@corp.test although others read them as somebody else.
NOBODY = [
    "boss@corp.test <evil@x.test>",
    "Boss <boss@corp.test> <evil@x.test>",
    "<boss@corp.test><evil@x.test>",
    "boss@corp.test(<evil@x.test>)",
    "grp: boss@corp.test;",
    "boss @ corp.test",
    '"boss"@corp.test',
    "boss@corp.test, <evil@x.test>",
    "boss@corp.test, evil@x.test",
    "=?utf-8?q?boss?=@corp.test",
    "Boss <@evil.test,@x.test:boss@corp.test>",
    "<boss@corp.test",
    "boss@corp.test>",
    "boss@corp.test\u200b",
    "boss@corp.test@evil.test",
    "boss@corp.test\0",
    "Boss (the real one) <boss@corp.test>",
    "boss@corp.test (Boss)",
    "Boss, Big <boss@corp.test>",
    "Boss; <boss@corp.test>",
    '"Boss <boss@corp.test>',
    '"Boss" boss@corp.test',
    '"Boss" x <boss@corp.test>',
    "Boss <boss@[192.0.2.1]>",
    "Boss <boss@corp..test>",
    "Boss <.boss@corp.test>",
    "Boss <boss@-corp.test>",
    "Boss <boss corp.test>",
    "Boss < boss@corp.test>",
    "<>",
    "",
    "Boss",
    "boss",
    "@corp.test",
    "boss@",
    "Boss <b\u043ess@corp.test>",
    "Boss\u202e <boss@corp.test>",
    "Boss\r <boss@corp.test>",
    "x" * 1100 + " <boss@corp.test>",
]

SOMEBODY = [
    ("boss@corp.test", "boss@corp.test", ""),
    ("<boss@corp.test>", "boss@corp.test", ""),
    ("Boss <boss@corp.test>", "boss@corp.test", "Boss"),
    ("  Boss\t <BOSS@Corp.Test>  ", "boss@corp.test", "Boss"),
    ('"boss@corp.test" <evil@x.test>', "evil@x.test", "boss@corp.test"),
    ('"Boss, Big" <boss@corp.test>', "boss@corp.test", "Boss, Big"),
    ('"a \\"b\\" <c>" <boss@corp.test>', "boss@corp.test", 'a "b" <c>'),
    ("=?utf-8?q?J=C3=BCrgen?= <j@corp.test>", "j@corp.test", "Jürgen"),
    ("=?utf-8?B?5om/6KqN?= =?utf-8?B?6ICF?= <j@corp.test>", "j@corp.test", "承認者"),
    ("Jürgen <j@corp.test>", "j@corp.test", "Jürgen"),
    ("O'Neil J. <o'neil+x@corp.test>", "o'neil+x@corp.test", "O'Neil J."),
    ("j@bücher.test", "j@xn--bcher-kva.test", ""),
    ("j@XN--Bcher-KVA.test", "j@xn--bcher-kva.test", ""),
    ("=?utf-8?q?a=0D=0ABcc=3A_x?= <j@corp.test>", "j@corp.test", "a Bcc: x"),
]


def read(*values: str, more: str = "") -> object:
    block = "".join(f"From: {v}\n" for v in values) + more
    return sender(parse_header(block.encode()), Limits())


@pytest.mark.parametrize("value", NOBODY)
def test_a_from_that_two_programs_could_read_differently_is_from_nobody(value: str) -> None:
    found = read(value)
    assert found.address == "" and found.fault  # type: ignore[attr-defined]


@pytest.mark.parametrize(("value", "address", "name"), SOMEBODY)
def test_the_three_forms_are_read(value: str, address: str, name: str) -> None:
    found = read(value)
    assert (found.address, found.name, found.fault) == (address, name, "")  # type: ignore[attr-defined]


def test_two_from_fields_and_none_are_from_nobody() -> None:
    assert read("boss@corp.test", "boss@corp.test").fault == "2 From fields"  # type: ignore[attr-defined]
    assert read().fault == "no From field"  # type: ignore[attr-defined]


def test_a_from_with_a_blank_before_its_colon_counts_as_a_second_one() -> None:
    assert read("boss@corp.test", more="From : evil@x.test\n").address == ""  # type: ignore[attr-defined]


def test_a_bare_cr_makes_no_second_header() -> None:
    header = parse_header(b"Subject: a\rFrom: boss@corp.test\nFrom: evil@x.test\n")
    assert sender(header, Limits()).address == "evil@x.test"
    assert "a bare CR in the header" in header.faults


def test_bytes_that_are_not_utf8_name_nobody() -> None:
    assert sender(parse_header(b"From: J\xfcrgen <j@corp.test>\n"), Limits()).address == ""


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("", ""),
        ("Sender: boss@corp.test\n", ""),
        ("Sender: Boss <BOSS@corp.test>\n", ""),
        ("Sender: aid@corp.test\n", "aid@corp.test"),
        ("Sender: a, b\n", "a, b"),
        ("Sender: boss@corp.test\nSender: boss@corp.test\n", "more than one Sender field"),
    ],
)
def test_a_sender_that_differs_from_from_is_reported(field: str, expected: str) -> None:
    header = parse_header(f"From: boss@corp.test\n{field}".encode())
    assert delegate(header, "boss@corp.test", Limits()) == expected
