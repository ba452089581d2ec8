"""Ctrl-C at a program whose output nobody reads."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from flexmaild.core import exit_codes
from tests.support.daemon import until
from tests.support.programs import held
from tests.unit.cli.cli_support import Terminal, approval

pytestmark = pytest.mark.slow  # programs that are started, with odd ends

MAIL = b"From: Ann <ann@corp.test>\r\nSubject: Re: x\r\n\r\n" + b"Approve\r\n"
CTL = [sys.executable, "-c", "from flexmaild.cli.flexmailctl import main; main()"]
HOLDS = 4096  # what a pipe holds at least; the kernel rounds up to a page


@pytest.fixture
def stalled() -> Iterator[tuple[int, int]]:
    """Both ends of a small pipe that nobody reads."""
    ends = os.pipe()
    fcntl.fcntl(ends[1], fcntl.F_SETPIPE_SZ, HOLDS)
    yield ends
    for end in ends:
        os.close(end)


@pytest.mark.parametrize("lines", [30, 1000])
def test_an_output_that_nobody_reads_does_not_outlive_an_interrupt(
    stalled: tuple[int, int], lines: int
) -> None:
    """Whether it blocks in the middle, or at the end in what was kept back until then."""
    command = [sys.executable, "-m", "flexmaild", "explain", "--json", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=stalled[1], stderr=subprocess.PIPE
    ) as program:
        assert program.stdin
        program.stdin.write(MAIL + b"> x\r\n" * lines)
        program.stdin.close()
        until(lambda: program.poll() is not None or held(stalled[0]) == HOLDS, "a pipe that is full")
        assert program.poll() is None, "it wrote less than the pipe holds"
        program.send_signal(signal.SIGINT)
        try:
            program.wait(20)
        finally:
            program.kill()
        assert program.stderr
        assert (program.returncode, program.stderr.read()) == (exit_codes.INTERRUPTED, b"")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_wait_whose_words_nobody_reads_ends_at_an_interrupt(
    terminal: Terminal, stalled: tuple[int, int], stream: str
) -> None:
    asked = threading.Event()
    terminal.api.script = {"approval.wait": lambda call: asked.set() or approval()}
    os.write(stalled[1], b"x" * HOLDS)
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: stalled[1]}
    environment = os.environ | {"FLEXMAILD_SOCKET": str(terminal.path)}
    with subprocess.Popen([*CTL, "approval", "wait", "ap-1"], env=environment, **streams) as program:
        assert asked.wait(20)
        program.send_signal(signal.SIGINT)
        try:
            program.wait(20)
        finally:
            program.kill()
    assert program.returncode == exit_codes.INTERRUPTED


def test_what_was_said_before_an_interrupt_is_not_lost() -> None:
    code = """
import click, signal
from flexmaild.cli import exit

@click.command()
def command():
    exit.say("before")
    signal.raise_signal(signal.SIGINT)

exit.run(command, "program")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (exit_codes.INTERRUPTED, b"before\n", b"")


def test_the_demo_can_be_interrupted() -> None:
    command = [sys.executable, "-m", "flexmaild", "demo", "--interactive"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout
        while b"Type your answer" not in (line := program.stdout.readline()):
            assert line
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=60)
    assert program.returncode == exit_codes.INTERRUPTED and b"Traceback" not in said, said
