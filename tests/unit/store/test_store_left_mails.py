"""Mails that are left in the folder are marked, and requests that are forgotten keep their ids."""

from dataclasses import replace
from datetime import timedelta

import pytest

from flexmaild.core.identity import Identity, stays
from flexmaild.core.left_in_folder import LeftMail
from flexmaild.core.model import Outcome, State
from flexmaild.core.ports import MessageUid
from flexmaild.core.work import Change
from flexmaild.store import Store
from flexmaild.store.records import left_mails
from tests.support.stores import commit, prune
from tests.unit.store.store_samples import NOW, mail, request

IDENTITY = Identity(100, "then", "a@b")


def left(uid: str, outcome: Outcome = Outcome.FOREIGN, **changes: object) -> LeftMail:
    mark = MessageUid("imap/INBOX", "77", uid)
    return replace(LeftMail(mark, IDENTITY, outcome, NOW + timedelta(seconds=int(uid))), **changes)


def known(store: Store, *mails: LeftMail) -> list[str]:
    found = store.known([one.uid for one in mails])
    assert all(stays(identity, IDENTITY) for identity in found.values())
    return sorted((mark.uid for mark in found), key=int)


def test_what_is_left_is_known_as_left_and_has_no_outcome_in_the_record(store: Store) -> None:
    mails = [left("1"), left("2", Outcome.STORE_OLDER, named="ap-lost")]
    commit(store, Change(left=tuple(mails)))
    assert known(store, *mails) == ["1", "2"]
    assert store.processed(mails[0].uid) is None
    told = store.left_mails()
    assert (told.foreign, told.unknown, told.named, told.is_full) == (1, 1, ("ap-lost",), False)
    assert (told.newest, told.since) == (mails[0].at, mails[1].at)


def test_what_is_no_longer_in_the_folder_is_forgotten(store: Store) -> None:
    mails = [left(str(number)) for number in range(1, 6)]
    commit(store, Change(left=tuple(mails)))
    with store.transaction() as transaction:
        transaction.forget_left_mails({mails[1].uid, mails[4].uid})
    assert known(store, *mails) == ["2", "5"]


def test_the_mark_of_a_left_mail_may_be_given_to_another(store: Store) -> None:
    commit(store, Change(left=(left("1"),)))
    commit(store, Change(processed=(mail("1"),)))
    assert store.left_mails().foreign == 0 and not store.known([left("1").uid])[left("1").uid].is_left
    commit(store, Change(left=(left("1"),)))
    assert store.known([left("1").uid])[left("1").uid].is_left


def test_no_more_than_so_many_are_marked_but_ours_always(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left_mails, "MOST", 3)
    mails = [left(str(number)) for number in range(1, 6)]
    commit(store, Change(left=tuple(mails)))
    assert known(store, *mails) == ["1", "2", "3"] and store.left_mails().is_full
    ours = left("9", Outcome.STORE_OLDER, named="ap-lost")
    commit(store, Change(left=(mails[3], ours)))
    assert known(store, *mails, ours) == ["1", "2", "9"]
    more = [left(str(number), Outcome.STORE_OLDER) for number in range(10, 20)]
    commit(store, Change(left=tuple(more)))
    assert len(known(store, *mails, ours, *more)) == 3


def test_what_has_an_outcome_too_is_always_marked_and_gives_its_place_to_no_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its outcome alone it would be known as a mail to delete."""
    monkeypatch.setattr(left_mails, "MOST", 2)
    full = [left("1"), left("2")]
    commit(store, Change(left=tuple(full)))
    both = left("3")
    commit(store, Change(left=(both, left("4")), processed=(mail("3"),)))
    assert known(store, *full, both, left("4")) == ["1", "3"]
    ours = [left(str(number), Outcome.STORE_OLDER) for number in (5, 6)]
    commit(store, Change(left=tuple(ours)))
    assert known(store, *full, both, *ours) == ["3", "5"]
    assert store.known([both.uid])[both.uid].is_left


@pytest.mark.parametrize("state", [s for s in State if s is not State.PENDING])
def test_of_a_forgotten_request_id_and_state_and_time_stay(store: Store, state: State) -> None:
    commit(store, Change(requests=(request("R1", state=state), request("R2"))))
    later = NOW + timedelta(days=9999)
    assert store.past_requests(["R1"]) == set()
    while prune(store, raw_before=later, outcomes_before=later, done_before=later):
        pass
    assert set(store.requests(["R1", "R2"])) == {"R2"}
    assert store.past_requests(["R1", "R2", "R3"]) == {"R1"}
    assert store.open_requests() == ["R2"]
