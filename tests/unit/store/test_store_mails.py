"""Mails that were seen: recognised by where they lay and what they said; those set aside."""

from datetime import timedelta
from pathlib import Path

from store_samples import NOW, mail

from flexmaild.core.identity import Identity
from flexmaild.core.left_in_folder import LeftMail
from flexmaild.core.model import Outcome
from flexmaild.core.ports import MessageUid
from flexmaild.core.work import Change
from flexmaild.store import Store
from flexmaild.store.read_only import ReadOnlyStore
from tests.support.older_store import with_brackets
from tests.support.stores import commit, drop_quarantine, prune, release_quarantine


def test_a_mail_is_known_by_folder_validity_and_uid_together(store: Store) -> None:
    commit(store, Change(processed=(mail("1"), mail("2", uid=MessageUid("imap/INBOX", "78", "2")))))
    asked = [
        MessageUid("imap/INBOX", "77", "1"),
        MessageUid("imap/INBOX", "78", "2"),
        MessageUid("imap/INBOX", "78", "1"),
        MessageUid("imap/INBOX", "77", "2"),
        MessageUid("imap/Other", "77", "1"),
    ]
    assert set(store.known(asked)) == set(asked[:2])
    assert store.known([]) == {}


def test_a_mark_that_is_used_again_by_another_mail_is_that_ones_and_both_outcomes_stay(store: Store) -> None:
    one, other = mail("5", raw=b"one", arrived="monday"), mail("5", raw=b"two", arrived="tuesday")
    commit(store, Change(processed=(one, mail("7"))))
    commit(store, Change(processed=(other,)))
    commit(store, Change(processed=(other,)))  # by another poll
    assert store.known([one.uid]) == {one.uid: Identity(3, "tuesday")}
    found = store.processed(one.uid)
    assert found is not None and found.mail.sha256 == other.mail.sha256
    assert store.highest("imap/INBOX", "77") == 7
    assert store.highest("imap/INBOX", "78") == 0


def test_of_a_mail_without_a_message_id_the_digest_of_its_header_is_kept(store: Store) -> None:
    named = mail("1", message_id="a@x", size=5)
    nameless = mail("2", size=5, name="sha256:00")
    commit(store, Change(processed=(named, nameless)))
    kept = store.known([named.uid, nameless.uid])
    assert kept[named.uid] == named.identity == Identity(5, "then", "a@x")
    assert kept[nameless.uid] == nameless.identity == Identity(5, "then", "sha256:00")


def test_a_message_id_that_versions_before_kept_with_brackets_is_the_same(
    store: Store, tmp_path: Path
) -> None:
    by_name, by_id = mail("1", name="a@x", message_id="a@x"), mail("2", message_id="b@x", approval_id="R1")
    left = LeftMail(MessageUid("imap/INBOX", "77", "3"), Identity(5, "then", "c@x"), Outcome.FOREIGN, NOW)
    commit(store, Change(processed=(by_name, by_id), left=(left,)))
    with_brackets(tmp_path / "flexmaild.db")
    found = store.known([by_name.uid, by_id.uid, left.uid])
    assert [found[m].name for m in (by_name.uid, by_id.uid, left.uid)] == ["a@x", "b@x", "c@x"]
    seen = store.processed(by_name.uid)
    assert seen is not None and seen.mail == by_name.mail and seen.identity == by_name.identity
    beside = ReadOnlyStore("sqlite:///flexmaild.db", state_directory=tmp_path)
    again = beside.processed_with_message_id(["R1"], "b@x")
    assert again is not None and again.uid == by_id.uid


def test_thousands_of_marks_can_be_asked_for_at_once(store: Store) -> None:
    commit(store, Change(processed=tuple(mail(str(n)) for n in range(0, 3000, 3))))
    assert len(store.known(MessageUid("imap/INBOX", "77", str(n)) for n in range(3000))) == 1000


def test_a_mail_is_known_by_its_name_whatever_bytes_that_has(store: Store) -> None:
    names = ["a\udcff", "a\udcfe", "a\ufffd", "\\a", '\\"a"', "a\x00", "a\\", "ä", ""]
    marks = {MessageUid(name, name, name) for name in names}
    commit(store, Change(processed=tuple(mail("1", uid=mark) for mark in marks)))
    assert set(store.known(marks)) == marks
    for mark in marks:
        found = store.processed(mark)
        assert found is not None and found.uid == mark


def test_a_fingerprint_is_a_replay_once_a_mail_with_it_was_committed(store: Store) -> None:
    commit(store, Change(processed=(mail("1", fingerprint="f1"), mail("2"))))
    assert store.replayed(["f1", "f2", ""]) == {"f1"}


def test_an_outcome_comes_back_as_it_was_given_but_for_the_bytes(store: Store) -> None:
    given = mail(
        "1",
        outcome=Outcome.UNDECIDED,
        message_id="m@x",
        sender="a@x",
        subject="Re: ä",
        approval_id="R1",
        invitation=3,
        fingerprint="f",
        raw=None,
        quarantined=True,
    )
    commit(store, Change(processed=(given,)))
    assert store.processed(given.uid) == given
    assert store.outcomes("R1") == [given]
    assert store.outcomes("R2") == []
    assert store.processed(mail("2").uid) is None


def test_a_mail_set_aside_is_listed_until_it_is_released_or_dropped(store: Store) -> None:
    commit(store, Change(processed=tuple(mail(str(n), quarantined=n != 2) for n in range(4))))
    held = store.list_quarantine()
    assert [item.processed.uid.uid for item in held] == ["3", "1", "0"]
    assert store.counts().quarantined == 3
    assert [i.id for i in store.list_quarantine(2, before=held[0].id)] == [held[1].id, held[2].id]
    released, dropped = held[0], held[1]
    assert store.quarantined(released.id) == released
    assert release_quarantine(store, released.id) and not release_quarantine(store, released.id)
    assert drop_quarantine(store, dropped.id) and not drop_quarantine(store, dropped.id)
    assert [item.id for item in store.list_quarantine()] == [held[2].id]
    assert store.raw(released.processed.mail.sha256) is not None
    assert store.raw(dropped.processed.mail.sha256) is None
    assert set(store.known([released.processed.uid, dropped.processed.uid])) == {
        released.processed.uid,
        dropped.processed.uid,
    }


def test_dropping_a_mail_keeps_the_bytes_another_mail_has_too(store: Store) -> None:
    raw = b"the same"
    commit(store, Change(processed=(mail("1", raw=raw, quarantined=True), mail("2", raw=raw))))
    (item,) = store.list_quarantine()
    assert drop_quarantine(store, item.id)
    assert store.raw(item.processed.mail.sha256) == raw


def test_an_id_that_is_no_number_is_the_id_of_nothing(store: Store) -> None:
    commit(store, Change(processed=(mail("1", quarantined=True),)))
    for id_ in ("", "x", "-1", "1 OR 1=1", "9" * 30, "¹"):
        assert store.quarantined(id_) is None
        assert not release_quarantine(store, id_) and not drop_quarantine(store, id_)


def test_pruning_forgets_bytes_first_and_outcomes_later(store: Store) -> None:
    commit(store, Change(processed=(mail("1"), mail("2", at=NOW + timedelta(days=10)))))
    early = NOW - timedelta(days=1)
    old, young = store.processed(mail("1").uid), store.processed(mail("2").uid)
    assert old is not None and young is not None
    cut = NOW + timedelta(days=1)
    assert prune(store, raw_before=cut, outcomes_before=early, done_before=early) == 1
    assert store.raw(old.mail.sha256) is None and store.raw(young.mail.sha256) is not None
    assert prune(store, raw_before=cut, outcomes_before=cut, done_before=early) == 1
    assert store.processed(old.uid) is None and store.processed(young.uid) == young


def test_bytes_that_came_again_are_kept_as_long_as_the_last_mail_wants(store: Store) -> None:
    commit(store, Change(processed=(mail("1", raw=b"same"),)))
    commit(store, Change(processed=(mail("2", raw=b"same", at=NOW + timedelta(days=10)),)))
    old = NOW - timedelta(days=1)
    assert prune(store, raw_before=NOW + timedelta(days=1), outcomes_before=old, done_before=old) == 0
