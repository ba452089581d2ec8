"""Who a mail is from: exactly one address, or nobody."""

from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.mail.parse.header import parse_header
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.understand.identification.sender import Sender, delegate, sender

# Values that Python's own parser reads as boss@corp.test although others read them as somebody else.
NOBODY = [
    "boss@corp.test <evil@x.test>",
    "Boss <boss@corp.test> <evil@x.test>",
    "<boss@corp.test><evil@x.test>",
    "boss@corp.test(<evil@x.test>)",
    "grp: boss@corp.test;",
    "boss @ corp.test",
    "boss@corp.test, <evil@x.test>",
    "boss@corp.test, evil@x.test",
    "=?utf-8?q?boss?=@corp.test",
    "Boss <@evil.test,@x.test:boss@corp.test>",
    "<boss@corp.test",
    "boss@corp.test>",
    "boss@corp.test\u200b",
    "boss@corp.test@evil.test",
    "boss@corp.test\0",
    '"Boss <boss@corp.test>',
    '"Boss" boss@corp.test',
    "Boss <boss@[192.0.2.1]>",
    "Boss <boss@corp..test>",
    "Boss <.boss@corp.test>",
    "Boss <boss@-corp.test>",
    "Boss <boss corp.test>",
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
    # A second address, however it is dressed up, is read by some program.
    "'boss@corp.test' <evil@x.test>",
    "(boss@corp.test) <evil@x.test>",
    "boss@corp.test, Boss <evil@x.test>",
    "Boss: boss@corp.test <evil@x.test>",
    "boss@ corp.test <evil@x.test>",
    "boss @ corp.test <evil@x.test>",
    "boss@corp <evil@x.test>",
    'Boss "boss@corp.test" x <evil@x.test>',
    '"Boss <boss@corp.test>" x <evil@x.test>',
    "Boss \\<boss@corp.test>",
    'Boss "Big <boss@corp.test>',
    "boss@corp.test (evil@x.test)",
    "boss@corp.test (a) (b)",
    "boss@corp.test (<evil)",
    "boss@corp.test (a (b)",
    "boss@corp.test (evil@x.test (b))",
    "boss@corp.test (boss@corp.test, evil@x.test)",
    "Boss, Ops @ corp.test <evil@x.test>",
    "(Boss) boss@corp.test",
    "(Boss)",
    '"bo ss"@corp.test',
    '"boss@x"@corp.test',
    '""@corp.test',
    "Boss <mailto:boss@corp.test>",
    "Boss <boss@corp.test> via x",
    "Boss <boss@corp.test>, <evil@x.test>",
    "boss@corp.test;evil@x.test",
    "grp: Boss <boss@corp.test>, Eve <evil@x.test>;",
    "Boss <bo\u200css@corp.test>",
    "Boss\u200b <boss@corp.test>",
    "\x1b$B>5\x1b(B <boss@corp.test>",
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
# What programs that quote badly write: there is one address, and every program finds that.
CARELESS = [
    ("boss@corp.test <boss@corp.test>", "boss@corp.test"),
    ("Boss@Corp.test <boss@corp.test>", "Boss@Corp.test"),
    ("'boss@corp.test' <boss@corp.test>", "boss@corp.test"),
    ("[boss@corp.test] <boss@corp.test>", "boss@corp.test"),
    ("Boss, Big <boss@corp.test>", "Boss, Big"),
    ("Big Boss, MBA, Ph.D. <boss@corp.test>", "Big Boss, MBA, Ph.D."),
    ("Boss; Big <boss@corp.test>", "Boss; Big"),
    ("Ops: Boss <boss@corp.test>", "Ops: Boss"),
    ('"Big" Boss <boss@corp.test>', "Big Boss"),
    ('Big "B" Boss <boss@corp.test>', "Big B Boss"),
    ("Boss (the real one) <boss@corp.test>", "Boss (the real one)"),
    ("Boss [Ops] <boss@corp.test>", "Boss [Ops]"),
    ("Boss @ Corp <boss@corp.test>", "Boss @ Corp"),
    ("Boss @Corp <boss@corp.test>", "Boss @Corp"),
    ("Boss\xa0Big <boss@corp.test>", "Boss Big"),
    ("Boss\u3000Big <boss@corp.test>", "Boss Big"),
    ("Boss 👩\u200d💻 <boss@corp.test>", "Boss 👩 💻"),
    ("Boss < boss@corp.test >", "Boss"),
    ("Big Boss, Ops @ Corp, Berlin <boss@corp.test>", "Big Boss, Ops @ Corp, Berlin"),
    ('"Boss"<boss@corp.test>', "Boss"),
    ("boss@corp.test<boss@corp.test>", "boss@corp.test"),
    ("boss@corp.test (boss@corp.test)", "boss@corp.test"),
    ("boss@corp.test (Boss (Ops))", "Boss (Ops)"),
    ("Boss <boss@corp.test>,", "Boss"),
    ("Boss <boss@corp.test> ;", "Boss"),
    ("boss@corp.test,", ""),
    ("boss@corp.test (Boss)", "Boss"),
    ("boss@corp.test(Boss)", "Boss"),
    ("Boss <boss@corp.test> (Ops)", "Boss"),
    ('"boss"@corp.test', ""),
    ('Boss <"boss"@corp.test>', "Boss"),
    ('"=?utf-8?q?Boss=2C_Big?=" <boss@corp.test>', "Boss, Big"),
]


def read(*values: str, more: str = "") -> Sender:
    block = "".join(f"From: {v}\n" for v in values) + more
    return sender(parse_header(block.encode()), Limits())


@pytest.mark.parametrize("value", NOBODY)
def test_a_from_that_two_programs_could_read_differently_is_from_nobody(value: str) -> None:
    found = read(value)
    assert found.address == "" and found.fault


@pytest.mark.parametrize(("value", "address", "name"), SOMEBODY)
def test_the_three_forms_are_read(value: str, address: str, name: str) -> None:
    found = read(value)
    assert (found.address, found.name, found.fault) == (address, name, "")


@pytest.mark.parametrize(("value", "name"), CARELESS)
def test_a_badly_quoted_name_is_read_where_it_holds_no_other_address(value: str, name: str) -> None:
    found = read(value)
    assert (found.address, found.name, found.fault) == ("boss@corp.test", name, "")


def test_two_from_fields_and_none_are_from_nobody() -> None:
    several, none = read("boss@corp.test", "boss@corp.test"), read()
    assert (several.fault, several.from_fields) == ("2 From fields", 2)
    assert (none.fault, none.from_fields) == ("no From field", 0)


def test_a_from_with_a_blank_before_its_colon_counts_as_a_second_one() -> None:
    assert read("boss@corp.test", more="From : evil@x.test\n").address == ""


def test_a_bare_cr_makes_no_second_header() -> None:
    header = parse_header(b"Subject: a\rFrom: boss@corp.test\nFrom: evil@x.test\n")
    assert sender(header, Limits()).address == "evil@x.test"
    assert "a bare CR in the header" in header.faults


def test_a_name_of_other_bytes_than_utf8_is_one_and_such_an_address_is_none() -> None:
    found = sender(parse_header(b"From: J\xfcrgen <j@corp.test>\n"), Limits())
    assert (found.address, found.name) == ("j@corp.test", "Jürgen")
    for value in (b"J <j\xfc@corp.test>", b"J\x81 <j@corp.test>"):
        assert sender(parse_header(b"From: " + value + b"\n"), Limits()).address == ""


@pytest.mark.parametrize(
    ("name", "fields", "is_refused"),
    [
        ("'Ann' via Approvals", "Reply-To: Ann <ann@corp.test>", True),
        ("Ann via Approvals", "X-Original-From: ann@corp.test", True),
        ("Ann via Approvals", "X-Original-From: x\nReply-To: approvals@corp.test", False),
        ("Ann über Approvals", "X-Original-From: Ann <ann@corp.test>", True),
        ("Ann", "X-Original-From: Ann <approvals@corp.test>", False),
        ("Ann via Approvals", "X: y", False),
        ("Ann", "Reply-To: Ann <ann@corp.test>", False),
        ("Olivia", "Reply-To: Ann <ann@corp.test>", False),
    ],
)
def test_a_from_that_a_group_wrote_is_its_member_s_and_proves_nothing(
    name: str, fields: str, is_refused: bool
) -> None:
    found = sender(parse_header(f"From: {name} <approvals@corp.test>\n{fields}\n".encode()), Limits())
    assert (found.address == "") == is_refused and ("group" in found.fault) == is_refused


@given(st.text(alphabet="ab@.<>()\"\\,;: \t'[]é", max_size=40))
def test_no_field_with_two_addresses_has_a_sender_but_in_quotes(value: str) -> None:
    """Whoever is named is the only address that the standard library finds as well."""
    found = read(value.replace("\n", " "))
    if found.address and '"' not in value:
        theirs = [a for _, a in getaddresses([value]) if "." in a.rpartition("@")[2]]
        assert {a.lower() for a in theirs} <= {found.address}


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
