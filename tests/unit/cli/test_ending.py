"""How a program ends that has nowhere to write."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import click
import pytest

from tests.support.daemon import until
from tests.support.in_process import mails_read_here
from tests.support.programs import held, run, run_bytes

MAIL = b"From: Ann <ann@corp.test>\r\nSubject: Re: x\r\n\r\nApprove\r\n"


@pytest.mark.parametrize("more", [(), ("--json",)])
@pytest.mark.parametrize(
    ("closed", "told"),
    [
        (("stdout",), b"flexmaild: the output could not be written: standard output is closed\n"),
        (("stdout", "stderr"), b""),
    ],
)
def test_a_closed_standard_output_is_told_and_changes_no_exit_code(
    closed: tuple[str, ...], more: tuple[str, ...], told: bytes
) -> None:
    with mails_read_here():
        done = run_bytes("flexmaild", "explain", "-", *more, stdin=MAIL, **dict.fromkeys(closed))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", told)


OPENER = """
import os, sys, click
from flexmaild.cli import exit

@click.command()
@click.argument("path")
def command(path):
    file = os.open(path, os.O_CREAT | os.O_WRONLY)
    print("more")
    print("traceback", file=sys.stderr)
    os.write(file, str(file).encode())
    os.system("exec echo from a child >&2")

exit.run(command, "opener")
"""


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_no_file_takes_the_place_of_a_closed_standard_stream(closed: str, tmp_path: Path) -> None:
    """What is meant for the terminal would be written into it."""
    command = f'"$0" -c "$1" "$2" {closed}'
    file = tmp_path / "store"
    done = subprocess.run(["sh", "-c", command, sys.executable, OPENER, file], check=False, timeout=60)
    written = file.read_text()
    assert done.returncode == 0 and written.isdigit() and int(written) > 2


@pytest.mark.parametrize("name", ["-", "/dev/stdin", "/dev/fd/0"])
def test_a_closed_standard_input_is_not_judged_as_an_empty_mail(name: str) -> None:
    done = run_bytes("flexmaild", "explain", name, stdin=None)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.count(b"\n") == 1
    assert name != "-" or done.stderr == b"flexmaild: standard input: it is closed\n"


@pytest.fixture
def to_write() -> Iterator[int]:
    """A descriptor that cannot be read."""
    with open(os.devnull, "wb") as file:
        yield file.fileno()


@pytest.mark.parametrize(
    ("source", "told"),
    [(None, "it is closed"), ("to_write", "Bad file descriptor"), (b"\xff", "is not UTF-8 (byte 1)")],
)
@pytest.mark.parametrize("option", ["--text", "--html", "--file"])
def test_a_standard_input_that_cannot_be_read_is_wrong_usage(
    option: str, source: bytes | str | None, told: str, to_write: int
) -> None:
    given = to_write if isinstance(source, str) else source
    done = run("flexmailctl", "approval", "request", option, "-", stdin=given)
    assert (done.returncode, done.stdout) == (2, "")
    assert "standard input" in done.stderr and option in done.stderr
    assert told in done.stderr or ("UTF-8" in told and "standard input is not JSON" in done.stderr)
    assert "Traceback" not in done.stderr


def test_standard_input_is_read_for_one_option_only() -> None:
    done = run("flexmailctl", "approval", "request", "--text", "-", "--html", "-", text="x")
    assert done.returncode == 2
    assert "Invalid value for '--html': standard input: it can be read only once" in done.stderr


@pytest.mark.slow
def test_a_standard_input_that_somebody_made_non_blocking_is_read_to_its_end() -> None:
    source, far = os.pipe()
    os.set_blocking(source, False)
    command = [sys.executable, "-m", "flexmaild", "explain", "-"]
    with subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        os.write(far, MAIL[:20])
        until(lambda: not held(far), "that it was read, and there is no more")
        os.write(far, MAIL[20:])
        os.close(far)
        os.close(source)
        said, _ = program.communicate(timeout=60)
    assert program.returncode == 0 and b"The text says: approve" in said


@pytest.mark.slow
@pytest.mark.parametrize("why", ["it is closed", "Bad file descriptor"])
def test_a_demo_that_nobody_can_type_into_says_so(why: str, to_write: int) -> None:
    done = run("flexmaild", "demo", "--interactive", stdin=None if "closed" in why else to_write)
    assert done.returncode == 1
    assert done.stderr.endswith(f"\nThe demo failed: standard input: {why}\n")


@pytest.mark.slow
def test_what_is_typed_into_a_demo_need_not_be_utf_8() -> None:
    done = run_bytes("flexmaild", "demo", "--interactive", stdin=b"Approve\n\xff\n\n")
    assert done.returncode == 0 and "comment '\ufffd'" in done.stdout.decode()


@pytest.mark.parametrize(
    "fault", [BrokenPipeError(32, "x"), EOFError(), OSError(32, "x"), ValueError()], ids=repr
)
def test_an_unexpected_fault_is_70_whatever_click_takes_it_for(fault: Exception) -> None:
    @click.command()
    def command() -> None:
        raise fault

    done = run(command)
    assert (done.returncode, done.stdout) == (70, "")
    assert done.stderr.startswith("program: a bug (") and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("asked", "end", "code", "told"),
    [
        ("bash_source", "", 0, ""),
        ("bash_source", "/dev/full", 0, "the output could not be written: No space left on device"),
        ("bash_source", None, 0, "the output could not be written: standard output is closed"),
        ("bash_complete", "", 2, "_FLEXMAILCTL_COMPLETE"),
        ("tcsh_source", "", 2, "_FLEXMAILCTL_COMPLETE"),
        ("nonsense", "", 2, "_FLEXMAILCTL_COMPLETE"),
    ],
)
def test_a_completion_that_cannot_be_says_so(asked: str, end: str | None, code: int, told: str) -> None:
    with ExitStack() as ending:
        streams = {"stdout": ending.enter_context(open(end, "w")) if end else None} if end != "" else {}
        done = run("flexmailctl", env={"_FLEXMAILCTL_COMPLETE": asked}, **streams)
    assert done.returncode == code
    assert told in done.stderr and done.stderr.count("\n") == (1 if told else 0)
