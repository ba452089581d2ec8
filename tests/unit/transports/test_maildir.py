"""Maildir: durable and complete mails only, nothing but regular files, names that outlive a change of
flags.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from flexmaild.core.errors import Failure, GiveUp, TryLater
from flexmaild.core.identity import Identity
from flexmaild.core.ports import Envelope, Fetched, MessageUid
from flexmaild.transports.maildir.inbox import MaildirInbox
from flexmaild.transports.maildir.outbox import MaildirOutbox
from tests.support.programs import limited

MAIL = Envelope("m@mail.test", "app@mail.test", ("a@mail.test", "b@mail.test"), b"Subject: s\r\n\r\n.x\r\n")


def none_is_known(uids: Sequence[MessageUid]) -> dict[MessageUid, Identity]:
    return {}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    for part in ("tmp", "new", "cur"):
        (tmp_path / "m" / part).mkdir(parents=True)
    return tmp_path / "m"


def test_each_recipient_has_a_copy_with_the_fields_of_a_delivery_agent(path: Path) -> None:
    MaildirOutbox(path).send(MAIL)
    mails = sorted(file.read_bytes() for file in (path / "new").iterdir())
    assert mails == [
        b"Return-Path: <app@mail.test>\nDelivered-To: %s@mail.test\nSubject: s\n\n.x\n" % name
        for name in (b"a", b"b")
    ]
    assert list((path / "tmp").iterdir()) == []


def test_a_directory_that_is_not_there_is_made(tmp_path: Path) -> None:
    MaildirOutbox(tmp_path / "a" / "b").send(MAIL)
    assert MaildirInbox(tmp_path / "a" / "b").open().messages == 2
    assert MaildirInbox(tmp_path / "c").open().messages == 0


def test_a_mail_that_could_not_be_written_leaves_nothing(path: Path) -> None:
    """A file-size limit stands for the full disk."""
    outbox = MaildirOutbox(path)
    with limited(resource.RLIMIT_FSIZE, 1000), pytest.raises(TryLater) as later:
        outbox.send(Envelope("m", "", ("a@b.test",), b"x" * 5000))
    assert later.value.cure
    assert [file for part in ("tmp", "new", "cur") for file in (path / part).iterdir()] == []


def test_names_are_unique(path: Path) -> None:
    outbox = MaildirOutbox(path)
    for _ in range(200):
        outbox.send(MAIL)
    assert len(list((path / "new").iterdir())) == 400


def test_only_regular_files_are_mails(path: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary")
    (path / "new" / "1.link.host").symlink_to(secret)
    os.mkfifo(path / "new" / "2.fifo.host")
    (path / "cur" / "3.dir.host").mkdir()
    (path / "new" / ".hidden").write_text("x")
    (path / "tmp" / "4.half.host").write_text("x")
    (path / "new" / "5.mail.host").write_text("Subject: s\n\n")
    inbox = MaildirInbox(path)
    assert inbox.open().messages == 1
    assert [mail.data for mail in inbox.fetch(10, none_is_known)] == [b"Subject: s\n\n"]


def test_a_change_of_flags_does_not_make_it_another_mail(path: Path) -> None:
    (path / "new" / "1.x.host").write_text("s")
    inbox = MaildirInbox(path)
    inbox.open()
    (found,) = inbox.fetch(10, none_is_known)
    (path / "new" / "1.x.host").rename(path / "cur" / "1.x.host:2,S")
    inbox.open()
    assert [mail.uid for mail in inbox.fetch(10, none_is_known)] == [found.uid]
    assert inbox.delete([found.uid]) == 1
    assert list((path / "cur").iterdir()) == []


def test_the_oldest_is_the_one_delivered_first_in_new_or_cur(path: Path) -> None:
    for place in (
        "cur/30.M7P1.host:2,S",
        "new/30.M12P1.host",
        "new/10.a.host",
        "new/40.d.host",
        "cur/20.b.host:2,",
    ):
        (path / place).write_text(place)
    odd = path / "new" / "no-time-in-this-name"
    odd.write_text("odd")
    os.utime(odd, (25, 25))
    inbox = MaildirInbox(path)
    inbox.open()
    names = [mail.uid.uid for mail in inbox.fetch(10, none_is_known)]
    in_order = [
        "10.a.host",
        "20.b.host",
        "no-time-in-this-name",
        "30.M7P1.host",
        "30.M12P1.host",
        "40.d.host",
    ]
    assert names == in_order


def test_a_name_in_a_message_uid_reaches_no_other_file(path: Path, tmp_path: Path) -> None:
    (tmp_path / "keep").write_text("x")
    inbox = MaildirInbox(path)
    inbox.open()
    inbox.delete(
        [MessageUid(f"maildir:{path}", "", "../../keep"), MessageUid(f"maildir:{path}", "", "/etc/passwd")]
    )
    assert (tmp_path / "keep").exists()


@pytest.mark.parametrize("name", ["../x", "a/../../x", "", "..", "x\0y"])
def test_a_folder_stays_within_the_maildir(path: Path, name: str) -> None:
    with pytest.raises(GiveUp):
        MaildirInbox(path, folder=name)


def test_a_subfolder_is_one_of_maildir_plus_plus(path: Path) -> None:
    inbox = MaildirInbox(path, folder="Team/Replies")
    inbox.open()
    assert (path / ".Team.Replies" / "new").is_dir()


def test_a_place_that_is_no_directory_is_a_failure_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for attempt in (
        MaildirInbox(tmp_path / "file").open,
        lambda: MaildirOutbox(tmp_path / "file").send(MAIL),
    ):
        with pytest.raises(Failure) as caught:
            attempt()
        assert "file" in caught.value.text and caught.value.cure


def test_an_empty_file_is_no_mail_and_holds_up_none(path: Path) -> None:
    """What a crash or a full disk left of it: somebody has to look at it."""
    (path / "new" / "1.x.host").touch()
    (path / "new" / "2.x.host").write_text("Subject: s\n\n")
    inbox = MaildirInbox(path)
    inbox.open()
    assert [mail.uid.uid for mail in inbox.fetch(1, none_is_known)] == ["2.x.host"]
    withheld = inbox.unreadable()
    assert withheld is not None and withheld.number == 1 and withheld.folder == str(path)
    assert "1.x.host: the file is empty" in withheld.said
    (path / "new" / "1.x.host").write_text("Subject: t\n\n")
    inbox.open()
    assert len(inbox.fetch(10, none_is_known)) == 2 and inbox.unreadable() is None


def test_a_name_that_is_used_again_is_another_mail(path: Path) -> None:
    file = path / "new" / "1.x.host"
    file.write_text("Subject: s\n\n")
    inbox = MaildirInbox(path)
    inbox.open()
    (old,) = inbox.fetch(10, none_is_known)
    known = {old.uid: old.identity}
    inbox.open()
    assert inbox.fetch(10, lambda uids: known) == []
    file.unlink()
    file.write_text("Subject: t\n\n")
    os.utime(file, (7, 7))
    inbox.open()
    (new,) = inbox.fetch(10, lambda uids: known)
    assert (new.uid, new.data) == (old.uid, b"Subject: t\n\n")
    inbox.rest()
    assert file.exists()


def test_a_name_that_is_used_again_takes_no_place_of_what_was_moved(tmp_path: Path) -> None:
    inbox = MaildirInbox(tmp_path, move_to="Done")
    inbox.open()
    for text in (b"Subject: one\n\nApprove\n", b"Subject: two, another\n\nReject\n"):
        (tmp_path / "new" / "1764200001.M1P1.host").write_bytes(text)
        inbox.open()
        inbox.delete([mail.uid for mail in inbox.fetch(9, none_is_known)])
    assert len(list((tmp_path / ".Done" / "cur").iterdir())) == 2
    assert list((tmp_path / "new").iterdir()) == []


def test_mails_after_many_that_cannot_be_read_are_read(tmp_path: Path) -> None:
    inbox = MaildirInbox(tmp_path)
    inbox.open()
    for number in range(1200):
        (tmp_path / "new" / f"{1764200000 + number}.M1P1.host").write_bytes(b"")
    for number in range(3):
        (tmp_path / "new" / f"{1764300000 + number}.M1P1.host").write_bytes(b"Subject: x\n\nApprove\n")
    inbox.open()
    assert len(inbox.fetch(2, none_is_known)) == 2
    assert len(inbox.fetch(2, none_is_known)) == 1


@pytest.mark.parametrize(("folder", "same"), [("INBOX", "inbox"), ("a/b", "a.b"), ("a", "/a")])
def test_mails_are_not_moved_into_their_own_folder(tmp_path: Path, folder: str, same: str) -> None:
    with pytest.raises(GiveUp, match="where they lie"):
        MaildirInbox(tmp_path, folder=folder, move_to=same)


class Renaming(MaildirInbox):
    """Another program marks a mail as seen between its listing and its reading."""

    done = False

    def _read(self, unique: str) -> Fetched | None:
        if not self.done:
            self.done = True
            listed = self._files[unique].path
            listed.rename(listed.parent.parent / "cur" / f"{unique}:2,S")
        return super()._read(unique)


def test_a_poll_that_finds_nothing_more_has_read_what_another_program_marked_meanwhile(path: Path) -> None:
    (path / "new" / "1764200000.M1P1.host").write_bytes(b"Subject: x\n\nReject\n")
    inbox = Renaming(path)
    inbox.open()
    found = inbox.fetch(9, none_is_known)
    assert [mail.uid.uid for mail in found] == ["1764200000.M1P1.host"] or inbox.unreadable() is not None


def test_a_mail_that_is_withheld_for_days_is_recent_no_more_after_a_restart_either(path: Path) -> None:
    """A daemon that is restarted or reloaded every day would wait for it for ever."""
    file = path / "new" / "1764200000.M1P1.host"
    file.touch()
    os.utime(file, (1764200000, 1764200000))
    inbox = MaildirInbox(path)
    inbox.open()
    assert inbox.fetch(9, none_is_known) == []
    withheld = inbox.unreadable()
    assert withheld is not None and not withheld.is_recent


AS_NEIGHBOUR = """
import os, sys
from pathlib import Path
from flexmaild.core.errors import Failure
from flexmaild.transports.maildir.inbox import MaildirInbox
os.setgroups([]); os.setgid(4242); os.setuid(4243)
inbox = MaildirInbox(Path(sys.argv[1]))
inbox.open()
found = inbox.fetch(99, lambda uids: {})
try:
    inbox.delete([mail.uid for mail in found])
except Failure as failure:
    print(failure, file=sys.stderr)
"""


def test_a_mail_that_cannot_be_removed_keeps_no_other_from_being_removed() -> None:
    """In a directory with the sticky bit, somebody else's."""
    assert os.getuid() == 0
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        box = Path(place) / "m"
        Path(place).chmod(0o755)
        for part in ("tmp", "new", "cur"):
            (box / part).mkdir(parents=True)
            (box / part).chmod(0o1777)
        for number in range(12):
            file = box / "new" / f"{1764200000 + number}.M1P1.host"
            file.write_bytes(b"Subject: x\n\nApprove\n")
            os.chown(file, 4243 if number % 4 else 4244, 4242)
            file.chmod(0o644)
        subprocess.run([sys.executable, "-c", AS_NEIGHBOUR, str(box)], check=True)
        assert len(list((box / "new").iterdir())) == 3
