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
from tests.kit.house import REPLIES, House, merged, reply_bytes, until
from tests.kit.programs import run
from tests.scenarios.test_nothing_vanishes import SEEN

ALICE, BOB, EVE = "alice@corp.test", "bob@corp.test", "eve@evil.test"


def flexmaild(house: House, *arguments: str, config: Path | None = None) -> subprocess.CompletedProcess[str]:
    return run("flexmaild", *arguments, "--config", str(config or house.config))


def replayed(house: House, config: Path | None = None, since: str = "90d") -> tuple[int, dict[str, Any]]:
    done = flexmaild(house, "replay", "--since", since, "--json", config=config)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def explained(house: House, data: bytes, config: Path | None = None) -> dict[str, Any]:
    file = house.root / "explained.eml"
    file.write_bytes(data)
    done = flexmaild(house, "explain", str(file), "--json", config=config)
    assert (done.returncode, done.stderr) == (0, "")
    return cast(dict[str, Any], json.loads(done.stdout))


def with_settings(house: House, over: Mapping[str, Any]) -> Path:
    """The house's settings with others laid over them."""
    path = house.root / "other.yaml"
    path.write_text(yaml.safe_dump(merged(yaml.safe_load(house.config.read_text()), over)))
    path.chmod(0o600)
    return path


def trace(house: House) -> dict[str, tuple[int, int, str]]:
    """Every file of the state directory but those that a running daemon's own reading changes."""
    found = {}
    for file in sorted((house.root / "state").iterdir()):
        status = file.stat()
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        found[file.name] = (status.st_uid, status.st_mtime_ns, digest)
    return found


def owners(files: dict[str, tuple[int, int, str]]) -> dict[str, int]:
    """What of them a running daemon does not change."""
    return {name: owner for name, (owner, _, _) in files.items()}


def mail_of(house: House, identifier: str) -> EmailMessage:
    """The mail that asked Alice for this one."""

    def look() -> EmailMessage | None:
        mails = house.mails(ALICE, "approval_request")
        return next((m for m in mails if identifier[3:].upper() in str(m).upper()), None)

    return until(look, f"the mail of {identifier}")


def ask(house: House, text: str, **header: str) -> tuple[str, bytes]:
    """A request, and Alice's answer to it."""
    asked = house.request(ALICE, quorum="all")
    return asked["id"], house.answer(mail_of(house, asked["id"]), text, **header)


def many(house: House) -> dict[str, bytes]:
    """Mails of every kind, read by the daemon; the bytes by a name."""
    mails = {
        "approve": ask(house, "Approve looks good\nsee you")[1],
        "reject": ask(house, "Reject too early")[1],
        "bare": ask(house, "Approve")[1],
        "condition": ask(house, "Approve once tests pass")[1],
        "nothing": ask(house, "Hello, what is this?")[1],
        "stranger": ask(house, "Approve", From="mallory@evil.test")[1],
        "automatic": ask(house, "Approve", Auto_Submitted="auto-replied")[1],
    }
    house.process_replies()
    asked = house.request(BOB)
    first = house.mail(BOB, "approval_request")
    mails["first"] = house.answer(first, "Approve with a comment")
    house.process_replies()
    mails["late"] = house.answer(first, "Reject, too late")
    house.deliver(mails["first"])
    mails["foreign"] = b"From: x@y.test\r\nSubject: spam\r\n\r\nbuy this\r\n"
    house.deliver(mails["foreign"])
    house.process_replies()
    assert house.show(asked["id"])["state"] == "approved"
    assert house.waiting() == 0
    return mails


@pytest.mark.process
def test_the_same_version_and_settings_come_to_the_same_and_leave_no_trace(house: House) -> None:
    """Beside the daemon, after its end and after its death; only what came again is not compared."""
    house.start()
    many(house)
    ends = {"running": lambda: None, "killed": house.kill, "stopped": lambda: (house.start(), house.stop())}
    for name, end in ends.items():
        end()
        before = trace(house)
        code, found = replayed(house)
        assert (code, found["result"], found["differences"]) == (0, "equal", [])
        assert (found["mails"], found["compared"]) == (11, 10)
        assert [(gap["reason"], gap["count"]) for gap in found["not_compared"]] == [("came_again", 1)]
        after = trace(house)
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
    house: House, over: dict[str, Any], differing: int, decisions: int
) -> None:
    house.start()
    many(house)
    code, found = replayed(house, with_settings(house, over))
    assert (found["differing"], len(found["decisions"])) == (differing, decisions), found
    assert code == (1 if differing else 0)
    assert len(found["differences"]) == differing


def test_the_settings_have_teeth_in_words_too(house: House) -> None:
    """What a person is shown names mails by digest and request, and never their text."""
    house.start()
    many(house)
    done = flexmaild(
        house, "replay", "--since", "90d", config=with_settings(house, {"approvals": {"comments": "bare"}})
    )
    assert done.returncode == 1
    assert "looks good" not in done.stdout and "Deploy" not in done.stdout and "alice" not in done.stdout
    assert "approved, would be pending" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("DIFFERENT: 4 of 9 mails compared")


def test_explain_says_what_the_daemon_said(house: House) -> None:
    """For every kind of mail, before it is read and after."""
    house.start()
    mails = many(house)
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
        found = explained(house, mails[name])
        assert found["verdict"]["outcome"] == outcome, name
        assert said in (found["verdict"]["answer"], found["reading"]["unclear"])
        assert found["words_sent"]["known"]
        recorded = house_outcome(house, mails[name])
        assert found["now"]["mail"]["outcome"] == recorded
        assert recorded in (outcome, "late")
    assert explained(house, mails["approve"])["reading"]["comment"] == "looks good\nsee you"


def house_outcome(house: House, data: bytes) -> str:
    return recorded(house, data)[0]


def recorded(house: House, data: bytes) -> tuple[str, str]:
    """Outcome and reason that the daemon wrote down."""
    with sqlite3.connect(f"file:{house.root}/state/flexmaild.db?mode=ro", uri=True) as file:
        digest = hashlib.sha256(data).hexdigest()
        query = "SELECT outcome, because FROM seen WHERE sha256 = ? ORDER BY seq"
        outcome, because = file.execute(query, (digest,)).fetchone()
    file.close()
    return str(outcome), str(because)


@pytest.mark.timeout(180)  # some forty readings, each in a child of its own
def test_whatever_names_a_request_is_explained_and_replayed_as_the_daemon_judged_it(house: House) -> None:
    """Rewritten, damaged, attached, cut, or an answer to a mail without a reference: before it is read and
    after, with the same reason."""
    house.start()
    mails, requests = {}, {}
    for name, (make, *_) in SEEN.items():
        requests[name] = house.request(ALICE)["id"]
        mails[name] = make(mail_of(house, requests[name]))
    requests["not asked"] = house.request(ALICE)["id"]
    mail_of(house, requests["not asked"])
    job = next(j for j in house.call("outbox.list")["items"] if j["approval_id"] == requests["not asked"])
    head = f"From: {EVE}\r\nTo: {REPLIES}\r\nIn-Reply-To: <{job['id']}@corp.test>\r\n"
    mails["not asked"] = f"{head}\r\nApprove\r\n".encode()
    settings = wiring.load_settings(house.config)
    before = {name: explain(d, sources(settings)) for name, d in mails.items()}
    for data in mails.values():
        house.deliver(data)
    house.process_replies()
    for name, data in mails.items():
        for found in (before[name], explain(data, sources(settings))):
            verdict = found["verdict"]
            assert (verdict["outcome"], verdict["because"]) == recorded(house, data), name
            assert found["now"]["request"]["id"] == requests[name], name
        assert name == "not asked" or recorded(house, data)[0] == SEEN[name][1]
    code, found = replayed(house)
    assert (code, found["result"], found["differences"], found["not_compared"]) == (0, "equal", [], [])
    assert found["compared"] == len(mails)


def test_answers_less_proven_than_those_before_are_explained_and_replayed_as_they_were(house: House) -> None:
    """Proof that came before the mail counts, its own and what came later does not; also within one poll."""
    house.write_settings({"incoming": {"sender_authentication": {"trusted_authserv_ids": ["mx"]}}})
    house.start()
    asked = house.request(ALICE, BOB, quorum="all")
    mail = mail_of(house, asked["id"])
    proof = b"Authentication-Results: mx; dmarc=pass header.from=corp.test\r\nReceived: by mx\r\n"
    weak = reply_bytes(mail, "Approve")
    strong = proof + reply_bytes(mail, "Approve good")
    refused = reply_bytes(mail, "Reject")
    again = proof + reply_bytes(mail, "Approve very good")
    for data in (weak, strong, refused, again):
        house.deliver(data)
    house.process_replies()
    outcomes = {data: recorded(house, data)[0] for data in (weak, strong, refused, again)}
    assert list(outcomes.values()) == ["decision", "decision", "unauthenticated", "decision"]
    for data, outcome in outcomes.items():
        assert explained(house, data)["verdict"]["outcome"] == outcome
    code, found = replayed(house)
    assert (code, found["result"], found["compared"]) == (0, "equal", 4)


def test_what_a_mail_would_replace_is_said_while_answers_settle(house: House) -> None:
    house.write_settings({"approvals": {"settle_for": "1h"}})
    house.start()
    identifier, data = ask(house, "Approve looks good")
    house.process_replies()
    assert "would_replace" not in explained(house, data)["now"]["request"]
    (house.root / "explained.eml").write_bytes(reply_bytes(mail_of(house, identifier), "Reject, too early"))
    done = flexmaild(house, "explain", str(house.root / "explained.eml"))
    assert (
        f"{identifier} (Deploy 4.2) is pending; this mail would replace the approve of before" in done.stdout
    )


def test_an_exported_copy_is_known_by_its_message_id(house: House) -> None:
    house.start()
    data = many(house)["approve"]
    found = explained(house, b"X-Mozilla-Status: 0001\n" + data.replace(b"\r\n", b"\n"))
    assert found["now"]["mail"]["same_bytes"] is False
    assert (found["verdict"]["answer"], found["reading"]["comment"]) == ("approve", "looks good\nsee you")


def test_what_a_signature_would_change_is_said_and_not_decided(house: House) -> None:
    house.start()
    _, data = ask(house, "Approve looks good")
    signed = b"DKIM-Signature: v=1; d=corp.test; s=a; h=from; b=x; bh=x\r\n" + data
    proof = {"require": "dmarc", "verify_dkim": True, "exchange_online": True}
    config = with_settings(house, {"incoming": {"sender_authentication": proof}})
    for mail, if_dkim in ((signed, "approve"), (data, "")):
        found = explained(house, mail, config)
        assert (found["verdict"]["outcome"], found["verdict"]["if_dkim"]) == ("unauthenticated", if_dkim)
    house.process_replies()
    code, replay = replayed(house, config)
    assert (code, [gap["reason"] for gap in replay["not_compared"]]) == (0, ["needs_dns"])


def test_without_the_store_the_reading_is_told_as_no_more_than_that(house: House) -> None:
    house.start()
    _, data = ask(house, "Approve looks good")
    found = explained(house, data, with_settings(house, {"state_directory": str(house.root / "none")}))
    assert not found["words_sent"]["known"] and "there is no store" in found["words_sent"]["without"]
    assert (found["verdict"]["certain"], found["now"]) == (False, {})
    assert not (house.root / "none").exists()
    done = flexmaild(house, "explain", str(house.root / "explained.eml"))
    assert "APPROVE" in done.stdout.splitlines()[0]


def test_mails_whose_bytes_are_not_kept_are_counted_and_never_called_equal(house: House) -> None:
    house.start()
    many(house)
    house.stop()
    with sqlite3.connect(house.root / "state" / "flexmaild.db") as file:
        file.execute("DELETE FROM raws")  # as the daemon does when incoming.keep_raw is over
    file.close()
    code, found = replayed(house)
    assert (code, found["compared"], found["result"]) == (0, 0, "nothing_compared")
    assert {gap["reason"] for gap in found["not_compared"]} == {"not_kept", "came_again"}
    last = flexmaild(house, "replay", "--since", "90d").stdout.splitlines()[-1]
    assert last.startswith("NOTHING WAS COMPARED: none of the 11 mails")


def test_what_was_damaged_or_made_with_another_key_is_not_called_a_difference(house: House) -> None:
    house.start()
    mails = many(house)
    house.stop()
    digest = hashlib.sha256(mails["approve"]).hexdigest()
    with sqlite3.connect(house.root / "state" / "flexmaild.db") as file:
        file.execute("UPDATE raws SET data = x'0102' WHERE sha256 = ?", (digest,))
        file.execute(
            "DELETE FROM sent_mails WHERE job IN (SELECT id FROM jobs WHERE recipients LIKE '%bob%')"
        )
    file.close()
    code, found = replayed(house)
    reasons = {gap["reason"]: gap["count"] for gap in found["not_compared"]}
    assert (code, found["differing"]) == (0, 0)
    assert (reasons["damaged"], reasons["no_words"]) == (1, 1)
    (house.root / "state" / "reference.key").write_bytes(bytes(32))
    code, found = replayed(house)
    reasons = {gap["reason"]: gap["count"] for gap in found["not_compared"]}
    assert (code, found["differing"]) == (0, 0) and reasons["other_key"] == 6


def test_a_live_daemon_goes_on_while_its_mails_are_replayed(house: House) -> None:
    house.start()
    many(house)
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "flexmaild", "replay", "--since", "90d", "--config", str(house.config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    while any(one.poll() is None for one in running):
        identifier, _ = ask(house, "Approve")
        house.process_replies()
        assert house.decided(identifier)["state"] == "approved"
    for one in running:
        out, err = one.communicate()
        assert (one.returncode, err) == (0, b""), out
    assert house.stop() == 0
    assert not list((house.root / "state").glob("*-wal"))


def test_an_interrupted_replay_is_130_and_leaves_no_child(house: House) -> None:
    house.start()
    many(house)
    house.stop()
    with sqlite3.connect(house.root / "state" / "flexmaild.db") as file:
        columns = [row[1] for row in file.execute("PRAGMA table_info(seen)") if row[1] not in ("seq", "uid")]
        names = ", ".join(columns)
        for n in range(9):  # some thousand mails
            file.execute(f"INSERT INTO seen ({names}, uid) SELECT {names}, uid || '-{n}' FROM seen")
    file.close()
    before = trace(house)
    command = [sys.executable, "-m", "flexmaild", "replay", "--since", "90d", "--config", str(house.config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as one:
        children = Path(f"/proc/{one.pid}/task/{one.pid}/children")
        child = until(lambda: children.read_text().split(), "the reading child")[0]
        one.send_signal(signal.SIGINT)
        out, err = one.communicate(timeout=20)
        assert (one.returncode, err.strip()) == (130, b""), out
    until(lambda: not Path(f"/proc/{child}").exists(), "the end of the child")
    assert trace(house) == before


@pytest.mark.parametrize("since", ["0d", "-5d", "90", "", "90 d", "2024-13-01", "９０d", "1e9d", "d"])
def test_a_span_that_is_none_is_wrong_usage(house: House, since: str) -> None:
    done = flexmaild(house, "replay", "--since", since)
    assert done.returncode == 2 and "90d" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_huge_span_is_everything_and_none_is_wrong_usage(house: House) -> None:
    house.start()
    many(house)
    assert replayed(house, since="99999999999999999999999999d")[1]["compared"] == 10
    assert flexmaild(house, "replay").returncode == 2
    until(lambda: replayed(house, since="1s")[1]["result"] == "nothing_compared", "a second without a mail")


def test_bad_settings_and_stores_are_78_and_never_a_difference(house: House) -> None:
    bad = house.root / "bad.yaml"
    bad.write_text("outgoing: {prot: 25}\nincoming: {process_count: -1}\n")
    cases = {
        house.root / "missing.yaml": "missing.yaml",
        bad: "incoming.process_count",
        with_settings(house, {"state_directory": str(house.root / "none")}): "there is no store",
    }
    for config, words in cases.items():
        done = flexmaild(house, "replay", "--since", "90d", config=config)
        assert (done.returncode, done.stdout) == (78, "") and words in done.stderr
        assert "Traceback" not in done.stderr
    assert not (house.root / "none").exists()
    house.start()
    house.request(ALICE)
    reply = house.answer(house.mail(ALICE), "Approve")
    house.process_replies()
    house.stop()
    with sqlite3.connect(house.root / "state" / "flexmaild.db") as file:
        file.execute("UPDATE seen SET outcome = 'x'")
    file.close()
    done = flexmaild(house, "replay", "--since", "90d")
    assert (done.returncode, done.stdout) == (78, "") and "a row of it is damaged" in done.stderr
    assert "a row of it is damaged" in str(explained(house, reply))
    (house.root / "state" / "reference.key").unlink()
    done = flexmaild(house, "replay", "--since", "90d")
    assert (done.returncode, done.stdout) == (78, "") and "reference.key" in done.stderr
    assert not (house.root / "state" / "reference.key").exists()


def test_root_leaves_nothing_behind_that_the_daemons_user_cannot_write(house: House) -> None:
    """Only root is another user than the daemon's and may read its store."""
    assert os.geteuid() == 0, "run the tests as root, as CI does: this one needs two users"
    house.start()
    many(house)
    house.stop()
    for path in ((house.root / "state"), *(house.root / "state").iterdir()):
        os.chown(path, 65534, 65534)
    before = trace(house)
    assert replayed(house)[0] == 0
    explained(house, b"From: a@b.test\r\n\r\nApprove\r\n")
    assert trace(house) == before
