"""A pipeline that waits outlives the daemon, and sees how the request stands."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemon import Daemon, until

ALICE, BOB = "alice@corp.test", "bob@corp.test"


class Pipeline:
    """`flexmailctl approval wait` as a process."""

    def __init__(self, daemon: Daemon, identifier: str) -> None:
        self._said = daemon.root / "said"
        program = str(Path(sys.executable).with_name("flexmailctl"))
        command = [program, "--socket", str(daemon.root / "control.sock"), "approval", "wait", identifier]
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)

    def says(self, text: str) -> str:
        return until(lambda: self._line(text), f"{text!r} among {self._said.read_text()!r}")

    def _line(self, text: str) -> str | None:
        return next((line for line in self._said.read_text().splitlines() if text in line), None)


@pytest.fixture
def waits(daemon: Daemon) -> Iterator[Pipeline]:
    daemon.start()
    identifier = daemon.request(ALICE, BOB, quorum="all", expires_in="4h")["id"]
    pipeline = Pipeline(daemon, str(identifier))
    yield pipeline
    pipeline.process.kill()
    pipeline.process.wait()


@pytest.mark.process
def test_a_wait_outlives_a_crash_in_its_first_minute_and_tells_who_has_answered(
    daemon: Daemon, waits: Pipeline
) -> None:
    assert waits.says("is open").endswith(f"no answer yet from {ALICE}, {BOB}; 4 h 0 min left")
    daemon.mail(BOB)
    daemon.kill()
    waits.says("The daemon does not answer")
    daemon.start()
    waits.says("The daemon answers again")
    daemon.answer(daemon.mail(ALICE, "approval_request"), "Approve")
    daemon.process_replies()
    assert f"{ALICE}: approve; no answer yet from {BOB}" in waits.says(f"{ALICE}: approve")
    daemon.answer(daemon.mail(BOB, "approval_request"), "Approve")
    daemon.process_replies()
    assert waits.process.wait(60) == 0


def test_an_interrupted_wait_says_that_the_request_lives_on(daemon: Daemon, waits: Pipeline) -> None:
    waits.says("is open")
    waits.process.send_signal(signal.SIGINT)
    assert waits.process.wait(30) == 130
    assert "approval wait ap-" in waits.says("stays open")
    assert daemon.call("status")["approvals"]["pending"] == 1
