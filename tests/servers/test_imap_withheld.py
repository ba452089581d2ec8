"""Mails that a server does not hand out, or puts a text of its own in the place of: they hold up no other
mail, are neither judged nor deleted, and are tried again."""

from dataclasses import replace

import pytest

from flexmaild.core.errors import TryLater
from flexmaild.core.identity import Identity
from flexmaild.core.ports import Fetched, MessageUid
from flexmaild.transports.imap.inbox import ImapInbox
from tests.support.inboxes import inbox_at, mail, nobody_is_known, subjects
from tests.support.scripted import ImapServer, Serving

COURIER = (
    b"From: System Administrator <root@localhost>\r\nSubject: message unavailable\r\n\r\n"
    b"This message is no longer available on the server.\r\n"
)


def five() -> ImapServer:
    return ImapServer({}, tuple(mail(f"s{number}") for number in range(1, 6)))


def polled(inbox: ImapInbox, kept: dict[MessageUid, Identity] | None = None) -> list[Fetched]:
    """What a poll reads and deletes. kept: of the polls before, and of this one afterwards."""
    known = {} if kept is None else kept
    inbox.open()
    read: list[Fetched] = []
    while fetched := inbox.fetch(2, lambda marks: {mark: known[mark] for mark in marks if mark in known}):
        read += fetched
        known.update((one.uid, one.identity) for one in fetched)
        inbox.delete([one.uid for one in fetched])
    inbox.delete(())
    inbox.rest()
    return read


def asked_for(server: ImapServer, uid: int) -> int:
    """How often that mail alone was asked for since the last call."""
    lines = [line for line in server.heard if f"UID FETCH {uid} " in line]
    server.heard.clear()
    return len(lines)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("NIL", "returned nothing"),
        ('""', "returned nothing"),
        ("NO", "a mail cannot be read"),
        ("BYE", "the server ended the connection"),
    ],
)
def test_a_withheld_mail_is_reported_and_the_others_are_read(serving: Serving, said: str, told: str) -> None:
    server = serving(five())
    server.withheld[1] = server.withheld[4] = said
    inbox, kept = inbox_at(server), dict[MessageUid, Identity]()
    assert subjects(polled(inbox, kept)) == ["s2", "s3", "s5"]
    withheld = inbox.unreadable()
    assert withheld is not None and (withheld.number, withheld.folder) == (2, "INBOX")
    assert told in withheld.said
    # What was read behind a connection that broke is compared before it is deleted.
    assert {1, 4} <= set(server.folder) <= {1, 2, 3, 4}
    del server.withheld[4]
    assert subjects(polled(inbox, kept)) == ["s4"]
    assert set(server.folder) <= {1, 4}
    assert (left := inbox.unreadable()) is not None and left.number == 1
    server.folder.pop(1)  # by somebody else
    assert polled(inbox, kept) == [] and inbox.unreadable() is None


def test_it_is_tried_again_less_and_less_often(serving: Serving) -> None:
    server = serving(five())
    server.withheld[1] = "NIL"
    inbox = inbox_at(server)
    polled(inbox)
    server.heard.clear()
    tried = []
    for _ in range(24):
        polled(inbox)
        tried.append(asked_for(server, 1))
    polls = [number for number, times in enumerate(tried, 1) if times]
    assert polls == [1, 3, 7, 15]
    assert sum(tried) == len(polls)


@pytest.mark.parametrize("said", ["NO", "BYE"])
def test_a_server_that_hands_out_nothing_costs_a_bounded_number_of_tries(serving: Serving, said: str) -> None:
    server = serving(ImapServer({}, tuple(mail(f"s{number}") for number in range(1, 41))))
    server.withheld = dict.fromkeys(range(1, 41), said)
    inbox = inbox_at(server)
    inbox.open()
    with pytest.raises(TryLater, match="too many mails"):
        inbox.fetch(30, nobody_is_known)
    logins = [line for line in server.heard if "AUTHENTICATE" in line]
    assert len(logins) < 35
    server.withheld = dict.fromkeys(range(1, 11), said)
    inbox.open()
    inbox.close()
    later = inbox_at(server)
    assert len(polled(later)) == 30
    assert (left := later.unreadable()) is not None and left.number == 10


def test_what_a_server_put_in_the_place_of_a_mail_is_not_that_mail(serving: Serving) -> None:
    """Courier, while the file's rights are wrong; then the mail has the same number and another size."""
    server = serving(ImapServer({}, (COURIER, mail("other"))))
    inbox = inbox_at(server)
    assert subjects(polled(inbox)) == ["other"]
    assert (withheld := inbox.unreadable()) is not None and "a text of its own" in withheld.said
    assert set(server.folder) == {1}
    server.folder[1] = mail("genuine")
    assert subjects(polled(inbox)) == ["genuine"]
    assert inbox.unreadable() is None and not server.folder


@pytest.mark.parametrize("said", ["NIL", "NO", "BYE", COURIER])
def test_what_an_earlier_poll_left_and_cannot_be_looked_at_stays(serving: Serving, said: str | bytes) -> None:
    server = serving(five())
    inbox = inbox_at(server)
    inbox.open()
    kept = {one.uid: one.identity for one in inbox.fetch(2, nobody_is_known)}
    inbox.close()
    if isinstance(said, str):
        server.withheld[1] = said
    else:
        whole = server.folder[1]
        server.folder[1] = said + b" " * (len(whole) - len(said))
        first = min(kept, key=lambda mark: mark.uid)
        kept[first] = replace(kept[first], size=len(server.folder[1]))
    later = inbox_at(server)
    later.open()
    assert subjects(later.fetch(10, lambda marks: kept)) == ["s3", "s4", "s5"]
    later.delete(())
    later.rest()
    assert set(server.folder) == {1, 3, 4, 5}
    assert (left := later.unreadable()) is not None and left.number == 1


def test_where_nothing_was_left_nothing_is_asked_for_twice(serving: Serving) -> None:
    server = serving(five())
    polled(inbox_at(server))
    assert not any("HEADER" in line for line in server.heard)


def test_what_was_left_is_looked_at_once_and_deleted(serving: Serving) -> None:
    server = serving(five())
    inbox = inbox_at(server)
    inbox.open()
    kept = {one.uid: one.identity for one in inbox.fetch(3, nobody_is_known)}
    other = MessageUid(next(iter(kept)).mailbox, "7", "3")
    kept[other] = replace(kept[other], name="<another@corp.test>")
    inbox.close()
    later = inbox_at(server)
    later.open()
    assert subjects(later.fetch(3, lambda marks: kept)) == ["s3", "s4", "s5"]
    later.delete(())
    assert set(server.folder) == {3, 4, 5}
    headers = [line.split(" ", 1)[1] for line in server.heard if "HEADER" in line]
    assert headers == ["UID FETCH 1,2,3 (BODY.PEEK[HEADER]<0.65536>)"]


def test_behind_a_new_connection_nothing_is_deleted_by_its_number(serving: Serving) -> None:
    """The server may have been down to restore the mailbox."""
    server = serving(five())
    inbox = inbox_at(server)
    inbox.open()
    marks = [one.uid for one in inbox.fetch(2, nobody_is_known)]
    inbox.close()
    assert inbox.delete(marks) == 0
    assert len(server.folder) == 5


def test_where_nothing_can_be_deleted_what_was_passed_over_is_not_looked_at_again(serving: Serving) -> None:
    """But where another mail lies at the last of these places, others may lie before it, too."""
    server = serving(five())
    server.answers["EXAMINE"] = server.answers["SELECT"] = (
        "* 5 EXISTS\n* OK [UIDVALIDITY 7] ok\n* OK [UIDNEXT 6] ok\n{tag} OK [READ-ONLY] open"
    )
    inbox = inbox_at(server)
    inbox.open()
    kept = {one.uid: one.identity for one in inbox.fetch(9, nobody_is_known)}
    later = inbox_at(server)
    asked = []
    for _ in range(2):
        server.heard.clear()
        later.open()
        assert later.fetch(2, lambda marks: kept) == []
        later.rest()
        asked.append([line.split(" ")[3] for line in server.heard if "HEADER" in line])
    assert asked == [["1,2", "3,4,5"], ["3,4", "5"]]
    server.folder[3], server.folder[4] = mail("new 3"), mail("new 4")
    later.open()
    assert subjects(later.fetch(2, lambda marks: kept)) == ["new 3", "new 4"]
