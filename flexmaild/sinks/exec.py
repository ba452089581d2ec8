"""The sink `exec`: runs a command for each event, without a shell.

Made by `flexmaild.sinks.build_sink`, used by the one thread that delivers to it. The command gets the event
as JSON on standard input and its main fields in the environment, runs in a process group of its own under
the daemon's own restrictions, and has succeeded when it exits with 0.
"""

import json
import os
import selectors
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from flexmaild.core.errors import Reason, TryLater, printable
from flexmaild.core.redacted import redacted
from flexmaild.core.steps import Step
from flexmaild.settings.faults import Finding
from flexmaild.settings.schema import SinkSettings
from flexmaild.settings.secrets import Secret
from flexmaild.settings.types import Duration, Line
from flexmaild.system.deadline import Deadline

# Of what the command writes; the rest is read and dropped, so that it never waits for us.
OUTPUT_BYTES = 64 * 1024
# Between SIGTERM and SIGKILL, seconds.
GRACE_SECONDS = 5.0
# What a variable holds at most; the whole event is on standard input. The kernel takes 128 KiB.
_VARIABLE_BYTES = 32 * 1024
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CURE = "Correct the command; `flexmailctl delivery retry` runs it again at once."


class ExecSettings(SinkSettings):
    """Runs a command for each decision."""

    kind: Literal["exec"] = "exec"
    command: Annotated[tuple[Line, ...], Field(min_length=1)]
    """The program by its absolute path, and its arguments: a list. No shell is involved. The event is on
    standard input as JSON, its main fields are in variables (FLEXMAILD_STATE …). Exit code 0 means done; with
    any other it is run again later, so it must tolerate being run twice."""
    environment: Mapping[str, Secret] = Field(default_factory=dict)
    """Further variables by name, each a text in quotes or {file: PATH}. Of the daemon's own only PATH, LANG
    and TZ are passed on."""
    timeout: Annotated[timedelta, Duration("1s", "10m")] = timedelta(seconds=30)
    """How long it may run. Then it gets SIGTERM with all its children, and five seconds later SIGKILL."""

    def findings(self) -> Iterator[Finding]:
        yield from super().findings()
        program = Path(self.command[0])
        if not program.is_absolute():
            yield Finding(("command", 0), "must be an absolute path: PATH is not searched")
        elif not program.is_file():
            yield Finding(("command", 0), "is not a file")
        elif not program.stat().st_mode & 0o111:
            yield Finding(("command", 0), f"is not executable: chmod +x {program}")
        for name in self.environment:
            if not name.isidentifier() or name.startswith("FLEXMAILD_"):
                text = (
                    "is not a name for a variable: letters, digits and _, and not FLEXMAILD_…, which is ours"
                )
                yield Finding(("environment", name), text)


class Exec:
    """See `core.ports.Sink`."""

    def __init__(self, settings: ExecSettings) -> None:
        self._command, self._extra = settings.command, settings.environment
        self._seconds = settings.timeout.total_seconds()

    def deliver(self, key: str, event: bytes) -> str:
        """Returns the exit code and how the output begins. Raises TryLater for any end but exit code 0."""
        extra = {name: secret.read() for name, secret in self._extra.items()}
        environment = {**_base_environment(), **extra, **variables(key, json.loads(event))}
        process = _started(self._command, environment, event)
        try:
            code, output = _ended(process, Deadline.after(self._seconds))
        except OSError as error:
            raise _cannot_run(self._command[0], error) from error
        said = printable(redacted(output.decode("utf-8", "replace")))
        if code == 0:
            return f"0: {said[:200]}" if said else "0"
        raise self._failure(code, said)

    def retry_now(self) -> None:
        """No failure is remembered."""

    def examine(self) -> Step:
        program, tried = Path(self._command[0]), f"look whether {self._command[0]} can be run"
        if program.is_file() and os.access(program, os.X_OK):
            return Step("sink", True, tried, "it can")
        answer = "it is not executable for this user" if program.is_file() else "it is not a file"
        return Step("sink", False, tried, answer, f"Put the program there, and chmod +x {program}.")

    def close(self) -> None:
        """Nothing is held between deliveries."""

    def _failure(self, code: int | None, said: str) -> TryLater:
        if code is None:
            text = f"{self._command[0]} was stopped after its time of {self._seconds:g} s"
            cure = "Make it faster, or raise the sink's timeout."
            return TryLater(Reason.TIMEOUT, text, step="run", answer=said, cure=cure, uncertain=True)
        how = f"exit code {code}" if code > 0 else f"signal {_signal_name(-code)}"
        text = f"{self._command[0]} ended with {how}"
        return TryLater(Reason.CLIENT, text, step="run", answer=said, cure=_CURE, uncertain=True)


def variables(key: str, event: Mapping[str, Any]) -> dict[str, str]:
    """The event's main fields as environment variables. Without NUL, which none can hold; long ones are
    cut."""
    data = event["data"]
    verdicts = [verdict for verdict in data.get("verdicts", ()) if not verdict["replaced"]]
    values = {
        "EVENT_ID": key,
        "EVENT_TYPE": event["type"],
        "REQUEST_ID": data["id"],
        "STATE": data["state"],
        "TITLE": data["title"],
        "REQUESTER": data["requester"],
        "DECIDED_BY": ",".join(data.get("decided_by", ())),
        "COMMENT": "\n".join(verdict["comment"] for verdict in verdicts if verdict["comment"]),
        "METADATA": json.dumps(data["metadata"], ensure_ascii=False),
    }
    return {f"FLEXMAILD_{name}": _variable(value) for name, value in values.items()}


def _variable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace")[:_VARIABLE_BYTES].decode("utf-8", "ignore")


def _base_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    return {"PATH": _PATH, "LANG": "C.UTF-8"} | kept


def _started(command: Sequence[str], environment: Mapping[str, str], event: bytes) -> subprocess.Popen[bytes]:
    """The command, with the event in a file in memory: a command that does not read it blocks nothing."""
    try:
        with os.fdopen(os.memfd_create("event", os.MFD_CLOEXEC), "w+b") as stdin:
            stdin.write(event)
            stdin.seek(0)
            return subprocess.Popen(
                command,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
    except (OSError, ValueError) as error:
        raise _cannot_run(command[0], error) from error


def _cannot_run(program: str, error: OSError | ValueError) -> TryLater:
    text = f"{program} cannot be run: {getattr(error, 'strerror', None) or error}"
    return TryLater(Reason.CLIENT, text, step="run", cure=_CURE)


def _ended(process: subprocess.Popen[bytes], deadline: Deadline) -> tuple[int | None, bytes]:
    """Its exit code, None where its time was over, and the beginning of its output."""
    assert process.stdout
    output = bytearray()
    try:
        with _process_handle(process.pid) as handle:
            is_over = not _read_until_exit(process.stdout.fileno(), handle, deadline, output)
            if is_over:
                _kill_group(process, handle)
        code = process.wait()
        return (None if is_over else code), bytes(output[:OUTPUT_BYTES])
    except BaseException:  # no descriptor is left to watch it with: it must not go on unwatched
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    finally:
        process.stdout.close()


@contextmanager
def _process_handle(pid: int) -> Iterator[int]:
    """A descriptor that is readable once the process has exited (pidfd_open(2))."""
    handle = os.pidfd_open(pid)
    try:
        yield handle
    finally:
        os.close(handle)


def _read_until_exit(pipe: int, handle: int, deadline: Deadline, output: bytearray) -> bool:
    """Whether it has exited in time. Children of it may hold the pipe open for longer; nothing waits for
    them."""
    os.set_blocking(pipe, False)
    with selectors.DefaultSelector() as waiting:
        waiting.register(pipe, selectors.EVENT_READ)
        waiting.register(handle, selectors.EVENT_READ)
        while not deadline.is_over:
            ready = {key.fd for key, _ in waiting.select(deadline.left)}
            if pipe in ready and not _read(pipe, output):
                waiting.unregister(pipe)
            if handle in ready:
                while len(output) < OUTPUT_BYTES and pipe in ready and _read(pipe, output):
                    ready = {key.fd for key, _ in waiting.select(0)}
                return True
    return False


def _read(pipe: int, output: bytearray) -> bool:
    """Read what is there; False at its end."""
    with suppress(BlockingIOError):
        data = os.read(pipe, OUTPUT_BYTES)
        output += data[: OUTPUT_BYTES - len(output)]
        return bool(data)
    return True


def _kill_group(process: subprocess.Popen[bytes], handle: int) -> None:
    """SIGTERM, then SIGKILL to all that are left of its group; its leader is not waited for before, so that
    its number stays its own."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        if number is signal.SIGTERM:
            with selectors.DefaultSelector() as waiting:
                waiting.register(handle, selectors.EVENT_READ)
                waiting.select(GRACE_SECONDS)


def _signal_name(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return str(number)
