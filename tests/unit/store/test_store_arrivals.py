"""The headers of the last mails, and what is known of those who were asked."""

import sqlite3
from datetime import timedelta
from pathlib import Path

from flexmaild.core.model import Answer, Approver, Invitation, MailFacts, Outcome, Verdict
from flexmaild.core.work import ApproverNote, Change
from flexmaild.store import Store
from flexmaild.store.records.headers import KEPT
from tests.support.older_store import back_to
from tests.support.stores import commit, opened, prune
from tests.unit.store.store_samples import NOW, mail, request

ADA = "ada@example.org"


def note(minutes: int = 0, address: str = ADA, **facts: object) -> ApproverNote:
    return ApproverNote(address, NOW + timedelta(minutes=minutes), **facts)  # type: ignore[arg-type]


def test_the_headers_of_the_last_mails_alone_are_kept(store: Store) -> None:
    for first in range(0, 250, 50):
        commit(
            store, Change(processed=tuple(mail(str(n), header=f"x: {n}") for n in range(first, first + 50)))
        )
    commit(store, Change(processed=(mail("own", outcome=Outcome.LOOP),)))
    kept = store.headers(1000)
    assert [one.header for one in kept] == [f"x: {n}" for n in range(249, 249 - KEPT, -1)]
    assert [one.header for one in store.headers(2)] == ["x: 249", "x: 248"]


def test_a_mail_that_is_read_again_is_one_mail(store: Store) -> None:
    for _ in range(3):
        commit(store, Change(processed=(mail("1", header="x: y", sender="e@x"),)))
    (kept,) = store.headers(10)
    assert (kept.sender, kept.outcome, kept.at) == ("e@x", Outcome.DECISION, NOW)


def test_a_header_of_any_bytes_comes_back_and_a_damaged_row_is_empty(store: Store, tmp_path: Path) -> None:
    text = bytes(range(256)).decode("latin-1")
    commit(store, Change(processed=(mail("1", header=text),)))
    assert store.headers(1)[0].header == text
    store.close()
    (file,) = tmp_path.rglob("flexmaild.db")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE headers SET data = X'00FF'")
    connection.close()
    assert opened(file.parent).headers(1)[0].header == ""


def test_what_is_known_of_an_approver_adds_up(store: Store) -> None:
    commit(
        store,
        Change(approvers=(note(proofs=()), note(1, proofs=("dmarc",)), note(2, "b@x", bounced="5.1.1"))),
    )
    commit(store, Change(approvers=(note(3, proofs=("dkim", "dmarc")),)))
    found = store.approvers([ADA, "b@x", "nobody@x"])
    assert set(found) == {ADA, "b@x"}
    ada = found[ADA]
    assert (ada.mails, ada.proofs, ada.last_mail_at) == (3, {"dkim", "dmarc"}, NOW + timedelta(minutes=3))
    assert (found["b@x"].bounced, found["b@x"].mails) == ("5.1.1", 0)


def test_a_believed_answer_and_no_other_ends_what_came_back(store: Store) -> None:
    commit(store, Change(approvers=(note(bounced="5.1.1"), note(1, proofs=()))))
    assert store.approvers([ADA])[ADA].bounced == "5.1.1"
    commit(store, Change(approvers=(note(2, proofs=(), is_admitted=True),)))
    assert store.approvers([ADA])[ADA].bounced == ""
    commit(store, Change(approvers=(note(3, bounced="5.2.2"),)))
    assert store.approvers([ADA])[ADA].bounced == "5.2.2"


def test_they_are_forgotten_with_the_outcomes(store: Store) -> None:
    commit(store, Change(approvers=(note(), note(60, "b@x")), processed=(mail("1", header="x: y"),)))
    cut = NOW + timedelta(minutes=30)
    while prune(store, raw_before=NOW, outcomes_before=cut, done_before=NOW):
        pass
    assert set(store.approvers([ADA, "b@x"])) == {"b@x"}
    assert store.headers(1) == []


def test_an_older_store_knows_who_was_proven_and_whose_mail_came_back(tmp_path: Path) -> None:
    store = opened(tmp_path)
    said = Verdict(ADA, Answer.APPROVE, "", NOW, "dmarc", MailFacts(ADA, "a"), 0)
    bob, eve = Approver("bob@x"), Approver("eve@x")
    asked = (
        Invitation(0, Approver(ADA), NOW),
        Invitation(1, bob, NOW, bounced="5.1.1 gone"),
        Invitation(2, eve, NOW, bounced="5.1.1"),
    )
    by_eve = Verdict("eve@x", Answer.APPROVE, "", NOW, "reference", MailFacts("eve@x", "b"), 2)
    commit(store, Change(requests=(request("R1", invitations=asked, verdicts=(said, by_eve)), request("R2"))))
    store.close()
    back_to(tmp_path / "flexmaild.db", "0004")
    found = opened(tmp_path).approvers([ADA, "bob@x", "eve@x"])
    assert (found[ADA].proofs, found[ADA].mails, found[ADA].bounced) == ({"dmarc"}, 1, "")
    assert (found["bob@x"].proofs, found["bob@x"].mails, found["bob@x"].bounced) == (set(), 0, "5.1.1 gone")
    assert (found["eve@x"].proofs, found["eve@x"].mails, found["eve@x"].bounced) == (set(), 1, "")
