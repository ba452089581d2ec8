"""flexmaild explain and replay beside a real daemon and its store: they agree with it and leave no trace."""

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from flexmaild.daemon import wiring
from flexmaild.engine.replay.explain import explain, sources
from tests.scenarios.test_nothing_vanishes import SEEN
from tests.support.daemon import REPLIES, Daemon, merged, reply_bytes, until
from tests.support.programs import run

ALICE, BOB, EVE = "alice@corp.test", "bob@corp.test", "eve@evil.test"


def flexmaild(
    daemon: Daemon, *arguments: str, config: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return run("flexmaild", *arguments, "--config", str(config or daemon.config))


def replayed(daemon: Daemon, config: Path | None = None, since: str = "90d") -> tuple[int, dict[str, Any]]:
    done = flexmaild(daemon, "replay", "--since", since, "--json", config=config)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def explained(daemon: Daemon, data: bytes, config: Path | None = None) -> dict[str, Any]:
    file = daemon.root / "explained.eml"
    file.write_bytes(data)
    done = flexmaild(daemon, "explain", str(file), "--json", config=config)
    assert (done.returncode, done.stderr) == (0, "")
    return cast(dict[str, Any], json.loads(done.stdout))


def with_settings(daemon: Daemon, over: Mapping[str, Any]) -> Path:
    """The daemon's settings with others laid over them."""
    path = daemon.root / "other.yaml"
    path.write_text(yaml.safe_dump(merged(yaml.safe_load(daemon.config.read_text()), over)))
    path.chmod(0o600)
    return path


def trace(daemon: Daemon) -> dict[str, tuple[int, int, str]]:
    """Every file of the state directory but those that a running daemon's own reading changes."""
    found = {}
    for file in sorted((daemon.root / "state").iterdir()):
        status = file.stat()
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        found[file.name] = (status.st_uid, status.st_mtime_ns, digest)
    return found


def owners(files: dict[str, tuple[int, int, str]]) -> dict[str, int]:
    """What of them a running daemon does not change."""
    return {name: owner for name, (owner, _, _) in files.items()}


def mail_of(daemon: Daemon, identifier: str) -> EmailMessage:
    """The mail that asked Alice for this one."""

    def look() -> EmailMessage | None:
        mails = daemon.mails(ALICE, "approval_request")
        return next((m for m in mails if identifier[3:].upper() in str(m).upper()), None)

    return until(look, f"the mail of {identifier}")


def ask(daemon: Daemon, text: str, **header: str) -> tuple[str, bytes]:
    """A request, and Alice's answer to it."""
    asked = daemon.request(ALICE, quorum="all")
    return asked["id"], daemon.answer(mail_of(daemon, asked["id"]), text, **header)


def many(daemon: Daemon) -> dict[str, bytes]:
    """Mails of every kind, read by the daemon; the bytes by a name."""
    mails = {
        "approve": ask(daemon, "Approve looks good\nsee you")[1],
        "reject": ask(daemon, "Reject too early")[1],
        "bare": ask(daemon, "Approve")[1],
        "condition": ask(daemon, "Approve once tests pass")[1],
        "nothing": ask(daemon, "Hello, what is this?")[1],
        "stranger": ask(daemon, "Approve", From="mallory@evil.test")[1],
        "automatic": ask(daemon, "Approve", Auto_Submitted="auto-replied")[1],
    }
    daemon.process_replies()
    asked = daemon.request(BOB)
    first = daemon.mail(BOB, "approval_request")
    mails["first"] = daemon.answer(first, "Approve with a comment")
    daemon.process_replies()
    mails["late"] = daemon.answer(first, "Reject, too late")
    daemon.deliver(mails["first"])
    mails["foreign"] = b"From: x@y.test\r\nSubject: spam\r\n\r\nbuy this\r\n"
    daemon.deliver(mails["foreign"])
    daemon.process_replies()
    assert daemon.show(asked["id"])["state"] == "approved"
    assert daemon.waiting() == 0
    return mails


@pytest.mark.process
def test_the_same_version_and_settings_come_to_the_same_and_leave_no_trace(daemon: Daemon) -> None:
    """Beside the daemon, after its end and after its death; only what came again is not compared."""
    daemon.start()
    many(daemon)
    ends = {
        "running": lambda: None,
        "killed": daemon.kill,
        "stopped": lambda: (daemon.start(), daemon.stop()),
    }
    for name, end in ends.items():
        end()
        before = trace(daemon)
        code, found = replayed(daemon)
        assert (code, found["result"], found["differences"]) == (0, "equal", [])
        assert (found["mails"], found["compared"]) == (11, 10)
        assert [(gap["reason"], gap["count"]) for gap in found["not_compared"]] == [("came_again", 1)]
        after = trace(daemon)
        assert after == before if name != "running" else owners(after) == owners(before), name


@pytest.mark.parametrize(
    ("over", "differing", "decisions"),
    [
        ({"approvals": {"comments": "bare"}}, 4, 3),
        ({"approvals": {"max_comment": 5}}, 3, 0),
        ({"approvals": {"ignore_lines": ["see you, and see you*"]}}, 0, 0),
        ({"approvals": {"words": {"approve": ["hello"]}}}, 1, 0),
        ({"incoming": {"sender_authentication": {"require": "dmarc", "trusted_authserv_ids": ["mx"]}}}, 7, 4),
    ],
    ids=["bare", "short comments", "ignored lines", "another word", "dmarc"],
)
def test_other_settings_show_the_mails_and_decisions_that_would_differ(
    daemon: Daemon, over: dict[str, Any], differing: int, decisions: int
) -> None:
    daemon.start()
    many(daemon)
    code, found = replayed(daemon, with_settings(daemon, over))
    assert (found["differing"], len(found["decisions"])) == (differing, decisions), found
    assert code == (1 if differing else 0)
    assert len(found["differences"]) == differing


def test_the_settings_have_teeth_in_words_too(daemon: Daemon) -> None:
    """What a person is shown names mails by digest and request, and never their text."""
    daemon.start()
    many(daemon)
    done = flexmaild(
        daemon, "replay", "--since", "90d", config=with_settings(daemon, {"approvals": {"comments": "bare"}})
    )
    assert done.returncode == 1
    assert "looks good" not in done.stdout and "Deploy" not in done.stdout and "alice" not in done.stdout
    assert "approved, would be pending" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("DIFFERENT: 4 of 9 mails compared")


def test_explain_says_what_the_daemon_said(daemon: Daemon) -> None:
    """For every kind of mail, before it is read and after."""
    daemon.start()
    mails = many(daemon)
    outcomes = {
        "approve": ("decision", "approve"),
        "reject": ("decision", "reject"),
        "bare": ("decision", "approve"),
        "condition": ("undecided", "condition"),
        "stranger": ("unauthenticated", ""),
        "automatic": ("auto_reply", ""),
        "late": ("decision", "reject"),
        "foreign": ("unknown_reference", ""),
    }
    for name, (outcome, said) in outcomes.items():
        found = explained(daemon, mails[name])
        assert found["verdict"]["outcome"] == outcome, name
        assert said in (found["verdict"]["answer"], found["reading"]["unclear"])
        assert found["words_sent"]["known"]
        recorded = daemon_outcome(daemon, mails[name])
        assert found["now"]["mail"]["outcome"] == recorded
        assert recorded in (outcome, "late")
    assert explained(daemon, mails["approve"])["reading"]["comment"] == "looks good\nsee you"


def daemon_outcome(daemon: Daemon, data: bytes) -> str:
    return recorded(daemon, data)[0]


def recorded(daemon: Daemon, data: bytes) -> tuple[str, str]:
    """Outcome and reason that the daemon wrote down."""
    with sqlite3.connect(f"file:{daemon.root}/state/flexmaild.db?mode=ro", uri=True) as file:
        digest = hashlib.sha256(data).hexdigest()
        query = "SELECT outcome, because FROM seen WHERE sha256 = ? ORDER BY seq"
        outcome, because = file.execute(query, (digest,)).fetchone()
    file.close()
    return str(outcome), str(because)


@pytest.mark.timeout(180)  # some forty readings, each in a child of its own
def test_whatever_names_a_request_is_explained_and_replayed_as_the_daemon_judged_it(daemon: Daemon) -> None:
    """Rewritten, damaged, attached, cut, or an answer to a mail without a reference: before it is read and
    after, with the same reason."""
    daemon.start()
    mails, requests = {}, {}
    for name, (make, *_) in SEEN.items():
        requests[name] = daemon.request(ALICE)["id"]
        mails[name] = make(mail_of(daemon, requests[name]))
    requests["not asked"] = daemon.request(ALICE)["id"]
    mail_of(daemon, requests["not asked"])
    job = next(j for j in daemon.call("outbox.list")["items"] if j["approval_id"] == requests["not asked"])
    head = f"From: {EVE}\r\nTo: {REPLIES}\r\nIn-Reply-To: <{job['id']}@corp.test>\r\n"
    mails["not asked"] = f"{head}\r\nApprove\r\n".encode()
    settings = wiring.load_settings(daemon.config)
    before = {name: explain(d, sources(settings)) for name, d in mails.items()}
    for data in mails.values():
        daemon.deliver(data)
    daemon.process_replies()
    for name, data in mails.items():
        for found in (before[name], explain(data, sources(settings))):
            verdict = found["verdict"]
            assert (verdict["outcome"], verdict["because"]) == recorded(daemon, data), name
            assert found["now"]["request"]["id"] == requests[name], name
        assert name == "not asked" or recorded(daemon, data)[0] == SEEN[name][1]
    code, found = replayed(daemon)
    assert (code, found["result"], found["differences"], found["not_compared"]) == (0, "equal", [], [])
    assert found["compared"] == len(mails)


def test_answers_less_proven_than_those_before_are_explained_and_replayed_as_they_were(
    daemon: Daemon,
) -> None:
    """Proof that came before the mail counts, its own and what came later does not; also within one poll."""
    daemon.write_settings({"incoming": {"sender_authentication": {"trusted_authserv_ids": ["mx"]}}})
    daemon.start()
    asked = daemon.request(ALICE, BOB, quorum="all")
    mail = mail_of(daemon, asked["id"])
    proof = b"Authentication-Results: mx; dmarc=pass header.from=corp.test\r\nReceived: by mx\r\n"
    weak = reply_bytes(mail, "Approve")
    strong = proof + reply_bytes(mail, "Approve good")
    refused = reply_bytes(mail, "Reject")
    again = proof + reply_bytes(mail, "Approve very good")
    for data in (weak, strong, refused, again):
        daemon.deliver(data)
    daemon.process_replies()
    outcomes = {data: recorded(daemon, data)[0] for data in (weak, strong, refused, again)}
    assert list(outcomes.values()) == ["decision", "decision", "unauthenticated", "decision"]
    for data, outcome in outcomes.items():
        assert explained(daemon, data)["verdict"]["outcome"] == outcome
    code, found = replayed(daemon)
    assert (code, found["result"], found["compared"]) == (0, "equal", 4)


def test_what_a_mail_would_replace_is_said_while_answers_settle(daemon: Daemon) -> None:
    daemon.write_settings({"approvals": {"settle_for": "1h"}})
    daemon.start()
    identifier, data = ask(daemon, "Approve looks good")
    daemon.process_replies()
    assert "would_replace" not in explained(daemon, data)["now"]["request"]
    (daemon.root / "explained.eml").write_bytes(reply_bytes(mail_of(daemon, identifier), "Reject, too early"))
    done = flexmaild(daemon, "explain", str(daemon.root / "explained.eml"))
    assert f"{identifier} (Deploy 4.2) is pending; this mail would replace the earlier approve" in done.stdout


def test_an_exported_copy_is_known_by_its_message_id(daemon: Daemon) -> None:
    daemon.start()
    data = many(daemon)["approve"]
    found = explained(daemon, b"X-Mozilla-Status: 0001\n" + data.replace(b"\r\n", b"\n"))
    assert found["now"]["mail"]["same_bytes"] is False
    assert (found["verdict"]["answer"], found["reading"]["comment"]) == ("approve", "looks good\nsee you")


def test_what_a_signature_would_change_is_said_and_not_decided(daemon: Daemon) -> None:
    daemon.start()
    _, data = ask(daemon, "Approve looks good")
    signed = b"DKIM-Signature: v=1; d=corp.test; s=a; h=from; b=x; bh=x\r\n" + data
    proof = {"require": "dmarc", "verify_dkim": True, "exchange_online": True}
    config = with_settings(daemon, {"incoming": {"sender_authentication": proof}})
    for mail, if_dkim in ((signed, "approve"), (data, "")):
        found = explained(daemon, mail, config)
        assert (found["verdict"]["outcome"], found["verdict"]["if_dkim"]) == ("unauthenticated", if_dkim)
    daemon.process_replies()
    code, replay = replayed(daemon, config)
    assert (code, [gap["reason"] for gap in replay["not_compared"]]) == (0, ["needs_dns"])


def test_without_the_store_the_reading_is_told_as_no_more_than_that(daemon: Daemon) -> None:
    daemon.start()
    _, data = ask(daemon, "Approve looks good")
    found = explained(daemon, data, with_settings(daemon, {"state_directory": str(daemon.root / "none")}))
    assert not found["words_sent"]["known"] and "there is no store" in found["words_sent"]["without"]
    assert (found["verdict"]["certain"], found["now"]) == (False, {})
    assert not (daemon.root / "none").exists()
    done = flexmaild(daemon, "explain", str(daemon.root / "explained.eml"))
    assert "APPROVE" in done.stdout.splitlines()[0]


def test_mails_whose_bytes_are_not_kept_are_counted_and_never_called_equal(daemon: Daemon) -> None:
    daemon.start()
    many(daemon)
    daemon.stop()
    with sqlite3.connect(daemon.root / "state" / "flexmaild.db") as file:
        file.execute("DELETE FROM raws")  # as the daemon does when incoming.keep_raw is over
    file.close()
    code, found = replayed(daemon)
    assert (code, found["compared"], found["result"]) == (0, 0, "nothing_compared")
    assert {gap["reason"] for gap in found["not_compared"]} == {"not_kept", "came_again"}
    last = flexmaild(daemon, "replay", "--since", "90d").stdout.splitlines()[-1]
    assert last.startswith("NOTHING WAS COMPARED: none of the 11 mails")


def test_what_was_damaged_or_made_with_another_key_is_not_called_a_difference(daemon: Daemon) -> None:
    daemon.start()
    mails = many(daemon)
    daemon.stop()
    digest = hashlib.sha256(mails["approve"]).hexdigest()
    with sqlite3.connect(daemon.root / "state" / "flexmaild.db") as file:
        file.execute("UPDATE raws SET data = x'0102' WHERE sha256 = ?", (digest,))
        file.execute(
            "DELETE FROM sent_mails WHERE job IN (SELECT id FROM jobs WHERE recipients LIKE '%bob%')"
        )
    file.close()
    code, found = replayed(daemon)
    reasons = {gap["reason"]: gap["count"] for gap in found["not_compared"]}
    assert (code, found["differing"]) == (0, 0)
    assert (reasons["damaged"], reasons["no_words"]) == (1, 1)
    (daemon.root / "state" / "reference.key").write_bytes(bytes(32))
    code, found = replayed(daemon)
    reasons = {gap["reason"]: gap["count"] for gap in found["not_compared"]}
    assert (code, found["differing"]) == (0, 0) and reasons["other_key"] == 6


def test_a_live_daemon_goes_on_while_its_mails_are_replayed(daemon: Daemon) -> None:
    daemon.start()
    many(daemon)
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "flexmaild", "replay", "--since", "90d", "--config", str(daemon.config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    while any(one.poll() is None for one in running):
        identifier, _ = ask(daemon, "Approve")
        daemon.process_replies()
        assert daemon.decided(identifier)["state"] == "approved"
    for one in running:
        out, err = one.communicate()
        assert (one.returncode, err) == (0, b""), out
    assert daemon.stop() == 0
    assert not list((daemon.root / "state").glob("*-wal"))


def test_an_interrupted_replay_is_130_and_leaves_no_child(daemon: Daemon) -> None:
    daemon.start()
    many(daemon)
    daemon.stop()
    with sqlite3.connect(daemon.root / "state" / "flexmaild.db") as file:
        columns = [row[1] for row in file.execute("PRAGMA table_info(seen)") if row[1] not in ("seq", "uid")]
        names = ", ".join(columns)
        for n in range(9):  # some thousand mails
            file.execute(f"INSERT INTO seen ({names}, uid) SELECT {names}, uid || '-{n}' FROM seen")
    file.close()
    before = trace(daemon)
    command = [sys.executable, "-m", "flexmaild", "replay", "--since", "90d", "--config", str(daemon.config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as one:
        children = Path(f"/proc/{one.pid}/task/{one.pid}/children")
        child = until(lambda: children.read_text().split(), "the reading child")[0]
        one.send_signal(signal.SIGINT)
        out, err = one.communicate(timeout=20)
        assert (one.returncode, err.strip()) == (130, b""), out
    until(lambda: not Path(f"/proc/{child}").exists(), "the end of the child")
    assert trace(daemon) == before


@pytest.mark.parametrize("since", ["0d", "-5d", "90", "", "90 d", "2024-13-01", "９０d", "1e9d", "d"])
def test_a_span_that_is_none_is_wrong_usage(daemon: Daemon, since: str) -> None:
    done = flexmaild(daemon, "replay", "--since", since)
    assert done.returncode == 2 and "90d" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_huge_span_is_everything_and_none_is_wrong_usage(daemon: Daemon) -> None:
    daemon.start()
    many(daemon)
    assert replayed(daemon, since="99999999999999999999999999d")[1]["compared"] == 10
    assert flexmaild(daemon, "replay").returncode == 2
    until(lambda: replayed(daemon, since="1s")[1]["result"] == "nothing_compared", "a second without a mail")


def test_bad_settings_and_stores_are_78_and_never_a_difference(daemon: Daemon) -> None:
    bad = daemon.root / "bad.yaml"
    bad.write_text("outgoing: {prot: 25}\nincoming: {process_count: -1}\n")
    cases = {
        daemon.root / "missing.yaml": "missing.yaml",
        bad: "incoming.process_count",
        with_settings(daemon, {"state_directory": str(daemon.root / "none")}): "there is no store",
    }
    for config, words in cases.items():
        done = flexmaild(daemon, "replay", "--since", "90d", config=config)
        assert (done.returncode, done.stdout) == (78, "") and words in done.stderr
        assert "Traceback" not in done.stderr
    assert not (daemon.root / "none").exists()
    daemon.start()
    daemon.request(ALICE)
    reply = daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.process_replies()
    daemon.stop()
    with sqlite3.connect(daemon.root / "state" / "flexmaild.db") as file:
        file.execute("UPDATE seen SET outcome = 'x'")
    file.close()
    done = flexmaild(daemon, "replay", "--since", "90d")
    assert (done.returncode, done.stdout) == (78, "") and "a row of it is damaged" in done.stderr
    assert "a row of it is damaged" in str(explained(daemon, reply))
    (daemon.root / "state" / "reference.key").unlink()
    done = flexmaild(daemon, "replay", "--since", "90d")
    assert (done.returncode, done.stdout) == (78, "") and "reference.key" in done.stderr
    assert not (daemon.root / "state" / "reference.key").exists()


def test_root_leaves_nothing_behind_that_the_daemons_user_cannot_write(daemon: Daemon) -> None:
    """Only root is another user than the daemon's and may read its store."""
    assert os.geteuid() == 0, "run the tests as root, as CI does: this one needs two users"
    daemon.start()
    many(daemon)
    daemon.stop()
    for path in ((daemon.root / "state"), *(daemon.root / "state").iterdir()):
        os.chown(path, 65534, 65534)
    before = trace(daemon)
    assert replayed(daemon)[0] == 0
    explained(daemon, b"From: a@b.test\r\n\r\nApprove\r\n")
    assert trace(daemon) == before
