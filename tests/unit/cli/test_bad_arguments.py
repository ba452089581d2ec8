"""What a pipeline may hand to flexmailctl by mistake: each ends with its code and a sentence."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs import limited, memory, run
from tests.unit.cli.cli_support import Terminal, approval

REQUEST = ("approval", "request", "--title", "t", "--approver", "a@b.test")
# Bytes; what is read without a limit ends there at last.
MEMORY = 1 << 30
NOTIFY = ("notify", "--to", "a@b.test", "--subject", "s")


def call(terminal: Terminal, *arguments: str | bytes | Path) -> subprocess.CompletedProcess[str]:
    done = run("flexmailctl", *arguments, env={"FLEXMAILD_SOCKET": str(terminal.path)})
    assert "a bug" not in done.stderr and "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize(
    "arguments",
    [
        ("approval", "show", b"\xff"),
        ("approval", "list", "--after", b"\xff"),
        ("approval", "resend", "ap-1", b"\xff"),
        ("outbox", "retry", "a", b"\xff"),
        ("oauth", "forget", b"\xff"),
        (*REQUEST, "--text", b"\xff"),
        (*REQUEST, "--metadata", b"a=\xff"),
        (*REQUEST, "--approver", b"\xff"),
        (*REQUEST, "--idempotency-key", b"\xff"),
        (*NOTIFY, "--variable", b"\xff=b"),
    ],
)
def test_an_argument_that_is_not_utf_8_is_wrong_usage(
    terminal: Terminal, arguments: tuple[str | bytes, ...]
) -> None:
    done = call(terminal, *arguments)
    assert (done.returncode, done.stdout, terminal.api.calls) == (2, "", [])
    assert "this is not UTF-8" in done.stderr or "visible ASCII" in done.stderr


@pytest.mark.parametrize("key", ["a\nb: c", "€", "é", " ", "x" * 256])
@pytest.mark.parametrize("command", [REQUEST, NOTIFY])
def test_a_key_that_no_request_can_carry_is_wrong_usage(
    terminal: Terminal, command: tuple[str, ...], key: str
) -> None:
    done = call(terminal, *command, "--idempotency-key", key)
    assert (done.returncode, terminal.api.calls) == (2, [])
    assert "'--idempotency-key': use 1 to 255 visible ASCII characters" in done.stderr


@pytest.mark.parametrize("option", ["--attach", "--log", "--failed-log", "--file"])
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("fifo", "it is not a regular file"),
        ("/dev/zero", "it is not a regular file"),
        ("endless", "larger than a request"),
    ],
)
def test_a_file_without_an_end_or_a_beginning_is_wrong_usage(
    terminal: Terminal, tmp_path: Path, option: str, name: str, why: str
) -> None:
    """A plain read waits for ever, or until there is no memory left."""
    os.mkfifo(tmp_path / "fifo")
    with (tmp_path / "endless").open("wb") as sparse:
        sparse.truncate(1 << 40)
    command = REQUEST if option == "--file" else NOTIFY
    done = call(terminal, *command, option, tmp_path / name)
    assert (done.returncode, terminal.api.calls) == (2, [])
    assert why in done.stderr


@pytest.mark.parametrize("option", ["--text", "--html", "--file"])
def test_a_standard_input_without_an_end_is_wrong_usage(option: str, tmp_path: Path) -> None:
    env = {"FLEXMAILD_SOCKET": str(tmp_path / "none")}
    with Path("/dev/zero").open("rb") as endless, limited(resource.RLIMIT_AS, memory() + MEMORY):
        done = run("flexmailctl", *REQUEST, option, "-", stdin=endless.fileno(), env=env)
    assert done.returncode == 2
    assert option in done.stderr
    assert "standard input is larger than a request may be" in done.stderr


def test_a_body_nested_too_deep_is_wrong_usage(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "deep").write_text("[" * 1_000_000)
    done = call(terminal, "approval", "request", "--file", tmp_path / "deep")
    assert (done.returncode, terminal.api.calls) == (2, [])
    assert "deep is not JSON" in done.stderr


def test_a_file_may_have_any_name(terminal: Terminal, tmp_path: Path) -> None:
    terminal.api.script = {"approval.request": approval()}
    path = os.fsencode(tmp_path) + b"/\xff.log"
    Path(os.fsdecode(path)).write_bytes(b"x")
    assert call(terminal, *REQUEST, "--attach", path).returncode == 0
    assert terminal.api.body()["attachments"][0]["filename"] == "\ufffd.log"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("status",), 69),
        (("--help",), 0),
        (("approval", "--help"), 0),
        (("approval", "wait"), 2),
        (("statsu",), 2),
    ],
)
@pytest.mark.parametrize(
    "environment",
    [{}, {"LANG": "C", "COLUMNS": "1"}, {"COLUMNS": "-1", "TERM": ""}, {"LC_ALL": "xx_XX", "HOME": "/no"}],
)
def test_an_odd_environment_changes_no_exit_code(
    arguments: tuple[str, ...],
    code: int,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in os.environ:
        monkeypatch.delenv(name)
    done = run("flexmailctl", *arguments, env=environment | {"FLEXMAILD_SOCKET": str(tmp_path / "none")})
    assert done.returncode == code and "Traceback" not in done.stderr + done.stdout


@pytest.mark.slow
def test_a_program_that_begins_in_an_odd_environment_ends_with_its_code(tmp_path: Path) -> None:
    """Python reads some of it before any of our code."""
    command = [sys.executable, "-c", "from flexmaild.cli.flexmailctl import main; main()", "status"]
    given = {"LC_ALL": "xx_XX", "LANG": "C", "FLEXMAILD_SOCKET": str(tmp_path / "none")}
    done = subprocess.run(command, env=given, capture_output=True, check=False, timeout=60)
    assert done.returncode == 69 and b"Traceback" not in done.stderr + done.stdout


@pytest.mark.slow
def test_sigterm_ends_a_program_that_prints_without_a_traceback() -> None:
    command = [sys.executable, "-m", "flexmaild", "schema"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout and program.stderr
        assert program.stdout.read(1)
        program.terminate()
        assert program.stderr.read() == b""
    assert program.returncode in (0, -signal.SIGTERM)
