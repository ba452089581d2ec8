"""What every inbox promises, for each kind in the table; a new kind needs a row in MAILBOXES and no test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from flexmaild.core.errors import Failure
from flexmaild.core.identity import Identity
from flexmaild.core.ports import Fetched, Inbox, MessageUid
from flexmaild.net.sasl import Credentials
from flexmaild.settings.javamail.session import ImapSession
from flexmaild.transports import INCOMING
from flexmaild.transports.graph.inbox import GraphInbox
from flexmaild.transports.imap.inbox import ImapInbox
from flexmaild.transports.maildir.inbox import MaildirInbox
from tests.support.fake_microsoft import FakeMicrosoft
from tests.support.fake_microsoft.bench import USER, api

# Large enough to make an inbox leave attachments on the server; `most` below is above it.
BIG = 2_000_000


@dataclass
class Mailbox:
    """One kind on real ground.

    inbox: makes an inbox of the same mailbox anew, as after a restart: `folder`, `move_to`. deliver: puts
    mails in, the first the oldest. subjects: of the mails in a folder. vanish: somebody else removes the
    oldest. broken: an inbox of the kind that cannot work.
    """

    inbox: Callable[..., Inbox]
    deliver: Callable[[Sequence[bytes]], None]
    subjects: Callable[[str], list[str]]
    vanish: Callable[[], None]
    broken: Inbox
    most: int = 4_000_000


def imap(request: pytest.FixtureRequest) -> Mailbox:
    dovecot = request.getfixturevalue("dovecot")
    user = dovecot.user()
    session = ImapSession("localhost", dovecot.imap, user=user.name)
    credentials = Credentials(lambda: user.password)

    def inbox(folder: str = "INBOX", move_to: str = "") -> Inbox:
        made = ImapInbox(session, credentials, folder=folder, move_to=move_to, most=Mailbox.most)
        request.addfinalizer(made.close)
        return made

    def vanish() -> None:
        other = dovecot.client(user)
        other.store("1", "+FLAGS", "(\\Deleted)")
        other.expunge()
        other.logout()

    return Mailbox(
        inbox,
        lambda mails: dovecot.deliver(user, mails),
        lambda folder: dovecot.subjects(user, folder),
        vanish,
        ImapInbox(session, credentials, folder="No such folder"),
    )


def maildir(request: pytest.FixtureRequest) -> Mailbox:
    path: Path = request.getfixturevalue("tmp_path") / "in"
    (path.parent / "file").write_text("not a directory")
    count = iter(range(1000))

    def deliver(mails: Sequence[bytes]) -> None:
        for part in ("tmp", "new", "cur"):
            (path / part).mkdir(parents=True, exist_ok=True)
        for mail in mails:
            (path / "new" / f"{1_000_000_000 + next(count)}.x.host").write_bytes(mail)

    def subjects(folder: str) -> list[str]:
        place = path if folder == "INBOX" else path / f".{folder}"
        files = sorted(f for part in ("new", "cur") for f in (place / part).iterdir())
        return [str(message_from_bytes(file.read_bytes())["Subject"]) for file in files]

    return Mailbox(
        lambda folder="INBOX", move_to="": MaildirInbox(
            path, folder=folder, move_to=move_to, most=Mailbox.most
        ),
        deliver,
        subjects,
        lambda: min((path / "new").iterdir()).unlink(),
        MaildirInbox(path.parent / "file"),
    )


def graph(request: pytest.FixtureRequest) -> Mailbox:
    fake = FakeMicrosoft()
    request.addfinalizer(fake.close)
    box = fake.add_user(USER)
    assert box is not None
    done = box.add_folder("Done")

    def inbox(folder: str = "INBOX", move_to: str = "") -> Inbox:
        made = GraphInbox(api(fake), folder, move_to=move_to, max_size=Mailbox.most)
        request.addfinalizer(made.close)
        return made

    def vanish() -> None:
        oldest = min(box.listing("inbox"), key=lambda m: m.received)
        del box.messages[oldest.immutable_id]

    def subjects(folder: str) -> list[str]:
        mails = sorted(box.listing("inbox" if folder == "INBOX" else done), key=lambda m: m.received)
        return [str(message_from_bytes(m.raw)["Subject"]) for m in mails]

    return Mailbox(
        inbox,
        lambda mails: [box.put(mail) for mail in mails] and None,
        subjects,
        vanish,
        GraphInbox(api(fake), "No such folder"),
    )


MAILBOXES: dict[str, Callable[[pytest.FixtureRequest], Mailbox]] = {
    "imap": imap,
    "maildir": maildir,
    "graph": graph,
}


@pytest.fixture(params=sorted(MAILBOXES))
def mailbox(request: pytest.FixtureRequest) -> Mailbox:
    return MAILBOXES[request.param](request)


def mail(subject: str, body: bytes = b"Approve\r\n") -> bytes:
    return f"From: a@mail.test\r\nSubject: {subject}\r\n\r\n".encode() + body


def with_attachment(subject: str, size: int = BIG, kind: str = "application/pdf") -> bytes:
    """A reply with text and HTML part and one attachment."""
    return (
        mail(subject, b"").rstrip(b"\r\n")
        + b'\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=out 1"\r\n\r\nold clients\r\n'
        b"--=out 1\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n"
        b"--in\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nApprove with thanks\r\n"
        b"--in\r\nContent-Type: text/html\r\n\r\n<p>Approve with thanks</p>\r\n--in--\r\n"
        b"--=out 1\r\nContent-Type: " + kind.encode() + b"\r\nContent-Disposition: attachment; filename=x\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
        + (b"QUJD" * 19 + b"\r\n") * (size // 78)
        + b"--=out 1--\r\n"
    )


def none_is_known(uids: Sequence[MessageUid]) -> dict[MessageUid, Identity]:
    return {}


def all_of(mailbox: Mailbox, count: int) -> dict[MessageUid, Identity]:
    """The oldest mails, as they are kept when they were committed."""
    inbox = mailbox.inbox()
    inbox.open()
    found = inbox.fetch(count, none_is_known)
    inbox.close()
    return {mail.uid: mail.identity for mail in found}


def subjects(mails: Sequence[Fetched]) -> list[str]:
    return [str(message_from_bytes(m.data or b"")["Subject"]) for m in mails]


def test_every_kind_of_the_table_is_held_to_the_contract() -> None:
    """A kind in the table without a row in MAILBOXES is not tested."""
    assert set(INCOMING) <= set(MAILBOXES)


def test_the_oldest_come_first_and_never_more_than_asked_for(mailbox: Mailbox) -> None:
    mailbox.deliver([mail(f"s{number}") for number in range(7)])
    inbox = mailbox.inbox()
    assert inbox.open().messages == 7
    assert subjects(inbox.fetch(3, none_is_known)) == ["s0", "s1", "s2"]


def test_reading_removes_nothing(mailbox: Mailbox) -> None:
    mailbox.deliver([mail("s0"), mail("s1")])
    inbox = mailbox.inbox()
    inbox.open()
    inbox.fetch(10, none_is_known)
    inbox.rest()
    inbox.close()
    assert mailbox.subjects("INBOX") == ["s0", "s1"]


def test_only_what_was_named_is_removed_and_counted(mailbox: Mailbox) -> None:
    mailbox.deliver([mail(f"s{number}") for number in range(4)])
    inbox = mailbox.inbox()
    assert inbox.open().can_delete
    fetched = inbox.fetch(3, none_is_known)
    assert inbox.delete([fetched[0].uid, fetched[2].uid]) == 2
    assert mailbox.subjects("INBOX") == ["s1", "s3"]


def test_a_poll_hands_out_each_mail_once_and_the_next_poll_again(mailbox: Mailbox) -> None:
    """A mail that could not be committed does not stop the mails behind it."""
    mailbox.deliver([mail(f"s{number}") for number in range(5)])
    inbox = mailbox.inbox()
    inbox.open()
    assert subjects(inbox.fetch(2, none_is_known)) == ["s0", "s1"]
    assert subjects(inbox.fetch(2, none_is_known)) == ["s2", "s3"]
    assert subjects(inbox.fetch(2, none_is_known)) == ["s4"]
    assert inbox.fetch(2, none_is_known) == []
    inbox.rest()
    inbox.open()
    assert subjects(inbox.fetch(2, none_is_known)) == ["s0", "s1"]


def test_only_what_comes_after_a_look_at_the_newest_is_behind_it(mailbox: Mailbox) -> None:
    """So a reader who meets a mail behind it has met everything that lay there when it looked."""
    inbox = mailbox.inbox()
    inbox.open()
    assert inbox.newest() is None
    mailbox.deliver([mail(f"s{number}") for number in range(3)])
    newest = inbox.newest()
    assert newest is not None
    mailbox.deliver([mail("late")])
    inbox.rest()
    inbox.open()
    fetched = inbox.fetch(9, none_is_known)
    assert subjects([m for m in fetched if m.position and m.position.is_behind(newest)]) == ["late"]
    assert inbox.delete([m.uid for m in fetched]) == len(fetched)
    assert inbox.newest() is None


def test_fetch_and_dispose_by_turns_empty_the_folder(mailbox: Mailbox) -> None:
    mailbox.deliver([mail(f"s{number}") for number in range(9)])
    inbox = mailbox.inbox()
    inbox.open()
    seen = []
    while fetched := inbox.fetch(4, none_is_known):
        seen += subjects(fetched)
        assert inbox.delete([m.uid for m in fetched]) == len(fetched)
    assert seen == [f"s{number}" for number in range(9)]
    assert mailbox.subjects("INBOX") == []


def test_a_message_uid_names_the_same_mail_after_a_restart(mailbox: Mailbox) -> None:
    mailbox.deliver([mail("s0"), mail("s1")])
    inbox = mailbox.inbox()
    inbox.open()
    before = {m.uid: m.data for m in inbox.fetch(10, none_is_known)}
    inbox.close()
    later = mailbox.inbox()
    later.open()
    assert {m.uid: m.data for m in later.fetch(10, none_is_known)} == before


def test_a_mail_that_was_committed_is_not_fetched_again_but_removed(mailbox: Mailbox) -> None:
    """Its deletion failed or was cut off the last time."""
    mailbox.deliver([mail("old"), mail("new")])
    committed = all_of(mailbox, 1)
    inbox = mailbox.inbox()
    inbox.open()
    fetched = inbox.fetch(10, lambda uids: committed)
    assert subjects(fetched) == ["new"]
    assert inbox.delete([]) == 1
    assert mailbox.subjects("INBOX") == ["new"]


def test_a_mail_that_was_left_is_neither_fetched_nor_removed_and_hides_none(mailbox: Mailbox) -> None:
    mailbox.deliver([mail(f"s{number}") for number in range(12)])
    known = {mark: replace(found, is_left=True) for mark, found in all_of(mailbox, 10).items()}
    for _ in range(2):
        inbox = mailbox.inbox()
        inbox.open()
        assert subjects(inbox.fetch(2, lambda uids: known)) == ["s10", "s11"]
        assert inbox.fetch(2, lambda uids: known) == []
        assert inbox.delete([]) == 0
        inbox.rest()
        inbox.close()
    assert len(mailbox.subjects("INBOX")) == 12


def test_another_mail_with_the_uid_of_one_that_was_left_is_fetched(mailbox: Mailbox) -> None:
    mailbox.deliver([mail("new")])
    known = {
        mark: replace(found, arrived="another day", is_left=True)
        for mark, found in all_of(mailbox, 1).items()
    }
    inbox = mailbox.inbox()
    inbox.open()
    assert subjects(inbox.fetch(10, lambda uids: known)) == ["new"]


def test_known_mails_do_not_hide_those_after_them(mailbox: Mailbox) -> None:
    mailbox.deliver([mail(f"s{number}") for number in range(12)])
    known = all_of(mailbox, 10)
    inbox = mailbox.inbox()
    inbox.open()
    assert subjects(inbox.fetch(5, lambda uids: known)) == ["s10", "s11"]


# `arrived` is empty where an older version kept the mail.
ANOTHER = [{"arrived": "another day"}, {"arrived": "", "name": "other@mail.test"}]


@pytest.mark.parametrize("change", ANOTHER, ids=["time", "name"])
def test_another_mail_with_the_uid_of_a_committed_one_is_read_and_not_removed(
    mailbox: Mailbox, change: dict[str, Any]
) -> None:
    """A mailbox that was restored from a copy gives numbers and names a second time."""
    mailbox.deliver([mail("new")])
    ((mark, found),) = all_of(mailbox, 1).items()
    kept = replace(found, **change)
    inbox = mailbox.inbox()
    inbox.open()
    (again,) = inbox.fetch(10, lambda uids: {mark: kept})
    assert subjects([again]) == ["new"]
    assert inbox.delete([]) == 0
    assert mailbox.subjects("INBOX") == ["new"]
    assert inbox.delete([again.uid]) == 1


@pytest.mark.parametrize(("kind", "read"), [("imap", ["s0"]), ("maildir", ["s0"]), ("graph", [])])
def test_so_is_a_mail_of_another_size_but_where_sizes_change(
    request: pytest.FixtureRequest, kind: str, read: list[str]
) -> None:
    mailbox = MAILBOXES[kind](request)
    mailbox.deliver([mail("s0")])
    kept = {mark: replace(found, size=found.size + 1) for mark, found in all_of(mailbox, 1).items()}
    inbox = mailbox.inbox()
    inbox.open()
    assert subjects(inbox.fetch(10, lambda uids: kept)) == read
    assert inbox.delete([]) == 1 - len(read)


def test_what_an_older_version_committed_is_known_by_its_message_id(mailbox: Mailbox) -> None:
    mailbox.deliver([b"Message-ID: <a@mail.test>\r\n" + mail("old"), mail("nameless")])
    kept = {mark: replace(found, arrived="") for mark, found in all_of(mailbox, 2).items()}
    nameless = {m: replace(i, name="") if i.name != "a@mail.test" else i for m, i in kept.items()}
    inbox = mailbox.inbox()
    inbox.open()
    assert subjects(inbox.fetch(10, lambda uids: nameless)) == ["nameless"]
    assert inbox.delete([]) == 1
    assert mailbox.subjects("INBOX") == ["nameless"]


def test_what_was_a_leftover_in_an_earlier_poll_is_compared_again(mailbox: Mailbox) -> None:
    """Its deletion failed, and until the next poll the mailbox was restored."""
    mailbox.deliver([mail("s0")])
    known = all_of(mailbox, 1)
    inbox = mailbox.inbox()
    inbox.open()
    assert inbox.fetch(10, lambda uids: known) == []
    inbox.open()
    other = {mark: replace(found, arrived="another day") for mark, found in known.items()}
    assert subjects(inbox.fetch(10, lambda uids: other)) == ["s0"]
    inbox.rest()
    assert mailbox.subjects("INBOX") == ["s0"]


def test_resting_removes_nothing_not_even_what_an_earlier_poll_could_not(mailbox: Mailbox) -> None:
    """Before anything is removed the store's mark has to be written, of which only the poller knows."""
    mailbox.deliver([mail("s0")])
    known = all_of(mailbox, 1)
    inbox = mailbox.inbox()
    inbox.open()
    assert inbox.fetch(10, lambda uids: known) == []
    inbox.rest()
    inbox.close()
    assert mailbox.subjects("INBOX") == ["s0"]
    inbox.open()
    assert inbox.fetch(10, lambda uids: known) == []
    assert inbox.delete([]) == 1
    assert mailbox.subjects("INBOX") == []


def test_a_mail_that_is_gone_already_counts_as_gone(mailbox: Mailbox) -> None:
    mailbox.deliver([mail("s0"), mail("s1")])
    inbox = mailbox.inbox()
    inbox.open()
    uids = [m.uid for m in inbox.fetch(10, none_is_known)]
    mailbox.vanish()
    assert inbox.delete(uids) == 2
    assert inbox.delete(uids) == 2
    assert mailbox.subjects("INBOX") == []


def test_a_mail_that_vanishes_before_it_is_read_is_left_out(mailbox: Mailbox) -> None:
    mailbox.deliver([mail("s0"), mail("s1")])
    inbox = mailbox.inbox()
    inbox.open()

    def somebody_is_quicker(uids: Sequence[MessageUid]) -> dict[MessageUid, Identity]:
        mailbox.vanish()
        return {}

    assert "s1" in subjects(inbox.fetch(10, somebody_is_quicker))
    assert inbox.unreadable() is None


def test_a_uid_of_another_mailbox_removes_nothing(mailbox: Mailbox) -> None:
    mailbox.deliver([mail("s0")])
    inbox = mailbox.inbox()
    inbox.open()
    mark = inbox.fetch(1, none_is_known)[0].uid
    inbox.delete(
        [MessageUid(mark.mailbox, "12345", mark.uid), MessageUid("elsewhere", mark.validity, mark.uid)]
    )
    assert mailbox.subjects("INBOX") == ["s0"]


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n",
        b"not a mail at all\r\n",
        mail("nul", b"a\0b\r\n"),
        mail("8bit", bytes(range(128, 256)) + b"\r\n"),
        mail("long line", b"x" * 100_000 + b"\r\n"),
        mail("literal", b"{99999999999}\r\n* BYE\r\na1 OK\r\n)\r\n"),
    ],
    ids=["empty", "junk", "nul", "8bit", "long line", "looks like IMAP"],
)
def test_whatever_the_bytes_are_they_come_out_whole(mailbox: Mailbox, data: bytes) -> None:
    mailbox.deliver([data, mail("after")])
    inbox = mailbox.inbox()
    inbox.open()
    odd, after = inbox.fetch(10, none_is_known)
    assert odd.data is not None
    # A delivery agent puts its own fields on top, and IMAP servers give NUL as 0x80 (RFC 9051 section 4.3).
    assert odd.data.replace(b"\x80b", b"\0b").endswith(data)
    assert not odd.partial and odd.size >= len(data)
    assert subjects([after]) == ["after"]
    assert inbox.delete([odd.uid, after.uid]) == 2


def test_a_large_attachment_does_not_keep_the_text_from_being_read(mailbox: Mailbox) -> None:
    mailbox.deliver([with_attachment("big"), mail("small")])
    inbox = mailbox.inbox()
    inbox.open()
    big, small = inbox.fetch(10, none_is_known)
    assert big.size > BIG and not small.partial
    message = message_from_bytes(big.data or b"")
    assert message["Subject"] == "big"
    texts = [p.get_payload() for p in message.walk() if p.get_content_maintype() == "text"]
    assert [str(text).strip() for text in texts] == ["Approve with thanks", "<p>Approve with thanks</p>"]
    assert not message.defects


def test_a_mail_over_the_limit_without_text_comes_without_data_and_can_be_removed(mailbox: Mailbox) -> None:
    head = b"From: a@mail.test\r\nSubject: huge\r\nMIME-Version: 1.0\r\nContent-Type: application/zip\r\n\r\n"
    mailbox.deliver([head + b"0123456789abcdef\r\n" * (mailbox.most // 16), mail("after")])
    inbox = mailbox.inbox()
    inbox.open()
    huge, after = inbox.fetch(10, none_is_known)
    assert huge.data is None and huge.size > mailbox.most
    assert subjects([after]) == ["after"]
    assert inbox.delete([huge.uid]) == 1
    assert mailbox.subjects("INBOX") == ["after"]


def test_mails_can_be_moved_instead_of_deleted(mailbox: Mailbox) -> None:
    mailbox.deliver([mail("s0"), mail("s1")])
    inbox = mailbox.inbox(move_to="Done")
    inbox.open()
    fetched = inbox.fetch(1, none_is_known)
    assert inbox.delete([m.uid for m in fetched]) == 1
    assert (mailbox.subjects("INBOX"), mailbox.subjects("Done")) == (["s1"], ["s0"])


def test_an_inbox_may_be_used_again_after_close(mailbox: Mailbox) -> None:
    mailbox.deliver([mail("s0")])
    inbox = mailbox.inbox()
    for _ in range(3):
        inbox.open()
        assert subjects(inbox.fetch(5, none_is_known)) == ["s0"]
        inbox.close()
        inbox.close()


def test_an_adapter_that_cannot_work_fails_with_a_reason_and_a_cure(mailbox: Mailbox) -> None:
    with pytest.raises(Failure) as caught:
        mailbox.broken.open()
    assert caught.value.text and caught.value.cure
    mailbox.broken.close()


def test_a_folder_where_everything_is_known_ends_the_poll(mailbox: Mailbox) -> None:
    mailbox.deliver([mail(f"s{number}") for number in range(3)])
    everybody = all_of(mailbox, 3)
    inbox = mailbox.inbox()
    inbox.open()
    assert inbox.fetch(10, lambda uids: everybody) == []
    assert inbox.delete([]) == 3
    assert mailbox.subjects("INBOX") == []
