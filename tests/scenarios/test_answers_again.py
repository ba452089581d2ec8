"""Answers that were given before, taken back, or given for somebody who had answered.

Each counts once, and is the same to replay as it was to the daemon.
"""

import json
from typing import Any

from tests.support.daemon import Daemon, reply_bytes
from tests.support.programs import run

ALICE, BOB, ANN = "alice@corp.test", "bob@corp.test", "ann@corp.test"


def replayed(daemon: Daemon) -> tuple[int, dict[str, Any]]:
    done = run("flexmaild", "replay", "--since", "90d", "--json", "--config", str(daemon.config))
    return done.returncode, json.loads(done.stdout)


def test_an_answer_given_again_after_it_was_taken_back_is_no_duplicate_to_replay(daemon: Daemon) -> None:
    """Approve, "Approve?" (taken out), Approve: the last one made the verdict that counts."""
    daemon.start()
    daemon.request(ALICE, BOB, quorum="all", settle_for="15m")
    mail = daemon.mail(ALICE)
    for text in ("Approve", "Approve?", "Approve"):
        daemon.answer(mail, text)
        assert daemon.process_replies()["messages"] == 1
    assert [v["replaced"] for v in daemon.call("approval.list")["items"][0]["verdicts"]] == [True, False]
    code, document = replayed(daemon)
    assert (code, document["differences"]) == (0, [])


def test_the_answer_of_one_delegate_after_the_other_took_theirs_back_is_not_late_to_replay(
    daemon: Daemon,
) -> None:
    daemon.write_settings({"approvals": {"delegations": [{"from": ALICE, "to": ANN}]}})
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all", settle_for="15m", allow_delegates=True)["id"]
    daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.process_replies()
    daemon.answer(daemon.mail(ALICE, "approval_request"), "Approve?")
    daemon.process_replies()
    daemon.answer(daemon.mail(ANN), "Approve with pleasure")
    daemon.process_replies()
    assert [v["replaced"] for v in daemon.show(asked)["verdicts"]] == [True, False]
    assert replayed(daemon)[0] == 0


def test_a_late_answer_of_a_delegate_does_not_decide_when_it_comes_again(daemon: Daemon) -> None:
    """The same bytes and, with the same Message-ID, other bytes: "each decides once"."""
    daemon.write_settings({"approvals": {"delegations": [{"from": ALICE, "to": ANN}]}})
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all", settle_for="15m", allow_delegates=True)["id"]
    daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.process_replies()
    late = reply_bytes(daemon.mail(ANN), "Approve with pleasure", Message_ID="<late@corp.test>")
    daemon.deliver(late)
    daemon.process_replies()
    daemon.answer(daemon.mail(ALICE, "approval_request"), "Approve?")
    daemon.process_replies()
    daemon.deliver(late)
    assert daemon.process_replies()["outcomes"] == {"duplicate": 1}
    daemon.deliver(late.replace(b"with pleasure", b"with more pleasure"))
    assert daemon.process_replies()["outcomes"] == {"duplicate": 1}, daemon.show(asked)["replies"][-1]


def test_a_late_answer_of_a_delegate_is_equal_to_replay(daemon: Daemon) -> None:
    """As a repeated one is, in all orders."""
    daemon.write_settings({"approvals": {"delegations": [{"from": ALICE, "to": ANN}]}})
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all", allow_delegates=True, comment_on_reject=True)["id"]
    first, second = daemon.mail(ALICE), daemon.mail(ANN)
    said = (*((first, "Approve a"), (second, "Approve b"), (second, "Approve a"), (second, "Reject")),
            *((first, "Approve a"), (first, "Approve c"), (second, "Approve c"), (first, "Reject")),
            (first, "Approve a"))  # fmt: skip
    for mail, text in said:
        daemon.answer(mail, text)
        daemon.process_replies()
    seen = [(r["outcome"], r["reason"]) for r in daemon.show(asked)["replies"]]
    code, document = replayed(daemon)
    assert (code, document["differences"]) == (0, []), seen
