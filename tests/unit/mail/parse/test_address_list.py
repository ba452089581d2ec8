"""What a field with a list of addresses says: its addresses, and nothing of its names and comments."""

import pytest

from flexmaild.mail.parse.address_list import entries

A, B = "a@x.test", "b@y.test"

READ = {
    A: [A],
    f"<{A}>": [A],
    f"Ann <{A}>, {B}": [A, B],
    f"{A}; {B};": [A, B],
    f'"Ann, {B}" <{A}>': [A],
    f'"An\\"n <{B}>" <{A}>': [A],
    f"Doe, Ann <{A}>": ["Doe", A],
    f"{B} <{A}>": [A],
    f"=?utf-8?q?b=40y=2Etest?= <{A}>": [A],
    "=?utf-8?q?b=40y=2Etest?=": ["=?utf-8?q?b=40y=2Etest?="],
    f"{A} ({B})": [A],
    f"(see (also) {B},) {A}": [A],
    f'(it"s) {A}, "(" <{B}>': [A, B],
    f"<{A} (work)>": [A],
    "a (work) @ (here) x.test": [A],
    f"Team: Ann <{A}>, {B};": [A, B],
    f"{B}: {A};, {B}": [A, B],
    "undisclosed-recipients:;": [],
    "": [],
    " , ,": [],
    '"a"@x.test': ['"a"@x.test'],
    "a@[IPv6:::1]": ["a@[IPv6:::1]"],
}
UNREADABLE = {
    f"<{A}> <{B}>": [""],
    f"<{A}> {B}": [""],
    f"Ann <{A}": [""],
    f"{B}, ({A}": [B, ""],
    f'"Ann <{A}>, {B}': [f'"Ann <{A}>, {B}'],
    f"{B}, Ann <{A}, {A}": [B, "", A],
}


@pytest.mark.parametrize("text", READ)
def test_every_address_of_a_list_is_found_and_no_other(text: str) -> None:
    assert list(entries(text)) == READ[text]


@pytest.mark.parametrize("text", UNREADABLE)
def test_an_entry_that_cannot_be_read_is_said_to_be_one(text: str) -> None:
    assert list(entries(text)) == UNREADABLE[text]


@pytest.mark.parametrize("piece", [*'(<["\\,:)>', "((", "<(", '"\\', '\\"', '("'])
def test_any_text_is_read_in_one_go(piece: str) -> None:
    """Where a piece could make the whole be read again for each of it, this would take some minutes."""
    assert not any("@" in entry for entry in entries(piece * ((1 << 18) // len(piece))))
