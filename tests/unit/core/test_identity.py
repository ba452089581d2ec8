"""Whether a mail is the one we know."""

import pytest

from flexmaild.core.identity import Identity, differs, is_same

KEPT = Identity(1156, "1764200000", "<a@corp.test>")


@pytest.mark.parametrize(
    ("found", "same"),
    [
        (KEPT, True),
        (Identity(129, KEPT.arrived, KEPT.name), False),
        (Identity(KEPT.size, "1764200001", KEPT.name), False),
        (Identity(KEPT.size, KEPT.arrived, "<b@corp.test>"), False),
        (Identity(KEPT.size, KEPT.arrived), True),  # a mail of which nothing could be fetched
        (Identity(0, KEPT.arrived, KEPT.name), True),  # a server whose sizes change
        (Identity(KEPT.size), False),
        (Identity(), False),
    ],
    ids=["same", "size", "date", "name", "no name", "no size", "a size alone", "nothing told"],
)
def test_a_mail_is_the_one_we_know_when_all_that_is_told_agrees(found: Identity, same: bool) -> None:
    assert is_same(KEPT, found) is is_same(found, KEPT) is same


def test_what_an_older_version_kept_is_compared_by_the_message_id() -> None:
    old = Identity(1156, "", "<a@corp.test>")
    assert is_same(old, KEPT)
    assert differs(old, Identity(1156, KEPT.arrived, "<b@corp.test>"))
    nameless = Identity(1156)
    assert not is_same(nameless, KEPT) and not differs(nameless, KEPT)
