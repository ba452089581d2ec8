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
from tests.support.daemon import ROOT, Daemon, merged, reply_bytes, until
from tests.support.in_process import failed_start
from tests.support.scripted import Dialogue, Hold, ImapServer, SmtpServer
from tests.support.servers_settings import by_imap, by_smtp

ALICE, BOB = "alice@corp.test", "bob@corp.test"
HOUR = 3600.0

Serving = Callable[[Any], Any]


# Reload at the worst moment.


def test_a_reload_in_the_middle_of_a_batch_sends_the_rest_at_once_by_the_new_way(
    daemon: Daemon, serving: Serving
) -> None:
    """The old thread keeps only the mail in hand; what it had not begun must not wait for its lease."""
    hold = Hold("250 taken")
    old, new = serving(SmtpServer({"content": hold})), serving(SmtpServer({}))
    daemon.write_settings(by_smtp(old.port))
    daemon.start()
    daemon.request(*[f"a{n}@corp.test" for n in range(15)])
    assert hold.reached.wait(30)
    daemon.write_settings(by_smtp(new.port))
    assert daemon.call("reload")["reloaded"]
    hold.let_go.set()
    until(lambda: len(old.mails) + len(new.mails) >= 15 or None, "all fifteen mails")
    until(lambda: daemon.call("status")["outgoing"]["messages"]["done"] == 15 or None, "fifteen done jobs")
    assert len(old.mails) + len(new.mails) == 15


def test_a_part_that_a_reload_took_away_is_not_missed_by_the_watchdog(
    daemon: Daemon, serving: Serving
) -> None:
    """The old poller sends a last heartbeat after it was forgotten; nobody may wait for the next."""
    hold = Hold("")
    server = serving(ImapServer({"UID FETCH": hold}, mails=(b"Subject: x\r\n\r\nx\r\n",)))
    daemon.write_settings(by_imap(server.port))
    daemon.start()
    assert hold.reached.wait(30)
    daemon.write_settings({"incoming": {"enabled": False}})
    daemon.call("reload")
    hold.let_go.set()
    until(lambda: any("LOGOUT" in line for line in server.heard) or None, "the end of the old poller")
    daemon.advance(700)
    until(lambda: daemon.call("status")["ready"] or None, "readiness, once the living have given their signs")
    assert "poller" not in daemon.call("status")["components"]


def test_a_changed_state_directory_waits_for_the_restart_whole(daemon: Daemon, tmp_path: Path) -> None:
    """Half of it (a new key for references, an old store) would make every open request worthless."""
    daemon.start()
    asked = daemon.request(ALICE)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    daemon.write_settings({"state_directory": str(elsewhere)})
    reloaded = daemon.call("reload")
    assert "state_directory" in reloaded["needs_restart"]
    daemon.answer(daemon.mail(ALICE), "Approve")
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    assert daemon.show(asked["id"])["state"] == "approved"
    assert list(elsewhere.iterdir()) == []
    assert "state_directory" in daemon.call("reload")["needs_restart"], "it is said as long as it is so"


def test_a_changed_log_format_is_named_as_needing_a_restart(daemon: Daemon) -> None:
    daemon.start()
    daemon.write_settings({"log": {"format": "console"}})
    assert daemon.call("reload")["needs_restart"] == ["log.format"]


def test_reloads_more_often_than_the_interval_do_not_keep_replies_from_being_read(daemon: Daemon) -> None:
    daemon.write_settings({"incoming": {"process_interval": "2s"}})
    daemon.start()
    asked = daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve")

    def reload_and_look() -> bool:
        daemon.call("reload")
        return bool(daemon.show(asked["id"])["state"] == "approved")

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
    daemon: Daemon, tmp_path: Path, trap: str
) -> None:
    daemon.start()
    if trap.startswith("template"):
        templates = tmp_path / "templates"
        templates.mkdir()
        daemon.write_settings({"notifications": {"templates": str(templates)}})
        if source := TEMPLATES[trap]:
            (templates / "approval_request.txt.j2").write_text(source)
        else:
            os.mkfifo(templates / "approval_request.txt.j2")
    else:
        daemon.config.unlink()
        if trap == "directory":
            daemon.config.mkdir()
        elif trap == "fifo":
            os.mkfifo(daemon.config)
        elif trap == "huge":
            daemon.config.write_text("#" * 2_000_000)
    with pytest.raises(Refused) as refused:
        daemon.client.call("reload", timeout=20)
    assert refused.value.status == 422
    assert "the old settings stay in force" in str(refused.value)
    assert daemon.call("status")["settings"]["last_reload"] == "failed"


def test_a_fifo_as_settings_file_ends_the_start_with_78(daemon: Daemon) -> None:
    daemon.config.unlink()
    os.mkfifo(daemon.config)
    code, said = failed_start(daemon.config)
    assert code == 78
    assert "not a regular file" in said


def test_a_fifo_as_secret_file_is_a_fault_and_hangs_nobody(daemon: Daemon, tmp_path: Path) -> None:
    daemon.start()
    secret = tmp_path / "secret"
    os.mkfifo(secret, 0o600)
    settings = by_smtp(25)
    settings["outgoing"] |= {"username": "u", "password": {"file": str(secret)}}
    daemon.write_settings(settings)
    with pytest.raises(Refused) as refused:
        daemon.client.call("reload", timeout=20)
    assert str(secret) in str(refused.value)


def test_a_removed_sink_with_deliveries_waiting_is_named_and_served_when_it_is_back(daemon: Daemon) -> None:
    sinks = {"sinks": {"folder": {"kind": "dropfile", "path": str(daemon.root / "missing")}}}
    daemon.write_settings(sinks)
    daemon.start()
    asked = daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve")
    daemon.process_replies()
    until(lambda: daemon.call("status")["deliveries"]["folder"].get("deferred"), "a deferred delivery")
    daemon.config.write_text(yaml.safe_dump(yaml.safe_load(daemon.config.read_text()) | {"sinks": {}}))
    daemon.call("reload")
    issues = daemon.call("status")["issues"]
    assert any("folder" in issue and "no longer" in issue for issue in issues), issues
    (daemon.root / "missing").mkdir()
    daemon.write_settings(sinks)
    daemon.call("reload")
    daemon.call("deliveries.retry_all")
    until(lambda: list((daemon.root / "missing").glob("*.json")), "the decision file")
    assert daemon.call("status")["issues"] == []
    assert daemon.show(asked["id"])["state"] == "approved"


# Clocks.


def test_a_clock_set_back_neither_hammers_the_server_nor_stops_time(daemon: Daemon, serving: Serving) -> None:
    """A deferred mail waits its pause, no less and no more, wherever the wall clock is."""
    server = serving(SmtpServer({"RCPT": "450 greylisted"}))
    daemon.write_settings(merged(by_smtp(server.port), {"incoming": {"process_interval": "1s"}}))
    daemon.start()
    daemon.jump(6 * HOUR)
    daemon.call("status")
    daemon.advance(61)  # long enough for the wrong clock to be believed
    until(lambda: daemon.call("status")["ready"] or None, "a status")
    daemon.request(ALICE)
    until(lambda: _attempts(daemon) == [1] or None, "a first try")
    daemon.jump(0)
    assert any("clock" in issue for issue in daemon.call("status")["issues"])
    daemon.call("outbox.retry_all")
    until(lambda: (_attempts(daemon) == [1] and _tries(server) == 2) or None, "a try on the operator's word")
    _let_the_loop_look_around(daemon)
    assert _tries(server) == 2
    daemon.advance(120)
    until(lambda: _tries(server) == 3 or None, "the next try, after the pause")


def test_a_clock_that_jumps_ahead_for_a_moment_gives_up_no_mail(daemon: Daemon, serving: Serving) -> None:
    server = serving(SmtpServer({"RCPT": "450 greylisted"}))
    daemon.write_settings(by_smtp(server.port))
    daemon.start()
    asked = daemon.request(ALICE, expires_in="30d")
    until(lambda: _attempts(daemon) == [1] or None, "a first try")
    daemon.jump(5 * 365 * 24 * HOUR)
    daemon.call("outbox.retry_all")
    until(lambda: (_tries(server) == 2 and _attempts(daemon) == [1]) or None, "a second try")
    assert daemon.call("outbox.list")["items"][0]["state"] == "deferred"
    assert daemon.show(asked["id"])["state"] == "pending"


def _tries(server: SmtpServer) -> int:
    return sum(line.startswith("RCPT") for line in server.heard)


def _attempts(daemon: Daemon) -> list[int]:
    return [job["attempt"] for job in daemon.call("outbox.list")["items"]]


def _let_the_loop_look_around(daemon: Daemon) -> None:
    """Until it has polled a few times: it looks for due work as often."""
    polls = daemon.call("status")["incoming"]["polls"]
    until(lambda: daemon.call("status")["incoming"]["polls"] >= polls + 4 or None, "some more polls")


# Disks, descriptors, pipes.


@pytest.mark.process
def test_a_full_disk_keeps_every_reply_says_so_and_goes_on_by_itself(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve")
    limit(daemon, resource.RLIMIT_FSIZE, 4096)
    with pytest.raises(Refused) as refused:
        daemon.process_replies()
    assert "no space left" in str(refused.value)
    assert daemon.waiting() == 1
    with pytest.raises(Refused) as refused:
        daemon.request(BOB)
    assert (refused.value.status, refused.value.kind) == (503, "store")
    status = daemon.call("status")
    assert "no space left" in str(status["issues"])
    assert not status["ready"]
    limit(daemon, resource.RLIMIT_FSIZE, resource.RLIM_INFINITY)
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    assert daemon.decided(asked["id"])["state"] == "approved"
    until(lambda: daemon.call("status")["healthy"] or None, "health")


@pytest.mark.process
def test_no_descriptors_left_makes_no_mail_unreadable(daemon: Daemon) -> None:
    """However few are left, at whatever point they run out: the mail waits, and is not called a bad one."""
    daemon.start()
    asked = daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve")
    assert daemon.process is not None
    used = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
    for spare in range(8):
        with ThreadPoolExecutor(1) as other:
            limit(daemon, resource.RLIMIT_NOFILE, used + spare)
            asking = other.submit(_try_to_process, daemon)
            futures_wait([asking], 2.0)
            limit(daemon, resource.RLIMIT_NOFILE, 1024)
            asking.result()
    assert daemon.process.poll() is None, daemon.log.read_text()[-3000:]
    _try_to_process(daemon)
    assert daemon.decided(asked["id"])["state"] == "approved"
    assert daemon.call("quarantine.list", query={"limit": 10})["items"] == []
    assert [v["approver"] for v in daemon.show(asked["id"])["verdicts"]] == [ALICE]


def _try_to_process(daemon: Daemon) -> None:
    with suppress(Refused, Unreachable):
        daemon.process_replies()


def limit(daemon: Daemon, what: int, value: int) -> None:
    assert daemon.process is not None
    _, hard = resource.prlimit(daemon.process.pid, what)
    resource.prlimit(daemon.process.pid, what, (value, hard))


def test_a_deleted_store_ends_the_daemon_and_is_not_replaced_by_an_empty_one(daemon: Daemon) -> None:
    """With an empty store every waiting reply would be a stranger's, and be deleted."""
    daemon.start()
    asked = daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve")
    kept = daemon.root / "kept"
    (daemon.root / "state" / "flexmaild.db").rename(kept)
    with pytest.raises(Refused, match="deleted or replaced"):
        daemon.process_replies()
    assert daemon.ended() == 1
    assert daemon.waiting() == 1
    code, said = failed_start(daemon.config)
    assert code == 78
    assert "is gone" in said
    for file in (daemon.root / "state").glob("flexmaild.db-*"):
        file.rename(daemon.root / file.name.replace("flexmaild.db", "kept"))
    kept.rename(daemon.root / "state" / "flexmaild.db")
    for file in daemon.root.glob("kept-*"):
        file.rename(daemon.root / "state" / file.name.replace("kept", "flexmaild.db"))
    daemon.start()
    daemon.process_replies()
    assert daemon.decided(asked["id"])["state"] == "approved"


def test_a_truncated_reference_key_is_refused(daemon: Daemon) -> None:
    """With an empty key anybody could make references."""
    daemon.start()
    assert daemon.stop() == 0
    (daemon.root / "state" / "reference.key").write_bytes(b"")
    code, said = failed_start(daemon.config)
    assert code == 1
    assert "key is damaged" in said


@pytest.mark.process
def test_a_standard_error_that_nobody_reads_blocks_nothing(daemon: Daemon) -> None:
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "tests.support.clocked", str(daemon.config), str(daemon.root / "clock")]
    daemon.process = subprocess.Popen(command, cwd=ROOT, stdout=writing, stderr=writing)
    try:
        until(lambda: _answers(daemon), "an answer")
        for _ in range(30):
            daemon.request(ALICE)
        until(lambda: len(daemon.mails(ALICE)) == 30 or None, "thirty mails")
        for mail in daemon.mails(ALICE):
            daemon.answer(mail, "Approve")
        assert daemon.process_replies()["outcomes"] == {"decision": 30}
        assert daemon.stop() == 0
    finally:
        os.close(reading)
        os.close(writing)


def _answers(daemon: Daemon) -> bool:
    try:
        return bool(daemon.call("status"))
    except (Unreachable, Refused):
        return False


# Stopping.


@pytest.mark.process
def test_stopping_in_the_middle_of_a_mail_is_in_time_and_the_mail_keeps_its_message_id(
    daemon: Daemon, serving: Serving
) -> None:
    hold = Hold("250 taken")
    silent, good = serving(SmtpServer({"content": hold})), serving(SmtpServer({}))
    daemon.write_settings(by_smtp(silent.port))
    daemon.start()
    daemon.request(ALICE)
    assert hold.reached.wait(30)
    message_id = daemon.call("outbox.list")["items"][0]["message_id"]
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGTERM)
    until(lambda: daemon.advance(1) or daemon.process.poll() is not None, "the end")
    assert daemon.process.returncode == 0
    daemon.write_settings(by_smtp(good.port))
    daemon.start()
    until(lambda: good.mails or None, "the mail")
    assert f"Message-ID: <{message_id}>".encode() in good.mails[0]


@pytest.mark.process
def test_the_second_signal_to_end_is_obeyed_at_once(daemon: Daemon, serving: Serving) -> None:
    hold = Hold("250 taken")
    server = serving(SmtpServer({"content": hold}))
    daemon.write_settings(by_smtp(server.port))
    daemon.start()
    daemon.request(ALICE)
    assert hold.reached.wait(30)
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGTERM)
    until(lambda: "stopping" in daemon.log.read_text() or None, "the beginning of the end")
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(20) == 1


@pytest.mark.process
def test_a_signal_to_reload_before_the_daemon_is_ready_is_obeyed_after_it_is(daemon: Daemon) -> None:
    command = [sys.executable, "-m", "flexmaild", "--config", str(daemon.config)]
    with daemon.log.open("ab") as log:
        daemon.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            # Python itself dies of it while it starts; from then on it is ours to remember.
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP]),
        )
    daemon.process.send_signal(signal.SIGHUP)
    until(lambda: _answers(daemon), "an answer")
    until(lambda: "settings reloaded" in daemon.log.read_text() or None, "the reload")


# Servers.


def test_a_rotated_password_file_needs_no_reload(daemon: Daemon, serving: Serving, tmp_path: Path) -> None:
    server = serving(SmtpServer({"AUTH": "535 5.7.8 wrong"}))
    secret = tmp_path / "smtp.secret"
    secret.write_text("the-old-one\n")
    secret.chmod(0o600)
    daemon.write_settings(by_smtp(server.port, username="app", password={"file": str(secret)}))
    daemon.start()
    daemon.request(ALICE)
    until(lambda: "535" in str(daemon.call("status")["issues"]) or None, "the fault in the status")
    server.answers["AUTH"] = "235 in"
    secret.write_text("the-new-one\n")
    daemon.advance(400)
    until(lambda: server.mails or None, "the mail")
    logins = [base64.b64decode(line.split()[2]) for line in server.heard if line.startswith("AUTH PLAIN")]
    assert logins[0] == b"\0app\0the-old-one"
    assert logins[-1] == b"\0app\0the-new-one"
    assert len(logins) == 2
    until(lambda: daemon.call("status")["healthy"] or None, "health")


def test_a_reply_as_large_as_the_settings_allow_decides(daemon: Daemon) -> None:
    daemon.write_settings({"incoming": {"max_message_size": "12MiB"}})
    daemon.start()
    asked = daemon.request(ALICE)
    reply = email.message_from_bytes(reply_bytes(daemon.mail(ALICE), "Approve"), policy=email.policy.SMTP)
    assert isinstance(reply, EmailMessage)
    reply.add_attachment(bytes(8 << 20), maintype="application", subtype="zip", filename="log.zip")
    data = reply.as_bytes()
    assert len(data) > 10 << 20
    daemon.deliver(data)
    daemon.process_replies()
    assert daemon.show(asked["id"])["state"] == "approved"


def test_a_sender_that_the_server_refuses_is_cured_by_the_operator_and_no_approver_is_unreachable(
    daemon: Daemon, serving: Serving
) -> None:
    server = serving(SmtpServer({"MAIL": "550 5.7.1 sender not permitted"}))
    daemon.write_settings(by_smtp(server.port))
    daemon.start()
    asked = daemon.request(ALICE)
    until(lambda: "not permitted" in str(daemon.call("status")["issues"]) or None, "the incident")
    assert (_states(daemon), daemon.show(asked["id"])["unreachable"]) == (["deferred"], [])
    server.answers.pop("MAIL")
    daemon.call("outbox.retry_all")
    until(lambda: _states(daemon) == ["done"] or None, "the mail on its way")
    assert daemon.call("status")["incidents"] == []


def test_hours_of_refusals_make_the_pauses_grow_and_end_in_a_mail_given_up_that_can_be_retried(
    daemon: Daemon, serving: Serving
) -> None:
    server = serving(SmtpServer({"RCPT": "451 later"}))
    daemon.write_settings(by_smtp(server.port))
    daemon.start()
    asked = daemon.request(ALICE, expires_in="30d", remind_after=[])
    until(lambda: _attempts(daemon) == [1] or None, "the first try")
    for tries in range(2, 6):
        daemon.advance(30 * 2**tries)
        until(lambda n=tries: _attempts(daemon) == [n] or None, f"try {tries}")
    daemon.advance(6 * 24 * HOUR)
    until(lambda: _states(daemon) == ["failed"] or None, "the end of the tries")
    status = daemon.call("status")
    assert "given up" in str(status["issues"])
    assert daemon.show(asked["id"])["unreachable"] == [ALICE]
    server.answers.pop("RCPT")
    daemon.call("outbox.retry_all")
    until(lambda: _states(daemon) == ["done"] or None, "the mail on its way")


def _states(daemon: Daemon) -> list[str]:
    return [job["state"] for job in daemon.call("outbox.list")["items"]]


def test_fifty_reloads_while_all_flows_lose_and_double_nothing(daemon: Daemon) -> None:
    daemon.start()
    over = threading.Event()

    def reload_on_and_on() -> int:
        for number in range(50):
            more = {"approvals": {"max_comment": 1000 + number}, "incoming": {"process_count": 7 + number}}
            daemon.write_settings(more)
            daemon.call("reload")
        over.set()
        return number

    wanted: set[str] = set()
    answered: set[str] = set()
    with ThreadPoolExecutor(1) as other:
        reloads = other.submit(reload_on_and_on)
        while not over.is_set() or answered != wanted:
            if len(wanted) < 60:
                wanted.add(daemon.request(ALICE)["id"])
            for mail in daemon.mails(ALICE, "approval_request"):
                identifier = next(i for i in wanted if i.removeprefix("ap-") in str(mail["Message-ID"]))
                if identifier not in answered:
                    answered.add(identifier)
                    daemon.answer(mail, "Approve")
            _try_to_process(daemon)
            assert not reloads.done() or reloads.exception() is None, reloads.exception()
    until(lambda: _try_to_process(daemon) or not daemon.waiting(), "an empty folder")
    assert {daemon.decided(i)["state"] for i in wanted} == {"approved"}
    assert {len(daemon.show(i)["verdicts"]) for i in wanted} == {1}
    until(lambda: len(daemon.mails(ALICE, "accepted")) >= len(wanted) or None, "the confirmations")
    assert len(daemon.mails(ALICE, "approval_request")) == len(wanted)
    assert len(daemon.mails(ALICE, "accepted")) == len(wanted)
    until(lambda: len(list(daemon.decisions.glob("*.json"))) == len(wanted) or None, "the decision files")


def test_a_metrics_port_that_is_taken_refuses_the_reload_whole(daemon: Daemon) -> None:
    daemon.start()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        daemon.write_settings({"metrics": {"listen": listen}, "approvals": {"expire_after": "2d"}})
        with pytest.raises(Refused, match="in use"):
            daemon.call("reload")
    assert daemon.call("status")["settings"]["last_reload"] == "failed"
    assert daemon.call("reload")["changed"] == ["approvals.expire_after", "metrics.listen"]


# The control socket.


def test_two_hundred_pipelines_that_wait_at_once_all_hear_the_decision(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    with ThreadPoolExecutor(200) as pipelines:
        waits = [pipelines.submit(daemon.decided, asked["id"]) for _ in range(200)]
        daemon.answer(daemon.mail(ALICE), "Approve")
        daemon.process_replies()
        assert {wait.result()["state"] for wait in waits} == {"approved"}


# An operator and a server that is down.


def test_a_full_outbox_obeys_the_operator_while_the_server_is_away_and_empties_when_it_is_back(
    daemon: Daemon, serving: Serving
) -> None:
    server = serving(SmtpServer({"EHLO": "421 closed for repairs"}))
    daemon.write_settings(by_smtp(server.port))
    daemon.start()
    for number in range(6):
        daemon.request(*[f"a{n}@team{number}.test" for n in range(20)])
    until(lambda: "repairs" in str(daemon.call("status")["issues"]) or None, "the fault in the status")
    jobs = [job["id"] for job in daemon.call("outbox.list", query={"limit": 200})["items"]]
    assert len(jobs) == 120
    for job in jobs[:10]:
        daemon.call("outbox.hold", path={"id": job})
    for job in jobs[10:20]:
        daemon.call("outbox.drop", path={"id": job})
    del server.answers["EHLO"]
    daemon.call("outbox.retry_all")
    until(lambda: _outbox(daemon)["done"] == 100 or None, "what was neither held nor dropped")
    assert _outbox(daemon)["held"] == _outbox(daemon)["dropped"] == 10
    for job in jobs[:10]:
        daemon.call("outbox.release", path={"id": job})
    daemon.call("outbox.retry_all")
    until(lambda: _outbox(daemon)["done"] == 110 or None, "the ten that were held")
    assert len(server.mails) == 110
    lines = {line for mail in server.mails for line in mail.splitlines()}
    assert len([line for line in lines if line.startswith(b"Message-ID:")]) == 110


def _outbox(daemon: Daemon) -> dict[str, int]:
    messages: dict[str, int] = daemon.call("status")["outgoing"]["messages"]
    return messages


def test_a_mail_that_many_are_waiting_behind_is_not_in_their_way(daemon: Daemon, serving: Serving) -> None:
    """A 5xx for one of many is that one's end, and nobody else's."""

    def judge(talk: Dialogue) -> None:
        talk.say("550 5.1.1 no such user" if "bad@" in server.heard[-1] else "250 ok")

    server = serving(SmtpServer({"RCPT": judge}))
    daemon.write_settings(by_smtp(server.port))
    daemon.start()
    asked = daemon.request("bad@corp.test", *[f"a{n}@corp.test" for n in range(12)], quorum="all")
    until(lambda: _outbox(daemon)["done"] == 12 or None, "the twelve good ones")
    until(lambda: _outbox(daemon)["failed"] == 1 or None, "the bad one")
    assert daemon.show(asked["id"])["unreachable"] == ["bad@corp.test"]
