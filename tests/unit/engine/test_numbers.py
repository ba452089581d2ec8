"""Whether the numbers of a folder's mails went back."""

from flexmaild.core.identity import Identity
from flexmaild.core.ports import Fetched, FolderState, MessageUid
from flexmaild.engine.polling.uids import UidWatch
from flexmaild.observe.health import WentBack

BOX = "imap://u@h/INBOX"


def mark(number: int, validity: str = "7") -> MessageUid:
    return MessageUid(BOX, validity, str(number))


def found(following: int, validity: str = "7") -> FolderState:
    return FolderState(1, True, next=mark(following, validity))


def test_numbers_went_back_while_the_next_is_one_that_was_given_before() -> None:
    asked = []

    def highest(mailbox: str, validity: str) -> int:
        asked.append((mailbox, validity))
        return 9 if validity == "7" else 0

    numbers = UidWatch(lambda marks: {}, highest)
    shown = []
    for state in (found(10), found(12), found(11), found(12), found(5), found(11), found(12), found(3, "8")):
        numbers.begin(state)
        shown.append(numbers.went_back())
    back = [None if one is None else (one.next, one.highest) for one in shown]
    assert back == [None, None, (11, 11), None, (5, 11), (11, 11), None, None]
    assert asked == [(BOX, "7"), (BOX, "8")]


def test_what_was_processed_before_the_start_counts() -> None:
    numbers = UidWatch(lambda marks: {}, lambda mailbox, validity: 9)
    numbers.begin(found(9))
    assert numbers.went_back() == WentBack(BOX, 0, 9, 9)


def test_a_known_number_of_another_mail_is_told_by_the_poll_that_reads_it() -> None:
    kept = {mark(1): Identity(5, "monday"), mark(2): Identity(6, "", "")}
    numbers = UidWatch(lambda marks: kept, lambda mailbox, validity: 2)
    numbers.begin(found(3))
    assert numbers.known([mark(1), mark(2)]) == kept
    # The second may be the same mail; nothing is told of it.
    numbers.read([Fetched(mark(1), 7, b"", arrived="tuesday"), Fetched(mark(2), 6, b"", arrived="monday")])
    assert numbers.went_back() == WentBack(BOX, 1)
    numbers.begin(found(3))
    assert numbers.went_back() is None


def test_folders_without_growing_numbers_are_watched_for_marks_that_are_used_again() -> None:
    name = MessageUid("maildir:/m", "", "1.x.host")
    numbers = UidWatch(lambda marks: {name: Identity(5, "1")}, lambda mailbox, validity: 1 // 0)
    numbers.begin(FolderState(1, True))
    numbers.known([name])
    numbers.read([Fetched(name, 6, b"", arrived="2")])
    assert numbers.went_back() == WentBack("maildir:/m", 1)
