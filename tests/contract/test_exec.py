"""The sink `exec` with real commands: well-behaved, slow, deaf to SIGTERM, noisy, absent."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from flexmaild.core.errors import Reason, TryLater
from flexmaild.sinks.exec import OUTPUT_BYTES, Exec, ExecSettings
from tests.support.daemon import until

DATA = {
    "id": "apr_1", "state": "approved", "title": "$(touch pwned) `id` ; rm -rf /\0", "requester": "ci",
    "decided_by": ["anna@corp.test", "ben@corp.test"], "metadata": {"run": 17},
    "verdicts": [
        {"comment": "läuft\nzweite Zeile", "replaced": False},
        {"comment": "taken back", "replaced": True},
    ],
}  # fmt: skip
EVENT = json.dumps({"id": "apr_1.decided", "type": "flexmaild.approval.decided.v1", "data": DATA}).encode()
Script = Callable[[str], Path]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def write(text: str) -> Path:
        file = tmp_path / "command"
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
        return file

    return write


def sink(*command: str | Path, **given: Any) -> Exec:
    return Exec(ExecSettings.model_validate({"command": [str(part) for part in command]} | given))


def failure(made: Exec) -> TryLater:
    with pytest.raises(TryLater) as caught:
        made.deliver("k", EVENT)
    return caught.value


def test_the_event_is_on_standard_input_and_in_variables(script: Script, tmp_path: Path) -> None:
    out = tmp_path / "out"
    file = script('cat > "$1.json"; env -0 > "$1.env"; pwd > "$1.cwd"; ps -o pgid= -p $$ > "$1.group"')
    assert sink(file, out).deliver("k", EVENT) == "0"
    assert out.with_suffix(".json").read_bytes() == EVENT
    found = dict(
        line.split("=", 1) for line in out.with_suffix(".env").read_text().split("\0") if "=" in line
    )
    assert found["FLEXMAILD_EVENT_ID"] == "k"
    assert (found["FLEXMAILD_STATE"], found["FLEXMAILD_DECIDED_BY"]) == (
        "approved",
        "anna@corp.test,ben@corp.test",
    )
    assert found["FLEXMAILD_TITLE"] == DATA["title"].replace("\0", "")  # type: ignore[attr-defined]
    assert found["FLEXMAILD_COMMENT"] == "läuft\nzweite Zeile"
    assert json.loads(found["FLEXMAILD_METADATA"]) == {"run": 17}
    assert out.with_suffix(".cwd").read_text() == "/\n"
    assert int(out.with_suffix(".group").read_text()) != os.getpgrp()
    assert not (tmp_path / "pwned").exists()


def test_nothing_else_of_the_daemons_environment_is_passed_on(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
    monkeypatch.setenv("SMTP_PASSWORD", "s3cret")
    file = script("env -0 | cut -z -d= -f1 | grep -zv ^FLEXMAILD_ | tr '\\0' ' '")
    names = set(sink(file, environment={"TOKEN": "abc"}).deliver("k", EVENT).removeprefix("0: ").split())
    assert {"PATH", "TOKEN"} <= names <= {"PATH", "LANG", "TZ", "TOKEN", "PWD", "OLDPWD", "SHLVL", "_"}


@pytest.mark.parametrize(("text", "told"), [("exit 3", "exit code 3"), ("kill -ABRT $$", "SIGABRT")])
def test_any_other_end_is_tried_again(script: Script, text: str, told: str) -> None:
    error = failure(sink(script(f"echo went wrong >&2; {text}")))
    assert told in error.text and "went wrong" in error.answer and error.cure


def test_a_command_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    error = failure(sink(tmp_path / "absent"))
    assert error.reason is Reason.CLIENT and "No such file" in error.text and error.cure


def test_a_slow_command_is_stopped_with_all_its_children(script: Script, tmp_path: Path) -> None:
    file = script('sleep 600 & echo $! > "$1"; wait')
    error = failure(sink(file, tmp_path / "child", timeout="1s"))
    assert error.reason is Reason.TIMEOUT and error.uncertain
    child = int((tmp_path / "child").read_text())
    until(lambda: not Path(f"/proc/{child}/exe").exists(), "the end of the child")


@pytest.mark.slow
def test_one_that_ignores_sigterm_is_killed(script: Script, tmp_path: Path) -> None:
    file = script('trap "" TERM; echo $$ > "$1"; while :; do sleep 1; done')
    assert failure(sink(file, tmp_path / "pid", timeout="1s")).reason is Reason.TIMEOUT
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


def test_what_stays_in_the_background_is_not_waited_for(script: Script, tmp_path: Path) -> None:
    file = script('(while :; do echo noise; done) & echo $! > "$1"; exit 0')
    try:
        assert sink(file, tmp_path / "pid", timeout="30s").deliver("k", EVENT).startswith("0")
    finally:
        until((tmp_path / "pid").exists, "the number of the child")
        os.kill(int((tmp_path / "pid").read_text()), 9)


def test_a_noisy_command_waits_for_nobody_and_little_is_kept(script: Script) -> None:
    error = failure(sink(script(f"head -c {OUTPUT_BYTES * 20} /dev/zero | tr '\\0' x; exit 1")))
    assert len(error.answer) == 500


def test_one_that_reads_nothing_has_a_large_event_all_the_same(script: Script) -> None:
    large = json.dumps({"id": "k", "type": "t", "data": DATA | {"title": "x" * 1_000_000}}).encode()
    assert sink(script("echo ok")).deliver("k", large) == "0: ok"


def test_a_secret_in_its_output_is_not_told(script: Script, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.touch(0o600)
    file.write_text("t0ken-of-the-ci")
    made = sink(script('echo "$TOKEN"; exit 1'), environment={"TOKEN": {"file": str(file)}})
    assert "t0ken" not in str(failure(made))


@pytest.mark.parametrize(
    ("given", "path", "text"),
    [
        ({"command": ["true"]}, ("command", 0), "absolute path"),
        ({"command": ["/nonexistent/command"]}, ("command", 0), "is not a file"),
        ({"command": ["/etc/passwd"]}, ("command", 0), "not executable"),
        ({"command": ["/bin/true"], "environment": {"A-B": "x"}}, ("environment", "A-B"), "not a name"),
        ({"command": ["/bin/true"], "environment": {"FLEXMAILD_STATE": "x"}}, ("environment",), "ours"),
    ],
)
def test_a_mistake_in_the_settings_is_named(given: dict[str, Any], path: tuple[Any, ...], text: str) -> None:
    (found,) = ExecSettings.model_validate(given).findings()
    assert found.path[: len(path)] == path and text in found.text and found.grave


@pytest.mark.parametrize("call", ["memfd_create", "pidfd_open"])
def test_without_a_free_descriptor_it_is_tried_again_and_nothing_is_left_running(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refused(*given: object) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, call, refused)
    error = failure(sink(script('echo $$ > "$1"; exec sleep 600'), tmp_path / "pid"))
    assert "Too many open files" in error.text
    # A worker of the tests may have servers of others as its children.
    assert [child for child in psutil.Process().children() if child.cmdline()[-2:] == ["sleep", "600"]] == []


def test_a_command_never_gets_the_daemons_descriptors(script: Script, tmp_path: Path) -> None:
    held = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(held, True)
    try:
        listed = sink(script("ls /proc/self/fd | tr '\\n' ' '")).deliver("k", EVENT)
    finally:
        os.close(held)
    assert str(held) not in listed.removeprefix("0: ").split()
