"""`flexmailctl approval request … --wait -- COMMAND`, and what `wait` gives back of a decision."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flexmaild.core import exit_codes
from tests.support.daemon import Daemon

ANNA = "anna@corp.test"
FLEXMAILCTL = [sys.executable, "-c", "from flexmaild.cli.flexmailctl import main; main()"]


@pytest.fixture
def running(daemon: Daemon) -> Daemon:
    return daemon.start()


def asked(daemon: Daemon, answer: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a pipeline starts it, while Anna answers."""
    command = [
        "--socket",
        str(daemon.client.path),
        "approval",
        "request",
        "--title",
        "Deploy",
        "--approver",
        ANNA,
    ]
    with subprocess.Popen(
        [*FLEXMAILCTL, *command, "--wait", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        daemon.answer(daemon.mail(ANNA, "approval_request"), answer)
        daemon.process_replies()
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def test_the_command_runs_after_the_approval_and_knows_it(running: Daemon, tmp_path: Path) -> None:
    file = tmp_path / "ran"
    script = (
        f'echo "$FLEXMAILD_STATE $FLEXMAILD_DECIDED_BY" > {file}; printf %s "$FLEXMAILD_COMMENT" >> {file}'
    )
    done = asked(running, "Approve looks good; $(touch pwned)", "--", "sh", "-c", script)
    assert done.returncode == exit_codes.DONE, done.stderr
    assert file.read_text() == f"approved {ANNA}\nlooks good; $(touch pwned)"


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_a_command_that_fails_is_10_and_its_own_code_is_told(running: Daemon, script: str, code: int) -> None:
    done = asked(running, "Approve", "--json", "--", "sh", "-c", script)
    assert done.returncode == exit_codes.COMMAND_FAILED == 10
    assert f"sh ended with {code}" in done.stderr
    assert json.loads(done.stdout)["command"] == {"exit_code": code}


def test_a_rejection_runs_nothing(running: Daemon, tmp_path: Path) -> None:
    done = asked(running, "Reject too early", "-o", "comment", "--", "touch", str(tmp_path / "ran"))
    assert (done.returncode, done.stdout) == (exit_codes.REJECTED, "too early\n")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "arguments",
    [["--wait", "--", "/nonexistent/command"], ["--", "true"], ["--wait", "no-such-command-here"]],
)
def test_what_could_not_be_run_is_told_before_anybody_is_asked(running: Daemon, arguments: list[str]) -> None:
    command = [
        "--socket",
        str(running.client.path),
        "approval",
        "request",
        "--title",
        "x",
        "--approver",
        ANNA,
    ]
    done = subprocess.run([*FLEXMAILCTL, *command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == exit_codes.USAGE and running.call("approval.list")["items"] == []


def test_wait_gives_back_approver_comment_and_proof(running: Daemon) -> None:
    one = running.request(ANNA, title="Deploy")
    running.answer(running.mail(ANNA, "approval_request"), "Approve looks good\nthanks to all")
    running.process_replies()

    assert running.decided(str(one["id"]))["state"] == "approved"

    def wait(*options: str) -> Any:
        command = ["--socket", str(running.client.path), "approval", "wait", str(one["id"]), *options]
        return subprocess.run([*FLEXMAILCTL, *command], capture_output=True, text=True, check=True).stdout

    assert wait("-o", "comment") == "looks good\nthanks to all\n"
    assert wait("-o", "approver") == f"{ANNA}\n"
    (verdict,) = json.loads(wait("--json"))["verdicts"]
    assert (verdict["by"], verdict["comment"], verdict["proof"]) == (
        ANNA,
        "looks good\nthanks to all",
        "reference",
    )
