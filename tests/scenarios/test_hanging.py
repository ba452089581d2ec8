"""What hangs is seen within minutes, and holds up nothing but itself."""

import shutil
import signal
from typing import Any

import psutil
import pytest

from tests.support.daemon import Daemon, until
from tests.support.scripted import Hold, Serving, SmtpServer
from tests.support.servers_settings import by_smtp

ALICE, BOB = "alice@corp.test", "bob@corp.test"


def kinds(daemon: Daemon) -> dict[str, Any]:
    return {one["kind"]: one for one in daemon.call("status")["incidents"]}


def test_a_server_that_is_silent_after_the_mail_is_an_incident_until_it_answers(
    daemon: Daemon, serving: Serving
) -> None:
    hold = Hold("250 taken")
    server = serving(SmtpServer({"content": hold}))
    daemon.write_settings(by_smtp(server.port))
    daemon.start()
    daemon.request(ALICE)
    assert hold.reached.wait(30)
    daemon.advance(125)
    told = until(lambda: kinds(daemon).get("outgoing_failed"), "the incident")
    assert "server may be silent" in told["said"] and "mail server's log" in told["cure"]
    daemon.request(BOB)
    daemon.process_replies()  # which goes on
    hold.let_go.set()
    until(lambda: len(server.mails) == 2, "both mails")
    until(lambda: kinds(daemon) == {}, "its end")


@pytest.mark.process
@pytest.mark.slow
def test_a_sink_that_hangs_is_an_incident_and_delays_nobody_nor_the_end(daemon: Daemon) -> None:
    """Its file system does not answer: the call that makes the file safe does not return."""
    strace = shutil.which("strace")
    assert strace, "install strace (apt-get install strace): it makes the call hang"
    hangs = ("-P", str(daemon.decisions), "-e", "trace=fsync", "-e", "inject=fsync:delay_enter=3600s")
    log = daemon.decisions.with_name("strace.log")
    daemon.before = (strace, "-D", "-f", "-qq", "-o", str(log), *hangs)
    daemon.start()
    tracer = next(p for p in psutil.process_iter() if p.name() == "strace" and str(log) in p.cmdline())
    try:
        _go_on_beside(daemon)
        assert daemon.process is not None
        process = psutil.Process(daemon.process.pid)
        process.send_signal(signal.SIGTERM)
        until(lambda: daemon.advance(1) or process.status() == psutil.STATUS_ZOMBIE, "the end")
    finally:
        tracer.kill()  # it goes on with its delay, and only then lets the end be seen
    assert daemon.process.wait(10) == 0


def _go_on_beside(daemon: Daemon) -> None:
    first = daemon.request(ALICE)
    daemon.deliver(daemon.answer(daemon.mail(ALICE), "approve"))
    daemon.process_replies()
    until(lambda: list(daemon.decisions.glob("*.json")), "the file whose directory is not safe yet")
    daemon.advance(125)
    told = until(lambda: kinds(daemon).get("sink_hung"), "the incident")
    assert (told["subject"], "may hang" in told["said"]) == ("sink folder", True)
    daemon.request(BOB)
    daemon.mail(BOB)
    assert daemon.show(first["id"])["state"] == "approved"
