"""The daemon in adversity: bad reloads, wrong clocks, full disks, blocked pipes, files that are traps.

Each test sets one thing wrong and holds the daemon to its promises: nothing lost, nothing doubled, nothing
silent, and work goes on by itself when the thing is right again.
"""

import base64
import email.policy
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as futures_wait
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import yaml

from flexmaild.client import Refused, Unreachable
from tests.kit.house import ROOT, House, merged, reply_bytes, until
from tests.kit.in_process import failed_start
from tests.kit.scripted import Hold, ImapServer, SmtpServer, Talk
from tests.kit.servers_settings import by_imap, by_smtp

ALICE, BOB = "alice@corp.test", "bob@corp.test"
HOUR = 3600.0

Serving = Callable[[Any], Any]


# Reload at the worst moment.


def test_a_reload_in_the_middle_of_a_batch_sends_the_rest_at_once_by_the_new_way(
    house: House, serving: Serving
) -> None:
    """The old thread keeps only the mail in hand; what it had not begun must not wait for its lease."""
    hold = Hold("250 taken")
    old, new = serving(SmtpServer({"content": hold})), serving(SmtpServer({}))
    house.write_settings(by_smtp(old.port))
    house.start()
    house.request(*[f"a{n}@corp.test" for n in range(15)])
    assert hold.reached.wait(30)
    house.write_settings(by_smtp(new.port))
    assert house.call("reload")["reloaded"]
    hold.let_go.set()
    until(lambda: len(old.mails) + len(new.mails) >= 15 or None, "all fifteen mails")
    until(lambda: house.call("status")["outgoing"]["messages"]["done"] == 15 or None, "fifteen done jobs")
    assert len(old.mails) + len(new.mails) == 15


def test_a_part_that_a_reload_took_away_is_not_missed_by_the_watchdog(house: House, serving: Serving) -> None:
    """The old poller gives a last sign of life after it was forgotten; nobody may wait for the next."""
    hold = Hold("")
    server = serving(ImapServer({"UID FETCH": hold}, mails=(b"Subject: x\r\n\r\nx\r\n",)))
    house.write_settings(by_imap(server.port))
    house.start()
    assert hold.reached.wait(30)
    house.write_settings({"incoming": {"enabled": False}})
    house.call("reload")
    hold.let_go.set()
    until(lambda: any("LOGOUT" in line for line in server.heard) or None, "the end of the old poller")
    house.advance(700)
    until(lambda: house.call("status")["ready"] or None, "readiness, once the living have given their signs")
    assert "poller" not in house.call("status")["components"]


def test_a_changed_state_directory_waits_for_the_restart_whole(house: House, tmp_path: Path) -> None:
    """Half of it (a new key for references, an old store) would make every open request worthless."""
    house.start()
    asked = house.request(ALICE)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    house.write_settings({"state_directory": str(elsewhere)})
    reloaded = house.call("reload")
    assert "state_directory" in reloaded["needs_restart"]
    house.answer(house.mail(ALICE), "Approve")
    assert house.process_replies()["outcomes"] == {"decision": 1}
    assert house.show(asked["id"])["state"] == "approved"
    assert list(elsewhere.iterdir()) == []
    assert "state_directory" in house.call("reload")["needs_restart"], "it is said as long as it is so"


def test_a_changed_log_format_is_named_as_needing_a_restart(house: House) -> None:
    house.start()
    house.write_settings({"log": {"format": "console"}})
    assert house.call("reload")["needs_restart"] == ["log.format"]


def test_reloads_more_often_than_the_interval_do_not_keep_replies_from_being_read(house: House) -> None:
    house.write_settings({"incoming": {"process_interval": "2s"}})
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve")

    def reload_and_look() -> bool:
        house.call("reload")
        return bool(house.show(asked["id"])["state"] == "approved")

    until(reload_and_look, "the decision")


# None: a named pipe in its place.
TEMPLATES = {
    "template": "{% if",
    "template fifo": None,
    "template without end": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "template with one step without end": "{{ 9 ** (9 ** 9) }}",
}


@pytest.mark.parametrize("trap", ["directory", "fifo", "huge", "gone", *TEMPLATES])
def test_a_reload_of_something_that_is_no_settings_file_is_refused_at_once(
    house: House, tmp_path: Path, trap: str
) -> None:
    house.start()
    if trap.startswith("template"):
        templates = tmp_path / "templates"
        templates.mkdir()
        house.write_settings({"notifications": {"templates": str(templates)}})
        if source := TEMPLATES[trap]:
            (templates / "approval_request.txt.j2").write_text(source)
        else:
            os.mkfifo(templates / "approval_request.txt.j2")
    else:
        house.config.unlink()
        if trap == "directory":
            house.config.mkdir()
        elif trap == "fifo":
            os.mkfifo(house.config)
        elif trap == "huge":
            house.config.write_text("#" * 2_000_000)
    with pytest.raises(Refused) as refused:
        house.client.call("reload", timeout=20)
    assert refused.value.status == 422
    assert "the old settings stay in force" in str(refused.value)
    assert house.call("status")["settings"]["last_reload"] == "failed"


def test_a_fifo_as_settings_file_ends_the_start_with_78(house: House) -> None:
    house.config.unlink()
    os.mkfifo(house.config)
    code, said = failed_start(house.config)
    assert code == 78
    assert "not a regular file" in said


def test_a_fifo_as_secret_file_is_a_fault_and_hangs_nobody(house: House, tmp_path: Path) -> None:
    house.start()
    secret = tmp_path / "secret"
    os.mkfifo(secret, 0o600)
    settings = by_smtp(25)
    settings["outgoing"] |= {"username": "u", "password": {"file": str(secret)}}
    house.write_settings(settings)
    with pytest.raises(Refused) as refused:
        house.client.call("reload", timeout=20)
    assert str(secret) in str(refused.value)


def test_a_removed_sink_with_deliveries_waiting_is_named_and_served_when_it_is_back(house: House) -> None:
    sinks = {"sinks": {"folder": {"kind": "dropfile", "path": str(house.root / "missing")}}}
    house.write_settings(sinks)
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve")
    house.process_replies()
    until(lambda: house.call("status")["deliveries"]["folder"].get("deferred"), "a deferred delivery")
    house.config.write_text(yaml.safe_dump(yaml.safe_load(house.config.read_text()) | {"sinks": {}}))
    house.call("reload")
    issues = house.call("status")["issues"]
    assert any("folder" in issue and "no longer" in issue for issue in issues), issues
    (house.root / "missing").mkdir()
    house.write_settings(sinks)
    house.call("reload")
    house.call("deliveries.retry_all")
    until(lambda: list((house.root / "missing").glob("*.json")), "the decision file")
    assert house.call("status")["issues"] == []
    assert house.show(asked["id"])["state"] == "approved"


# Clocks.


def test_a_clock_set_back_neither_hammers_the_server_nor_stops_time(house: House, serving: Serving) -> None:
    """A deferred mail waits its pause, no less and no more, wherever the wall clock is."""
    server = serving(SmtpServer({"RCPT": "450 greylisted"}))
    house.write_settings(merged(by_smtp(server.port), {"incoming": {"process_interval": "1s"}}))
    house.start()
    house.jump(6 * HOUR)
    house.call("status")
    house.advance(61)  # long enough for the wrong clock to be believed
    until(lambda: house.call("status")["ready"] or None, "a status")
    house.request(ALICE)
    until(lambda: _attempts(house) == [1] or None, "a first try")
    house.jump(0)
    assert any("clock" in issue for issue in house.call("status")["issues"])
    house.call("outbox.retry_all")
    until(lambda: (_attempts(house) == [1] and _tries(server) == 2) or None, "a try on the operator's word")
    _let_the_loop_look_around(house)
    assert _tries(server) == 2
    house.advance(120)
    until(lambda: _tries(server) == 3 or None, "the next try, after the pause")


def test_a_clock_that_jumps_ahead_for_a_moment_gives_up_no_mail(house: House, serving: Serving) -> None:
    server = serving(SmtpServer({"RCPT": "450 greylisted"}))
    house.write_settings(by_smtp(server.port))
    house.start()
    asked = house.request(ALICE, expires_in="30d")
    until(lambda: _attempts(house) == [1] or None, "a first try")
    house.jump(5 * 365 * 24 * HOUR)
    house.call("outbox.retry_all")
    until(lambda: (_tries(server) == 2 and _attempts(house) == [1]) or None, "a second try")
    assert house.call("outbox.list")["items"][0]["state"] == "deferred"
    assert house.show(asked["id"])["state"] == "pending"


def _tries(server: SmtpServer) -> int:
    return sum(line.startswith("RCPT") for line in server.heard)


def _attempts(house: House) -> list[int]:
    return [job["attempt"] for job in house.call("outbox.list")["items"]]


def _let_the_loop_look_around(house: House) -> None:
    """Until it has polled a few times: it looks for due work as often."""
    polls = house.call("status")["incoming"]["polls"]
    until(lambda: house.call("status")["incoming"]["polls"] >= polls + 4 or None, "some more polls")


# Disks, descriptors, pipes.


@pytest.mark.process
def test_a_full_disk_keeps_every_reply_says_so_and_goes_on_by_itself(house: House) -> None:
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve")
    limit(house, resource.RLIMIT_FSIZE, 4096)
    with pytest.raises(Refused) as refused:
        house.process_replies()
    assert "no space left" in str(refused.value)
    assert house.waiting() == 1
    with pytest.raises(Refused) as refused:
        house.request(BOB)
    assert (refused.value.status, refused.value.kind) == (503, "store")
    status = house.call("status")
    assert "no space left" in str(status["issues"])
    assert not status["ready"]
    limit(house, resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)
    assert house.process_replies()["outcomes"] == {"decision": 1}
    assert house.decided(asked["id"])["state"] == "approved"
    until(lambda: house.call("status")["healthy"] or None, "health")


@pytest.mark.process
def test_no_descriptors_left_makes_no_mail_unreadable(house: House) -> None:
    """However few are left, at whatever point they run out: the mail waits, and is not called a bad one."""
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve")
    assert house.process is not None
    used = len(os.listdir(f"/proc/{house.process.pid}/fd"))
    for spare in range(8):
        with ThreadPoolExecutor(1) as other:
            limit(house, resource.RLIMIT_NOFILE, used + spare)
            asking = other.submit(_try_to_process, house)
            futures_wait([asking], 2.0)
            limit(house, resource.RLIMIT_NOFILE, 1024)
            asking.result()
    assert house.process.poll() is None, house.log.read_text()[-3000:]
    _try_to_process(house)
    assert house.decided(asked["id"])["state"] == "approved"
    assert house.call("quarantine.list", query={"limit": 10})["items"] == []
    assert [v["approver"] for v in house.show(asked["id"])["verdicts"]] == [ALICE]


def _try_to_process(house: House) -> None:
    with suppress(Refused, Unreachable):
        house.process_replies()


def limit(house: House, what: int, value: int) -> None:
    assert house.process is not None
    _, hard = resource.prlimit(house.process.pid, what)
    resource.prlimit(house.process.pid, what, (value, hard))


def test_a_deleted_store_ends_the_daemon_and_is_not_replaced_by_an_empty_one(house: House) -> None:
    """With an empty store every waiting reply would be a stranger's, and be deleted."""
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve")
    kept = house.root / "kept"
    (house.root / "state" / "flexmaild.db").rename(kept)
    with pytest.raises(Refused, match="deleted or replaced"):
        house.process_replies()
    assert house.ended() == 1
    assert house.waiting() == 1
    code, said = failed_start(house.config)
    assert code == 78
    assert "is gone" in said
    for file in (house.root / "state").glob("flexmaild.db-*"):
        file.rename(house.root / file.name.replace("flexmaild.db", "kept"))
    kept.rename(house.root / "state" / "flexmaild.db")
    for file in house.root.glob("kept-*"):
        file.rename(house.root / "state" / file.name.replace("kept", "flexmaild.db"))
    house.start()
    house.process_replies()
    assert house.decided(asked["id"])["state"] == "approved"


def test_a_truncated_reference_key_is_refused(house: House) -> None:
    """With an empty key anybody could make references."""
    house.start()
    assert house.stop() == 0
    (house.root / "state" / "reference.key").write_bytes(b"")
    code, said = failed_start(house.config)
    assert code == 1
    assert "key is damaged" in said


@pytest.mark.process
def test_a_standard_error_that_nobody_reads_blocks_nothing(house: House) -> None:
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "tests.kit.clocked", str(house.config), str(house.root / "clock")]
    house.process = subprocess.Popen(command, cwd=ROOT, stdout=writing, stderr=writing)
    try:
        until(lambda: _answers(house), "an answer")
        for _ in range(30):
            house.request(ALICE)
        until(lambda: len(house.mails(ALICE)) == 30 or None, "thirty mails")
        for mail in house.mails(ALICE):
            house.answer(mail, "Approve")
        assert house.process_replies()["outcomes"] == {"decision": 30}
        assert house.stop() == 0
    finally:
        os.close(reading)
        os.close(writing)


def _answers(house: House) -> bool:
    try:
        return bool(house.call("status"))
    except (Unreachable, Refused):
        return False


# Stopping.


@pytest.mark.process
def test_stopping_in_the_middle_of_a_mail_is_in_time_and_the_mail_keeps_its_message_id(
    house: House, serving: Serving
) -> None:
    hold = Hold("250 taken")
    silent, good = serving(SmtpServer({"content": hold})), serving(SmtpServer({}))
    house.write_settings(by_smtp(silent.port))
    house.start()
    house.request(ALICE)
    assert hold.reached.wait(30)
    message_id = house.call("outbox.list")["items"][0]["message_id"]
    assert house.process is not None
    house.process.send_signal(signal.SIGTERM)
    until(lambda: house.advance(1) or house.process.poll() is not None, "the end")
    assert house.process.returncode == 0
    house.write_settings(by_smtp(good.port))
    house.start()
    until(lambda: good.mails or None, "the mail")
    assert f"Message-ID: <{message_id}>".encode() in good.mails[0]


@pytest.mark.process
def test_the_second_signal_to_end_is_obeyed_at_once(house: House, serving: Serving) -> None:
    hold = Hold("250 taken")
    server = serving(SmtpServer({"content": hold}))
    house.write_settings(by_smtp(server.port))
    house.start()
    house.request(ALICE)
    assert hold.reached.wait(30)
    assert house.process is not None
    house.process.send_signal(signal.SIGTERM)
    until(lambda: "stopping" in house.log.read_text() or None, "the beginning of the end")
    house.process.send_signal(signal.SIGTERM)
    assert house.process.wait(20) == 1


@pytest.mark.process
def test_a_signal_to_reload_before_the_daemon_is_ready_is_obeyed_after_it_is(house: House) -> None:
    command = [sys.executable, "-m", "flexmaild", "--config", str(house.config)]
    with house.log.open("ab") as log:
        house.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            # Python itself dies of it while it starts; from then on it is ours to remember.
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP]),
        )
    house.process.send_signal(signal.SIGHUP)
    until(lambda: _answers(house), "an answer")
    until(lambda: "settings reloaded" in house.log.read_text() or None, "the reload")


# Servers.


def test_a_rotated_password_file_needs_no_reload(house: House, serving: Serving, tmp_path: Path) -> None:
    server = serving(SmtpServer({"AUTH": "535 5.7.8 wrong"}))
    secret = tmp_path / "smtp.secret"
    secret.write_text("the-old-one\n")
    secret.chmod(0o600)
    house.write_settings(by_smtp(server.port, username="app", password={"file": str(secret)}))
    house.start()
    house.request(ALICE)
    until(lambda: "535" in str(house.call("status")["issues"]) or None, "the fault in the status")
    server.answers["AUTH"] = "235 in"
    secret.write_text("the-new-one\n")
    house.advance(400)
    until(lambda: server.mails or None, "the mail")
    logins = [base64.b64decode(line.split()[2]) for line in server.heard if line.startswith("AUTH PLAIN")]
    assert logins[0] == b"\0app\0the-old-one"
    assert logins[-1] == b"\0app\0the-new-one"
    assert len(logins) == 2
    until(lambda: house.call("status")["healthy"] or None, "health")


def test_a_reply_as_large_as_the_settings_allow_decides(house: House) -> None:
    house.write_settings({"incoming": {"max_message_size": "12MiB"}})
    house.start()
    asked = house.request(ALICE)
    reply = email.message_from_bytes(reply_bytes(house.mail(ALICE), "Approve"), policy=email.policy.SMTP)
    assert isinstance(reply, EmailMessage)
    reply.add_attachment(bytes(8 << 20), maintype="application", subtype="zip", filename="log.zip")
    data = reply.as_bytes()
    assert len(data) > 10 << 20
    house.deliver(data)
    house.process_replies()
    assert house.show(asked["id"])["state"] == "approved"


def test_a_sender_that_the_server_refuses_is_cured_by_the_operator_and_no_approver_is_unreachable(
    house: House, serving: Serving
) -> None:
    server = serving(SmtpServer({"MAIL": "550 5.7.1 sender not permitted"}))
    house.write_settings(by_smtp(server.port))
    house.start()
    asked = house.request(ALICE)
    until(lambda: "not permitted" in str(house.call("status")["issues"]) or None, "the incident")
    assert (_states(house), house.show(asked["id"])["unreachable"]) == (["deferred"], [])
    server.answers.pop("MAIL")
    house.call("outbox.retry_all")
    until(lambda: _states(house) == ["done"] or None, "the mail on its way")
    assert house.call("status")["incidents"] == []


def test_hours_of_refusals_make_the_pauses_grow_and_end_in_a_mail_given_up_that_can_be_retried(
    house: House, serving: Serving
) -> None:
    server = serving(SmtpServer({"RCPT": "451 later"}))
    house.write_settings(by_smtp(server.port))
    house.start()
    asked = house.request(ALICE, expires_in="30d", remind_after=[])
    until(lambda: _attempts(house) == [1] or None, "the first try")
    for tries in range(2, 6):
        house.advance(30 * 2**tries)
        until(lambda n=tries: _attempts(house) == [n] or None, f"try {tries}")
    house.advance(6 * 24 * HOUR)
    until(lambda: _states(house) == ["failed"] or None, "the end of the tries")
    status = house.call("status")
    assert "given up" in str(status["issues"])
    assert house.show(asked["id"])["unreachable"] == [ALICE]
    server.answers.pop("RCPT")
    house.call("outbox.retry_all")
    until(lambda: _states(house) == ["done"] or None, "the mail on its way")


def _states(house: House) -> list[str]:
    return [job["state"] for job in house.call("outbox.list")["items"]]


def test_fifty_reloads_while_all_flows_lose_and_double_nothing(house: House) -> None:
    house.start()
    over = threading.Event()

    def reload_on_and_on() -> int:
        for number in range(50):
            more = {"approvals": {"max_comment": 1000 + number}, "incoming": {"process_count": 7 + number}}
            house.write_settings(more)
            house.call("reload")
        over.set()
        return number

    wanted: set[str] = set()
    answered: set[str] = set()
    with ThreadPoolExecutor(1) as other:
        reloads = other.submit(reload_on_and_on)
        while not over.is_set() or answered != wanted:
            if len(wanted) < 60:
                wanted.add(house.request(ALICE)["id"])
            for mail in house.mails(ALICE, "approval_request"):
                identifier = next(i for i in wanted if i.removeprefix("ap-") in str(mail["Message-ID"]))
                if identifier not in answered:
                    answered.add(identifier)
                    house.answer(mail, "Approve")
            _try_to_process(house)
            assert not reloads.done() or reloads.exception() is None, reloads.exception()
    until(lambda: _try_to_process(house) or not house.waiting(), "an empty folder")
    assert {house.decided(i)["state"] for i in wanted} == {"approved"}
    assert {len(house.show(i)["verdicts"]) for i in wanted} == {1}
    until(lambda: len(house.mails(ALICE, "accepted")) >= len(wanted) or None, "the confirmations")
    assert len(house.mails(ALICE, "approval_request")) == len(wanted)
    assert len(house.mails(ALICE, "accepted")) == len(wanted)
    until(lambda: len(list(house.decisions.glob("*.json"))) == len(wanted) or None, "the decision files")


def test_a_metrics_port_that_is_taken_refuses_the_reload_whole(house: House) -> None:
    house.start()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        house.write_settings({"metrics": {"listen": listen}, "approvals": {"expire_after": "2d"}})
        with pytest.raises(Refused, match="in use"):
            house.call("reload")
    assert house.call("status")["settings"]["last_reload"] == "failed"
    assert house.call("reload")["changed"] == ["approvals.expire_after", "metrics.listen"]


# The control socket.


def test_two_hundred_pipelines_that_wait_at_once_all_hear_the_decision(house: House) -> None:
    house.start()
    asked = house.request(ALICE)
    with ThreadPoolExecutor(200) as pipelines:
        waits = [pipelines.submit(house.decided, asked["id"]) for _ in range(200)]
        house.answer(house.mail(ALICE), "Approve")
        house.process_replies()
        assert {wait.result()["state"] for wait in waits} == {"approved"}


# An operator and a server that is down.


def test_a_full_outbox_obeys_the_operator_while_the_server_is_away_and_empties_when_it_is_back(
    house: House, serving: Serving
) -> None:
    server = serving(SmtpServer({"EHLO": "421 closed for repairs"}))
    house.write_settings(by_smtp(server.port))
    house.start()
    for number in range(6):
        house.request(*[f"a{n}@team{number}.test" for n in range(20)])
    until(lambda: "repairs" in str(house.call("status")["issues"]) or None, "the fault in the status")
    jobs = [job["id"] for job in house.call("outbox.list", query={"limit": 200})["items"]]
    assert len(jobs) == 120
    for job in jobs[:10]:
        house.call("outbox.hold", path={"id": job})
    for job in jobs[10:20]:
        house.call("outbox.drop", path={"id": job})
    del server.answers["EHLO"]
    house.call("outbox.retry_all")
    until(lambda: _outbox(house)["done"] == 100 or None, "what was neither held nor dropped")
    assert _outbox(house)["held"] == _outbox(house)["dropped"] == 10
    for job in jobs[:10]:
        house.call("outbox.release", path={"id": job})
    house.call("outbox.retry_all")
    until(lambda: _outbox(house)["done"] == 110 or None, "the ten that were held")
    assert len(server.mails) == 110
    lines = {line for mail in server.mails for line in mail.splitlines()}
    assert len([line for line in lines if line.startswith(b"Message-ID:")]) == 110


def _outbox(house: House) -> dict[str, int]:
    messages: dict[str, int] = house.call("status")["outgoing"]["messages"]
    return messages


def test_a_mail_that_many_are_waiting_behind_is_not_in_their_way(house: House, serving: Serving) -> None:
    """A 5xx for one of many is that one's end, and nobody else's."""

    def judge(talk: Talk) -> None:
        talk.say("550 5.1.1 no such user" if "bad@" in server.heard[-1] else "250 ok")

    server = serving(SmtpServer({"RCPT": judge}))
    house.write_settings(by_smtp(server.port))
    house.start()
    asked = house.request("bad@corp.test", *[f"a{n}@corp.test" for n in range(12)], quorum="all")
    until(lambda: _outbox(house)["done"] == 12 or None, "the twelve good ones")
    until(lambda: _outbox(house)["failed"] == 1 or None, "the bad one")
    assert house.show(asked["id"])["unreachable"] == ["bad@corp.test"]
