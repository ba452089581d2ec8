"""What was found by attacking this change; each fails where the fault is still there."""

from __future__ import annotations

import json

import pytest

from flexmaild.control.client import Refused
from flexmaild.daemon import wiring
from flexmaild.store import StoreBusy
from tests.kit.house import House, reply_bytes
from tests.kit.programs import run

ALICE, BOB = "alice@corp.test", "bob@corp.test"


def replayed(house: House) -> tuple[int, dict]:
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


@pytest.mark.parametrize(
    "identifier",
    [
        "<1@c> (comment)", "<a b@c>", "nobrackets@c", "<<a@b>>", "<" + "x" * 950 + "@c>", "<" + "x" * 890 + "@c>",
        "<1@c>\r\n <2@c>", "<\u00e9@c>", "", "<fm1-aaaa@c>", "<fm1-" + "a" * 45 + "@c>", "<reply-fm1-aaaaaaaaaaaaaaaaaaaaaaa@c>",
        "OWN", "OWNCUT", "OWNANSWER", "OTHER", "<m-aaaaaaaaaaaaaaaa@corp.test>", "<1@c>\tx", "<@>", "<>",
    ],
)  # fmt: skip
def test_an_answer_to_our_answer_to_a_mail_with_this_message_id_is_understood(
    house: House, identifier: str
) -> None:
    house.start()
    other = house.request(ALICE, title="Other")
    house.mail(ALICE)
    asked = house.request(ALICE)["id"]
    mail = house.mail(ALICE, count=2)
    first = next(m for m in house.mails(ALICE) if m["Message-ID"] != mail["Message-ID"])
    own = str(mail["Message-ID"])
    identifier = {
        "OWN": own,
        "OWNCUT": own[:30] + "@c>",
        "OWNANSWER": own.replace("approval_request.0", "unclear.1000"),
        "OTHER": str(first["Message-ID"]),
    }.get(identifier, identifier)
    data = reply_bytes(mail, "perhaps", Message_ID="HERE").replace(
        b"Message-ID: HERE\r\n", f"Message-ID: {identifier}\r\n".encode() if identifier else b""
    )
    house.deliver(data)
    house.process_replies()
    told = house.mail(ALICE, "unclear")
    assert max(map(len, bytes(told).splitlines())) <= 998
    assert str(told["In-Reply-To"]) != str(told["Message-ID"])
    refs = " ".join(f"{told['References']} {told['Message-ID']}".split())
    house.answer(told, "Approve", References=refs)
    house.process_replies()
    shown = house.show(asked)
    assert shown["state"] == "approved", [(r["outcome"], r["reason"]) for r in shown["replies"]]
    assert house.show(other["id"])["state"] == "pending"


def test_the_answer_of_one_delegate_after_the_other_took_theirs_back_is_not_late_to_replay(
    house: House,
) -> None:
    house.write_settings(
        {"approvals": {"delegations": [{"from": ALICE, "to": "ann@corp.test"}]}}  # see the note in the report
    )
    house.start()
    asked = house.request(ALICE, BOB, quorum="all", settle_for="15m", allow_delegates=True)["id"]
    house.answer(house.mail(ALICE), "Approve")
    house.process_replies()
    house.answer(house.mail(ALICE, "approval_request"), "Approve?")
    house.process_replies()
    house.answer(house.mail("ann@corp.test"), "Approve with pleasure")
    house.process_replies()
    assert [v["replaced"] for v in house.show(asked)["verdicts"]] == [True, False]
    assert replayed(house)[0] == 0


def test_a_fault_of_the_store_during_a_reload_is_told_of_as_the_store_s(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As its commit says; it becomes "the settings file has faults: a bug: …"."""
    house.start()

    def busy(*_: object) -> None:
        raise StoreBusy("another program holds the database", "close that program.")

    monkeypatch.setattr(wiring, "build", busy)
    with pytest.raises(Refused) as refused:
        house.call("reload")
    assert refused.value.status == 503
    assert [i["kind"] for i in house.call("status")["incidents"]] == ["store_locked"]


def test_a_late_answer_of_a_delegate_does_not_decide_when_it_comes_again(house: House) -> None:
    """The same bytes and, with the same Message-ID, other bytes: "each decides once"."""
    ann = "ann@corp.test"
    house.write_settings({"approvals": {"delegations": [{"from": ALICE, "to": ann}]}})
    house.start()
    asked = house.request(ALICE, BOB, quorum="all", settle_for="15m", allow_delegates=True)["id"]
    house.answer(house.mail(ALICE), "Approve")
    house.process_replies()
    late = reply_bytes(house.mail(ann), "Approve with pleasure", Message_ID="<late@corp.test>")
    house.deliver(late)
    house.process_replies()
    house.answer(house.mail(ALICE, "approval_request"), "Approve?")
    house.process_replies()
    house.deliver(late)
    assert house.process_replies()["outcomes"] == {"duplicate": 1}
    house.deliver(late.replace(b"with pleasure", b"with more pleasure"))
    assert house.process_replies()["outcomes"] == {"duplicate": 1}, house.show(asked)["replies"][-1]


def test_the_self_test_works_for_an_address_with_a_domain_in_other_letters(house: House) -> None:
    """The Message-ID of the marked mail was made of the domain as the settings write it."""
    house.write_settings(
        {
            "outgoing": {"from_address": "approvals@b\u00fccher.example", "path": str(house.replies)},
        }
    )
    house.start()
    done = house.call("self_test")
    assert [step["result"] for step in done["steps"][:2]] == ["ok", "ok"], done


def test_a_late_answer_of_a_delegate_is_equal_to_replay(house: House) -> None:
    """Held: so is a repeated one, in all orders."""
    ann = "ann@corp.test"
    house.write_settings({"approvals": {"delegations": [{"from": ALICE, "to": ann}]}})
    house.start()
    asked = house.request(ALICE, BOB, quorum="all", allow_delegates=True, comment_on_reject=True)["id"]
    first, second = house.mail(ALICE), house.mail(ann)
    for mail, text in [(first, "Approve a"), (second, "Approve b"), (second, "Approve a"), (second, "Reject"),
                       (first, "Approve a"), (first, "Approve c"), (second, "Approve c"), (first, "Reject"),
                       (first, "Approve a")]:  # fmt: skip
        house.answer(mail, text)
        house.process_replies()
    said = [(r["outcome"], r["reason"]) for r in house.show(asked)["replies"]]
    code, document = replayed(house)
    assert (code, document["differences"]) == (0, []), said
