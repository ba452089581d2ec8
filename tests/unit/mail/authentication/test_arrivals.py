"""What is listed of a mail's results fields, and the borders that are proposed for them."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.mail.authentication.arrivals import LocatedField, proposals, results_fields, settings
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.authentication.kept_header import MOST, header_of, stored_header
from flexmaild.mail.authentication.results import loose_id
from flexmaild.mail.parse.header import Header, parse_header
from flexmaild.mail.parse.message import split_header
from tests.borders.kinds import BORDERS
from tests.borders.kinds import settings as docs_of
from tests.borders.recorded import Recorded, recorded

RECORDED = recorded()
KINDS = sorted({mail.border for mail in RECORDED})
LONGEST = 4096


def header(*lines: str) -> Header:
    return parse_header("\n".join(lines).encode("latin-1"))


def of(mail: Recorded) -> Header:
    return parse_header(split_header(mail.data)[0])


def listed(found: Header, *borders: Border, exchange_online: bool = False) -> tuple[LocatedField, ...]:
    return results_fields(found, borders, exchange_online, LONGEST)


def certain(mails: list[Header]) -> set[str]:
    found = proposals([listed(one) for one in mails])
    return {settings(entry) for entry, fields in found.items() if all(f.is_receivers for f in fields)}


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_real_border_exactly_what_the_docs_say_is_proposed(kind: str) -> None:
    (border,) = (border for border in BORDERS if border.name == kind)
    mails = [of(mail) for mail in RECORDED if mail.border == kind and mail.honest]
    proposed = [yaml.safe_load(settings(entry))[0] for entry in proposals([listed(one) for one in mails])]
    for entry in docs_of(border)["borders"]:
        assert any(entry.items() <= one.items() for one in proposed), proposed
        assert {one["id"] for one in proposed} == {entry["id"]}
    entries = [Border(**entry) for entry in docs_of(border)["borders"]]
    fields = [listed(one, *entries) for one in mails]
    assert all(field.is_trusted for of_mail in fields for field in of_mail)
    assert proposals(fields) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_stranger_wrote_is_never_proposed_without_a_condition(kind: str) -> None:
    """These came by a border that strips nothing."""
    honest = certain([of(mail) for mail in RECORDED if mail.border == kind and mail.honest])
    forged = [of(mail) for mail in RECORDED if mail.border == kind and not mail.honest]
    assert certain(forged) <= honest


@pytest.mark.parametrize("mail", RECORDED, ids=[f"{m.border}-{m.name}" for m in RECORDED])
def test_what_is_kept_of_a_header_says_the_same(mail: Recorded) -> None:
    borders = [Border(**entry) for b in BORDERS if b.name == mail.border for entry in docs_of(b)["borders"]]
    again = header_of(stored_header(of(mail)))
    assert listed(again, *borders) == listed(of(mail), *borders)
    assert again.order == tuple(name[:40] for name in of(mail).order)


@given(st.binary(max_size=3000))
def test_any_header_can_be_kept(data: bytes) -> None:
    there = stored_header(parse_header(data))
    assert stored_header(header_of(there)) == there


def test_a_large_header_is_kept_from_the_top() -> None:
    top = ["Authentication-Results: mx.test; dmarc=pass", "Received: from a by mx.test; x"]
    there = stored_header(header(*top, *["X: y", "Received: from b by c.test; x"] * 5000))
    assert len(there) <= MOST
    assert listed(header_of(there), Border("mx.test"))[0].is_trusted
    secret = stored_header(header(*top, "Subject: FM1-SECRET", "X-Y: words"))
    assert "SECRET" not in secret and "words" not in secret


RECEIVED = "Received: from out.test (out.test [203.0.113.9]) by mx.test; Sat, 21 Nov 2026 10:00:00 +0000"
HOP = "Received: from x by gw.test; Sat, 21 Nov 2026 10:00:00 +0000"
RESULTS = "Authentication-Results: mx.test; dmarc=pass header.from=a.test; spf=fail"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([RESULTS, RECEIVED], "id mx.test by host mx.test, above its Received, dmarc=pass, spf=fail"),
        ([RECEIVED, RESULTS], "id mx.test by host mx.test, below its Received, dmarc=pass, spf=fail"),
        ([RESULTS], "id mx.test without a Received, dmarc=pass, spf=fail"),
        ([RECEIVED, "X: y", RESULTS], "id mx.test without a Received, dmarc=pass, spf=fail"),
        (
            ["Authentication-Results: ; none", RECEIVED],
            "id (none) by host mx.test, above its Received, no result",
        ),
        (
            ["Authentication-Results: mx.test; ((", RECEIVED],
            "id mx.test by host mx.test, above its Received, cannot",
        ),
    ],
)
def test_a_field_is_told_in_a_line(lines: list[str], said: str) -> None:
    (field,) = listed(header(*lines))
    assert str(field).startswith(said)
    assert str(field).endswith("trusted: no")


@pytest.mark.parametrize(
    "name", ["a}, {b", "x: y", "#", "- a", "\x1b[2J", "", "ä.test", "a" * 101, "&a", "*a", "mx.test\x00"]
)
def test_no_other_id_than_settings_take_is_proposed(name: str) -> None:
    for lines in (
        [f"Authentication-Results: {name}; dmarc=pass", RECEIVED],
        [RECEIVED, f"{RESULTS}; {name}"],
    ):
        for field in listed(header(*lines)):
            if field.entry:
                (entry,) = yaml.safe_load(settings(field.entry))
                assert entry["id"] == field.entry.id
                assert "\x1b" not in settings(field.entry)


@pytest.mark.parametrize("name", ["on", "1.5", "null", "0123", "1e3", "_", "ORIGINATING", "mx.test", "a.1e3"])
def test_an_id_is_written_so_that_yaml_reads_the_same_text(name: str) -> None:
    assert yaml.safe_load(settings(Border(name, name)))[0] == {"id": name, "host": name, "results": "above"}


def test_a_gateway_is_proposed_with_its_host_and_a_condition() -> None:
    inner = "Received: from gw.test (gw.test [203.0.113.24]) by inner.test; Sat, 21 Nov 2026 10:00:00 +0000"
    (field,) = listed(header(inner, "Authentication-Results: gw.test; dmarc=pass", HOP))
    assert field.entry == Border("gw.test", "gw.test", via=("203.0.113.24",))
    assert not field.is_receivers
    assert settings(field.entry).endswith('results: above, via: ["203.0.113.24"]}')
    verified = inner.replace("inner.test;", "inner.test (Postfix);")
    (field,) = listed(header(verified, "Authentication-Results: gw.test; dmarc=pass", HOP))
    assert field.entry == Border("gw.test", "gw.test")


def test_exchange_online_s_own_field_is_the_topmost_nameless_one_alone() -> None:
    nameless = "Authentication-Results: dmarc=pass header.from=a.test"
    first, second = listed(header(nameless, RECEIVED, nameless), exchange_online=True)
    assert (first.is_trusted, second.is_trusted) == (True, False)


_COMMENT = re.compile(r"\([^()]*\)")


@given(st.text("()a; \\", max_size=60))
def test_comments_are_taken_out_of_an_id_as_if_one_after_the_other(text: str) -> None:
    bare = text.partition(";")[0]
    while (less := _COMMENT.sub(" ", bare)) != bare:
        bare = less
    words = bare.split()
    assert loose_id(text.encode()) == (words[0].strip(".\\") if words else "")
