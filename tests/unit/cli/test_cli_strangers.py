"""Both programs at a socket where somebody else listens: one sentence that steers no terminal, and 69."""

import json
import os
import subprocess
from collections.abc import Iterator

import pytest

from flexmaild.core import exit_codes
from tests.support.programs import run
from tests.support.stranger import JSON, OK, OURS, Stranger
from tests.unit.cli.cli_support import Terminal

ALIEN = b"SSH-2.0-\x1b[2J\x9b\xe2\x80\xaeOpenSSH\r\n"


@pytest.fixture
def stranger(terminal: Terminal) -> Iterator[Stranger]:
    terminal.path.unlink()
    found = Stranger(terminal.path)
    yield found
    found.close()


def call(stranger: Stranger, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(program, *arguments, env={"FLEXMAILD_SOCKET": str(stranger.path)})


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("flexmailctl", ("status",)),
        ("flexmailctl", ("approval", "wait", "ap-1")),
        ("flexmailctl", ("oauth", "authorize", "m365")),
        ("flexmaild", ("clock", "accept")),
    ],
)
def test_what_a_stranger_sent_is_made_visible(
    stranger: Stranger, program: str, arguments: tuple[str, ...]
) -> None:
    stranger.says(ALIEN)
    done = call(stranger, program, *arguments)
    assert (done.returncode, done.stdout) == (exit_codes.UNREACHABLE, "")
    assert 'is not flexmaild: it sent "SSH-2.0-\\x1b[2J\\\\x9b\\u202eOpenSSH"' in done.stderr
    assert all(character == "\n" or character.isprintable() for character in done.stderr)


def test_as_json_it_is_a_document(stranger: Stranger) -> None:
    stranger.says(ALIEN)
    done = call(stranger, "flexmailctl", "status", "--json")
    assert done.returncode == exit_codes.UNREACHABLE
    assert "is not flexmaild" in json.loads(done.stdout)["detail"] and "\x1b" not in done.stdout


def answers(stranger: Stranger, body: object) -> None:
    raw = json.dumps(body).encode()
    stranger.says(OK + OURS + JSON + b"Content-Length: %d\r\n\r\n" % len(raw) + raw)


@pytest.mark.parametrize(
    ("arguments", "body", "what"),
    [
        (("status",), {}, "its answer has no 'healthy'"),
        (("status",), {"healthy": True, "issues": 5}, "issues of its answer must be a list"),
        (("approval", "wait", "a"), {"verdicts": []}, "its answer has no 'state'"),
        (("approval", "wait", "a"), {"state": "pending", "verdicts": [1]}, "of its answer must be an object"),
        (("approval", "wait", "a"), {"state": [], "verdicts": []}, "its answer has no "),
        (("approval", "list"), {"items": None}, "items of its answer must be a list"),
        (("approval", "list"), {"items": [1]}, "items.0 of its answer must be an object"),
        (("doctor",), {"healthy": True, "steps": [{}]}, "its answer has no "),
        (("oauth", "status"), {"applications": {"a": 1}}, "applications of its answer must be a list"),
    ],
)
def test_an_answer_that_cannot_be_shown_is_no_bug_of_ours(
    stranger: Stranger, arguments: tuple[str, ...], body: object, what: str
) -> None:
    answers(stranger, body)
    done = call(stranger, "flexmailctl", *arguments)
    assert done.returncode == exit_codes.UNREACHABLE
    assert "is not flexmaild: " in done.stderr and what in done.stderr and "a bug" not in done.stderr


def test_the_clock_of_a_stranger_is_not_believed(stranger: Stranger) -> None:
    answers(stranger, {"now": os.name})
    done = call(stranger, "flexmaild", "clock", "accept")
    assert done.returncode == exit_codes.UNREACHABLE and "its answer has no 'doubted'" in done.stderr
