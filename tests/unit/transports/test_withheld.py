"""When a mail that the server does not hand out is tried again."""

from flexmaild.core.ports import Unreadable
from flexmaild.transports.withheld import Withheld


def tried(withheld: Withheld[str], polls: int, *, others: bool) -> list[int]:
    """In which of the next polls a mail is tried that always fails."""
    found = []
    for number in range(1, polls + 1):
        withheld.begin()
        if others:
            withheld.handed_out()
        if not withheld.waits("mail"):
            withheld.failed("mail", f"poll {number}")
            found.append(number)
            assert withheld.waits("mail")
    return found


def test_a_mail_that_fails_alone_is_tried_less_and_less_often() -> None:
    withheld: Withheld[str] = Withheld()
    assert tried(withheld, 70, others=True) == [1, 2, 4, 8, 16, 32, 48, 64]
    assert withheld.report("INBOX") == Unreadable(1, "INBOX", "poll 64", is_recent=True)


def test_while_the_server_hands_out_nothing_all_are_tried_at_each_poll() -> None:
    withheld: Withheld[str] = Withheld()
    assert tried(withheld, 5, others=False) == [1, 2, 3, 4, 5]


def test_a_mail_that_failed_alone_once_keeps_its_pause() -> None:
    withheld: Withheld[str] = Withheld()
    assert tried(withheld, 1, others=True) == [1]
    assert tried(withheld, 16, others=False) == [1, 3, 7, 15]


def test_what_was_read_or_is_gone_is_forgotten() -> None:
    withheld: Withheld[str] = Withheld()
    tried(withheld, 9, others=True)
    withheld.forget(lambda key: key == "mail")
    assert withheld.report("INBOX") is None and not withheld.waits("other") and len(withheld) == 0
