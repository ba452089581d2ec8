"""What hangs is seen within minutes, and holds up nothing but itself."""

import shutil
import signal
from typing import Any

import psutil
import pytest

from tests.kit.house import House, until
from tests.kit.scripted import Hold, Serving, SmtpServer
from tests.kit.servers_settings import by_smtp

ALICE, BOB = "alice@corp.test", "bob@corp.test"


def kinds(house: House) -> dict[str, Any]:
    return {one["kind"]: one for one in house.call("status")["incidents"]}


def test_a_server_that_is_silent_after_the_mail_is_an_incident_until_it_answers(
    house: House, serving: Serving
) -> None:
    hold = Hold("250 taken")
    server = serving(SmtpServer({"content": hold}))
    house.write_settings(by_smtp(server.port))
    house.start()
    house.request(ALICE)
    assert hold.reached.wait(30)
    house.advance(125)
    told = until(lambda: kinds(house).get("outgoing_failed"), "the incident")
    assert "server may be silent" in told["said"] and "mail server's log" in told["cure"]
    house.request(BOB)
    house.process_replies()  # which goes on
    hold.let_go.set()
    until(lambda: len(server.mails) == 2, "both mails")
    until(lambda: kinds(house) == {}, "its end")


@pytest.mark.process
@pytest.mark.slow
def test_a_sink_that_hangs_is_an_incident_and_delays_nobody_nor_the_end(house: House) -> None:
    """Its file system does not answer: the call that makes the file safe does not return."""
    strace = shutil.which("strace")
    assert strace, "install strace (apt-get install strace): it makes the call hang"
    hangs = ("-P", str(house.decisions), "-e", "trace=fsync", "-e", "inject=fsync:delay_enter=3600s")
    log = house.decisions.with_name("strace.log")
    house.before = (strace, "-D", "-f", "-qq", "-o", str(log), *hangs)
    house.start()
    tracer = next(p for p in psutil.process_iter() if p.name() == "strace" and str(log) in p.cmdline())
    try:
        _go_on_beside(house)
        assert house.process is not None
        daemon = psutil.Process(house.process.pid)
        daemon.send_signal(signal.SIGTERM)
        until(lambda: house.advance(1) or daemon.status() == psutil.STATUS_ZOMBIE, "the end")
    finally:
        tracer.kill()  # it goes on with its delay, and only then lets the end be seen
    assert house.process.wait(10) == 0


def _go_on_beside(house: House) -> None:
    first = house.request(ALICE)
    house.deliver(house.answer(house.mail(ALICE), "approve"))
    house.process_replies()
    until(lambda: list(house.decisions.glob("*.json")), "the file whose directory is not safe yet")
    house.advance(125)
    told = until(lambda: kinds(house).get("sink_hung"), "the incident")
    assert (told["subject"], "may hang" in told["said"]) == ("sink folder", True)
    house.request(BOB)
    house.mail(BOB)
    assert house.show(first["id"])["state"] == "approved"
