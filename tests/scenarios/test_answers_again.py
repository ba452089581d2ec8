"""Answers that were given before, taken back, or given for somebody who had answered.

Each counts once, and is the same to replay as it was to the daemon.
"""

import json
from typing import Any

from tests.kit.house import House, reply_bytes
from tests.kit.programs import run

ALICE, BOB, ANN = "alice@corp.test", "bob@corp.test", "ann@corp.test"


def replayed(house: House) -> tuple[int, dict[str, Any]]:
    done = run("flexmaild", "replay", "--since", "90d", "--json", "--config", str(house.config))
    return done.returncode, json.loads(done.stdout)


def test_an_answer_given_again_after_it_was_taken_back_is_no_duplicate_to_replay(house: House) -> None:
    """Approve, "Approve?" (taken out), Approve: the last one made the verdict that counts."""
    house.start()
    house.request(ALICE, BOB, quorum="all", settle_for="15m")
    mail = house.mail(ALICE)
    for text in ("Approve", "Approve?", "Approve"):
        house.answer(mail, text)
        assert house.process_replies()["messages"] == 1
    assert [v["replaced"] for v in house.call("approval.list")["items"][0]["verdicts"]] == [True, False]
    code, document = replayed(house)
    assert (code, document["differences"]) == (0, [])


def test_the_answer_of_one_delegate_after_the_other_took_theirs_back_is_not_late_to_replay(
    house: House,
) -> None:
    house.write_settings({"approvals": {"delegations": [{"from": ALICE, "to": ANN}]}})
    house.start()
    asked = house.request(ALICE, BOB, quorum="all", settle_for="15m", allow_delegates=True)["id"]
    house.answer(house.mail(ALICE), "Approve")
    house.process_replies()
    house.answer(house.mail(ALICE, "approval_request"), "Approve?")
    house.process_replies()
    house.answer(house.mail(ANN), "Approve with pleasure")
    house.process_replies()
    assert [v["replaced"] for v in house.show(asked)["verdicts"]] == [True, False]
    assert replayed(house)[0] == 0


def test_a_late_answer_of_a_delegate_does_not_decide_when_it_comes_again(house: House) -> None:
    """The same bytes and, with the same Message-ID, other bytes: "each decides once"."""
    house.write_settings({"approvals": {"delegations": [{"from": ALICE, "to": ANN}]}})
    house.start()
    asked = house.request(ALICE, BOB, quorum="all", settle_for="15m", allow_delegates=True)["id"]
    house.answer(house.mail(ALICE), "Approve")
    house.process_replies()
    late = reply_bytes(house.mail(ANN), "Approve with pleasure", Message_ID="<late@corp.test>")
    house.deliver(late)
    house.process_replies()
    house.answer(house.mail(ALICE, "approval_request"), "Approve?")
    house.process_replies()
    house.deliver(late)
    assert house.process_replies()["outcomes"] == {"duplicate": 1}
    house.deliver(late.replace(b"with pleasure", b"with more pleasure"))
    assert house.process_replies()["outcomes"] == {"duplicate": 1}, house.show(asked)["replies"][-1]


def test_a_late_answer_of_a_delegate_is_equal_to_replay(house: House) -> None:
    """As a repeated one is, in all orders."""
    house.write_settings({"approvals": {"delegations": [{"from": ALICE, "to": ANN}]}})
    house.start()
    asked = house.request(ALICE, BOB, quorum="all", allow_delegates=True, comment_on_reject=True)["id"]
    first, second = house.mail(ALICE), house.mail(ANN)
    said = (*((first, "Approve a"), (second, "Approve b"), (second, "Approve a"), (second, "Reject")),
            *((first, "Approve a"), (first, "Approve c"), (second, "Approve c"), (first, "Reject")),
            (first, "Approve a"))  # fmt: skip
    for mail, text in said:
        house.answer(mail, text)
        house.process_replies()
    seen = [(r["outcome"], r["reason"]) for r in house.show(asked)["replies"]]
    code, document = replayed(house)
    assert (code, document["differences"]) == (0, []), seen
