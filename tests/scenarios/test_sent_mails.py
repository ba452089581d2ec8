"""The daemon keeps what it sends, and looks it up for every reply before it decides anything."""

import re
import sqlite3
from pathlib import Path

import pytest

from flexmaild.client import Refused
from flexmaild.core.references import ReferenceKeys
from flexmaild.engine.replay.sent_before import SentBefore
from flexmaild.store.read_only import ReadOnlyStore
from tests.support.daemon import Daemon, text_of, until

ALICE, BOB = "alice@corp.test", "bob@corp.test"


def known(daemon: Daemon, reference: str) -> list[bytes] | None:
    """What this daemon would tell its reading child."""
    state = daemon.root / "state"
    store = ReadOnlyStore("sqlite:///flexmaild.db", state_directory=state)
    found = SentBefore(store, ReferenceKeys((state / "reference.key").read_bytes()))((reference,))
    return None if found is None else [mail.data for mail in found]


def sent_to(daemon: Daemon, address: str) -> list[bytes]:
    """The bytes in the folder of what was sent to this address, oldest first."""
    files = sorted((daemon.sent / "new").iterdir(), key=lambda file: file.name)
    mails = [file.read_bytes().replace(b"\r\n", b"\n") for file in files]
    mails = [mail[mail.index(b"From: ") :] for mail in mails]  # without the trace fields of a delivery
    return [mail for mail in mails if f"\nTo: {address}\n".encode() in mail]


def as_in_folder(mails: list[bytes] | None) -> list[bytes]:
    return [mail.replace(b"\r\n", b"\n") for mail in mails or []]


def reference_of(daemon: Daemon, address: str) -> str:
    found = re.search(r"FM1-[A-Z2-7]{45}", text_of(daemon.mail(address, "approval_request")))
    assert found
    return found[0]


def test_what_went_out_is_known_byte_for_byte_whatever_templates_and_restarts_follow(
    daemon: Daemon, tmp_path: Path
) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "approval_request.txt.j2").write_text("First wording of {{ title }}\n")
    daemon.write_settings({"notifications": {"templates": str(templates)}})
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all")
    reference = reference_of(daemon, ALICE)
    (templates / "approval_request.txt.j2").write_text("Second wording of {{ title }}\n")
    daemon.call("reload")
    daemon.stop()
    daemon.start()
    daemon.call("approval.remind", path={"id": asked["id"]})
    daemon.mail(ALICE, "reminder")
    daemon.answer(daemon.mail(ALICE, "approval_request"), "Approve\nwith a comment")
    daemon.process_replies()
    daemon.mail(ALICE, "noted")
    in_folder = sent_to(daemon, ALICE)
    assert len(in_folder) == 3 and b"First wording" in in_folder[0]
    assert as_in_folder(known(daemon, reference)) == in_folder[::-1]
    assert as_in_folder(known(daemon, reference_of(daemon, BOB))) == sent_to(daemon, BOB)[::-1]


def test_a_reply_waits_in_the_folder_while_what_was_sent_cannot_be_looked_up(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve")
    until(lambda: daemon.call("status")["outgoing"]["messages"]["done"] == 1, "the end of the try")
    file = sqlite3.connect(daemon.root / "state" / "flexmaild.db", isolation_level=None)
    file.execute("ALTER TABLE sent_mails RENAME TO hidden")
    with pytest.raises(Refused, match="sent_mails"):
        daemon.process_replies()
    assert daemon.waiting() == 1
    assert daemon.show(asked["id"])["state"] == "pending"
    file.execute("ALTER TABLE hidden RENAME TO sent_mails")
    file.close()
    daemon.process_replies()
    assert daemon.decided(asked["id"])["state"] == "approved"
    assert daemon.waiting() == 0


def test_a_release_from_quarantine_names_the_store_that_cannot_be_read(daemon: Daemon) -> None:
    daemon.start()
    daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve", From="eve@evil.test")
    daemon.process_replies()
    (aside,) = daemon.call("quarantine.list")["items"]
    file = sqlite3.connect(daemon.root / "state" / "flexmaild.db", isolation_level=None)
    file.execute("ALTER TABLE sent_mails RENAME TO hidden")
    with pytest.raises(Refused) as caught:
        daemon.call("quarantine.release", path={"id": aside["id"]})
    assert (caught.value.status, caught.value.kind) == (503, "store")
    file.execute("ALTER TABLE hidden RENAME TO sent_mails")
    file.close()
    daemon.call("quarantine.release", path={"id": aside["id"]})


@pytest.mark.usefixtures("impatient")
def test_another_programs_write_lock_is_not_met_before_the_commit(daemon: Daemon) -> None:
    daemon.start()
    daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve")
    until(lambda: daemon.call("status")["outgoing"]["messages"]["done"] == 1, "the end of the try")
    writer = sqlite3.connect(daemon.root / "state" / "flexmaild.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(Refused) as caught:
        daemon.process_replies()
    assert "looked up" not in str(caught.value), "it failed at the commit, not before"
    writer.execute("ROLLBACK")
    writer.close()
    assert daemon.waiting() == 1
    daemon.process_replies()
    assert daemon.waiting() == 0
