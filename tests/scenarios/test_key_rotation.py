"""A new key of references: open requests live on with the one that they were made with, and with no other."""

from dataclasses import replace
from typing import Any

import pytest

from flexmaild.core import references
from flexmaild.core.references import ReferenceKeys
from flexmaild.daemon import wiring
from flexmaild.store.read_only import open_read_only
from tests.support import programs
from tests.support.daemon import Daemon, reply_bytes

ALICE = "alice@corp.test"
OLD = "an operator's first key, long enough"
NEW = "an operator's second key, long enough"


def with_keys(daemon: Daemon, **approvals: Any) -> None:
    daemon.write_settings({"approvals": approvals})


def step_of(daemon: Daemon) -> list[dict[str, Any]]:
    return [step for step in daemon.call("doctor")["steps"] if step["name"] == "former_key"]


def forged(daemon: Daemon, identifier: str, key: bytes) -> bytes:
    """An approval with a reference that whoever has this key can make."""
    store = open_read_only(wiring.load_settings(daemon.config))
    request = store.requests([identifier])[identifier]
    genuine = daemon.mail(ALICE)
    text = str(genuine["Message-ID"]).strip("<>").split(".")[0].upper()
    made = references.issue(key, request, request.invitations[0])
    data = reply_bytes(genuine, "Approve")
    return data.replace(text.encode(), made.encode()).replace(text.lower().encode(), made.lower().encode())


def test_a_reply_to_a_mail_from_before_a_new_key_decides_and_the_old_key_opens_no_new_request(
    daemon: Daemon,
) -> None:
    with_keys(daemon, reference_key=OLD)
    daemon.start()
    before = daemon.request(ALICE)
    mail = daemon.mail(ALICE)
    with_keys(daemon, reference_key=NEW, former_reference_keys=[OLD])
    daemon.call("reload")
    (step,) = step_of(daemon)
    assert step["result"] == "ok"
    assert step["answer"] == "1 open requests need it"
    assert "former key" not in programs.run("flexmaild", "check", "--config", daemon.config).stderr
    since = daemon.request(ALICE)
    daemon.mail(ALICE, count=2)
    daemon.deliver(forged(daemon, since["id"], OLD.encode()))
    assert daemon.process_replies()["outcomes"] == {"unauthenticated": 1}
    daemon.call("approval.remind", path={"id": before["id"]})
    reminder = daemon.mail(ALICE, "reminder")
    assert str(reminder["In-Reply-To"]) == str(mail["Message-ID"])  # one thread, one reference
    daemon.answer(mail, "Approve")
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    assert daemon.decided(before["id"])["state"] == "approved"
    assert daemon.show(since["id"])["state"] == "pending"


def test_the_old_key_is_told_to_be_needless_and_opens_nothing_once_it_is_removed(daemon: Daemon) -> None:
    with_keys(daemon, reference_key=OLD)
    daemon.start()
    first, second = daemon.request(ALICE), daemon.request(ALICE)
    daemon.mail(ALICE, count=2)
    with_keys(daemon, reference_key=NEW, former_reference_keys=[OLD])
    daemon.call("reload")
    for one in (first, second):
        daemon.call("approval.cancel", path={"id": one["id"]})
    (step,) = step_of(daemon)
    assert step["result"] == "warning"
    assert "take it out of the settings" in step["cure"]
    warned = programs.run("flexmaild", "check", "--config", daemon.config).stderr
    assert "approvals.former_reference_keys.0: no open request needs this former key" in warned
    beside = programs.run("flexmaild", "doctor", "--config", daemon.config).stdout
    assert "former_key" in beside
    daemon.answer(daemon.mails(ALICE, "approval_request")[0], "Approve")
    assert daemon.process_replies()["outcomes"] == {"late": 1}  # its sender is told how it ended
    with_keys(daemon, reference_key=NEW)
    daemon.call("reload")
    assert not step_of(daemon)
    daemon.answer(daemon.mails(ALICE, "approval_request")[1], "Approve")
    assert daemon.process_replies()["outcomes"] == {"unauthenticated": 1}


def test_a_key_of_ours_is_replaced_by_moving_it_aside(daemon: Daemon) -> None:
    daemon.start()
    before = daemon.request(ALICE)
    mail = daemon.mail(ALICE)
    key = daemon.root / "state" / "reference.key"
    key.rename(key.with_name("reference.key.old"))
    daemon.call("reload")
    assert key.read_bytes() != key.with_name("reference.key.old").read_bytes()
    daemon.answer(mail, "Approve")
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    assert daemon.decided(before["id"])["state"] == "approved"
    (step,) = step_of(daemon)
    assert "reference.key.old" in step["tried"]
    assert step["result"] == "warning"
    assert daemon.stop() == 0
    daemon.start()  # nor does a start take a store without its first key for a new one
    assert daemon.show(before["id"])["state"] == "approved"


@pytest.mark.parametrize("number", range(3))
def test_a_request_has_the_key_that_its_id_was_made_with(number: int) -> None:
    every = (b"current", b"former", b"the one before")
    keys = ReferenceKeys(every[0], every[1:])
    identifier = references.request_id(every[number], b"random")
    assert keys.of(identifier) == (every[number],)
    assert replace(keys, former=()).of(identifier) == (b"current",)
