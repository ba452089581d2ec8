"""Mails of which a server cannot even tell the size keep no other from being listed, read and deleted."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flexmaild.core.errors import Failure, TryLater
from flexmaild.core.identity import Identity
from flexmaild.core.ports import MessageUid
from flexmaild.transports.imap import inbox as imap
from tests.support.dovecot import Dovecot, User
from tests.support.inboxes import inbox_at, inbox_of, mail, nobody_is_known, subjects
from tests.support.scripted import Dialogue, Gone, ImapServer, Serving, numbers


def polled(inbox: Any, limit: int = 30) -> list[str]:
    """What a poll reads and deletes, until it fails."""
    read = list[str]()
    try:
        inbox.open()
        while len(read) < limit and (fetched := inbox.fetch(limit - len(read), nobody_is_known)):
            read += subjects(fetched)
            inbox.delete([one.uid for one in fetched])
        inbox.delete(())
        inbox.rest()
    except Failure:
        inbox.close()
    return read


def put(dovecot: Dovecot, user: User, name: str, data: bytes, mode: int = 0o600) -> None:
    """As other delivery agents than Dovecot's do: without a size in the name."""
    home = dovecot.root / "mail" / user.name / "Maildir"
    for part in ("tmp", "new", "cur"):
        (home / part).mkdir(parents=True, exist_ok=True)
    own = (dovecot.root / "mail").stat()
    for made in (home.parent, home, *(home / part for part in ("tmp", "new", "cur"))):
        os.chown(made, own.st_uid, own.st_gid)
    file = Path(home / "new" / name)
    file.write_bytes(data)
    os.chown(file, *((0, 0) if not mode else (own.st_uid, own.st_gid)))
    file.chmod(mode)


@pytest.mark.parametrize("how", ["", "imap_fetch_failure = no-after\n"])
def test_a_file_that_dovecot_cannot_open_keeps_no_other_from_being_read(
    new_dovecot: Callable[..., Dovecot], how: str
) -> None:
    """By default it ends the connection, with the setting it refuses the whole list."""
    dovecot = new_dovecot(how)
    user = dovecot.user()
    put(dovecot, user, "1764200000.M1P1.host", mail("bad"), 0)
    put(dovecot, user, "1764200001.M1P1.host", mail("good"))
    inbox = inbox_of(user, dovecot.imap)
    assert ["good"] in [polled(inbox) for _ in range(3)]
    withheld = inbox.unreadable()
    assert withheld is not None and withheld.number == 1
    inbox.close()


class ListsAs(ImapServer):
    """Tells `item` instead of the first mail's size."""

    item = ""

    def fetch(self, talk: Dialogue, tag: str, command: str, rest: str) -> None:
        if "RFC822.SIZE" not in rest:
            return super().fetch(talk, tag, command, rest)
        for number, uid in enumerate(sorted(self.folder), 1):
            size = f"RFC822.SIZE {len(self.folder[uid])}"
            talk.say(f"* {number} FETCH (UID {uid} {self.item if uid == 1 else size})")
        return talk.say(f"{tag} OK done")


@pytest.mark.parametrize("item", ["RFC822.SIZE NIL", 'RFC822.SIZE "abc"', "RFC822.SIZE (1 2)", "FLAGS ()"])
def test_a_mail_without_a_size_is_reported_and_the_others_are_read(serving: Serving, item: str) -> None:
    server = serving(ListsAs({}, (mail("s1"), mail("s2"))))
    server.item = item
    inbox = inbox_at(server)
    assert polled(inbox) == ["s2"]
    withheld = inbox.unreadable()
    assert withheld is not None and (withheld.number, set(server.folder)) == (1, {1})


@pytest.mark.parametrize("said", ["NO", "BYE"])
def test_however_many_are_withheld_at_the_head_those_behind_are_read(serving: Serving, said: str) -> None:
    number = 12
    server = serving(ImapServer({}, tuple(mail(f"s{n}") for n in range(1, number + 3))))
    server.withheld = dict.fromkeys(range(1, number + 1), said)
    inbox = inbox_at(server)
    read = [subject for _ in range(12) for subject in polled(inbox)]
    assert {f"s{number + 1}", f"s{number + 2}"} <= set(read)


class RestoredMeanwhile(ImapServer):
    """The second connection that breaks is where another mail gets the first one's number."""

    breaks = 0

    def fetch(self, talk: Dialogue, tag: str, command: str, rest: str) -> None:
        try:
            super().fetch(talk, tag, command, rest)
        except Gone:
            self.breaks += 1
            if self.breaks == 2:
                self.folder[1] = mail("genuine", b"Reject\r\nnot this one\r\n")
            raise


def test_what_was_read_behind_a_connection_that_broke_is_not_deleted_by_its_number(serving: Serving) -> None:
    server = serving(RestoredMeanwhile({}, tuple(mail(f"s{n}") for n in range(1, 4))))
    server.withheld[2] = "BYE"
    inbox = inbox_at(server)
    assert "genuine" in [subject for _ in range(3) for subject in polled(inbox)]


class ListsNothing(ImapServer):
    def fetch(self, talk: Dialogue, tag: str, command: str, rest: str) -> None:
        if "RFC822.SIZE" in rest:
            talk.say(f"{tag} NO [SERVERBUG] some messages could not be fetched")
        else:
            super().fetch(talk, tag, command, rest)


def test_a_server_that_lists_nothing_at_all_fails_the_poll_and_is_no_empty_folder(serving: Serving) -> None:
    server = serving(ListsNothing({}, tuple(mail(f"s{n}") for n in range(1, 6))))
    inbox = inbox_at(server)
    inbox.open()
    with pytest.raises(TryLater, match="cannot be listed"):
        inbox.fetch(30, nobody_is_known)


@pytest.mark.parametrize("number", [12, 40])
def test_however_many_files_dovecot_cannot_open_the_others_are_read(
    new_dovecot: Callable[..., Dovecot], number: int
) -> None:
    """As after a restore under another owner. By default each ends the connection."""
    dovecot = new_dovecot("")
    user = dovecot.user()
    for one in range(number * 2):
        put(dovecot, user, f"{1764200000 + one}.M1P1.host", mail(f"s{one}"), one % 2 * 0o600)
    inbox = inbox_of(user, dovecot.imap)
    read = {subject for _ in range(8) for subject in polled(inbox, number * 2)}
    inbox.close()
    assert read == {f"s{one}" for one in range(number * 2) if one % 2}


class CanOnlyBeRead(ImapServer):
    def answer(self, talk: Dialogue, tag: str, command: str, rest: str) -> None:
        if command != "SELECT":
            return super().answer(talk, tag, command, rest)
        talk.say(f"* {len(self.folder)} EXISTS\n* OK [UIDVALIDITY 7] ok\n* OK [UIDNEXT {self.next}] ok")
        return talk.say(f"* OK [PERMANENTFLAGS ()] none\n{tag} OK [READ-ONLY] open")


@pytest.mark.parametrize("is_withheld", [False, True])
def test_a_fetch_that_brings_nothing_has_looked_at_the_whole_folder(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, is_withheld: bool
) -> None:
    """What the poller takes as read to the end. The mails pile up, since the folder can only be read."""
    monkeypatch.setattr(imap, "_WIDER", 5)
    server = serving(CanOnlyBeRead({}, tuple(mail(f"s{n}") for n in range(1, 41))))
    first = inbox_at(server)
    first.open()
    known: dict[MessageUid, Identity] = {}
    while found := first.fetch(10, nobody_is_known):
        known |= {one.uid: one.identity for one in found}
    if is_withheld:
        del known[next(mark for mark in known if mark.uid == "1")]
        server.withheld[1] = "NO"
    server.folder[41] = mail("change of mind")
    inbox = inbox_at(server)
    inbox.open()
    assert subjects(inbox.fetch(5, lambda marks: known)) == ["change of mind"]


class LeavesOut(ImapServer):
    """Says OK to the list, and one of the mails that it counted is not in it."""

    left_out = 0

    def fetch(self, talk: Dialogue, tag: str, command: str, rest: str) -> None:
        if "RFC822.SIZE" not in rest:
            return super().fetch(talk, tag, command, rest)
        chosen = numbers(rest.partition("FETCH ")[2].split(" ")[0])
        for number, (uid, data) in enumerate(sorted(self.folder.items()), 1):
            if (uid if command == "UID FETCH" else number) in chosen and uid != self.left_out:
                talk.say(f"* {number} FETCH (UID {uid} RFC822.SIZE {len(data)})")
        return talk.say(f"{tag} OK done")


def test_a_mail_that_the_list_leaves_out_is_reported_as_withheld(serving: Serving) -> None:
    server = serving(LeavesOut({}, (mail("s1"), mail("s2"), mail("s3"))))
    server.left_out = 2
    inbox = inbox_at(server)
    assert polled(inbox) == ["s1", "s3"] and set(server.folder) == {2}
    assert inbox.unreadable() is not None


class TellsOfOthers(ImapServer):
    """Lists one mail at a time, and tells then that something else of the first one has changed."""

    def fetch(self, talk: Dialogue, tag: str, command: str, rest: str) -> None:
        if "RFC822.SIZE" not in rest:
            return super().fetch(talk, tag, command, rest)
        uids = numbers(rest.partition("FETCH ")[2].split(" ")[0])
        if command != "UID FETCH" or len(uids) > 1:
            return talk.say(f"{tag} NO [SERVERBUG] some messages could not be fetched")
        for uid in uids:
            talk.say(f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(self.folder[uid])})")
        return talk.say(f"* 1 FETCH (UID 1 FLAGS (\\Seen))\n{tag} OK done")


def test_what_a_server_tells_unasked_hides_no_mail(serving: Serving) -> None:
    server = serving(TellsOfOthers({}, (mail("s1"), mail("s2"))))
    assert polled(inbox_at(server)) == ["s1", "s2"]


def test_a_mail_that_the_list_leaves_out_does_not_end_the_folder(serving: Serving) -> None:
    """The folder is larger than a look, and what lies in it can be neither deleted nor is new."""
    server = serving(LeavesOut({}, tuple(mail(f"s{n}") for n in range(1, 41))))
    inbox = inbox_at(server)
    inbox.open()
    known = {one.uid: one.identity for one in inbox.fetch(40, nobody_is_known)}
    known = {mark: replace(identity, arrived="") for mark, identity in known.items()}
    server.left_out = 3
    server.folder[41] = mail("change of mind")
    again = inbox_at(server)
    again.open()
    assert subjects(again.fetch(5, lambda marks: known)) == ["change of mind"]
