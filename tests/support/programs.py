"""The installed programs, called in this process by their entry points: each a second quicker.

What needs a process is run as one: the daemon itself, another user, signals, descriptors that another program
closed or shares.
"""

import fcntl
import io
import os
import resource
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import TextIO

import click
import pytest

from flexmaild.cli import exit


def run_bytes(
    program: str | click.Command,
    *arguments: str | bytes | Path,
    stdin: bytes | int | None = b"",
    env: Mapping[str, str] | None = None,
    **streams: TextIO | None,
) -> subprocess.CompletedProcess[bytes]:
    """How `program` ended and what it said: an installed one, or a command that ends as those do.

    env: laid over that of the tests. stdin: what is on it, or the descriptor that it is; None: closed.
    streams: what takes the place of `stdout` and `stderr`; None: closed.
    """
    command = [program if isinstance(program, str) else "program", *map(os.fsdecode, arguments)]
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    err = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace")
    with pytest.MonkeyPatch.context() as patched, _standard_input(stdin) as given:
        for name, value in (env or {}).items():
            patched.setenv(name, value)
        seen = {"argv": command, "stdin": given, "stdout": out, "stderr": err} | streams
        for name, value in seen.items():
            patched.setattr(sys, name, value)
        code = _exit_code(program)
    return subprocess.CompletedProcess(command, code, _written(out), _written(err))


def run(
    program: str | click.Command,
    *arguments: str | bytes | Path,
    text: str = "",
    stdin: bytes | int | None = b"",
    env: Mapping[str, str] | None = None,
    **streams: TextIO | None,
) -> subprocess.CompletedProcess[str]:
    """The same with text. text: on standard input."""
    done = run_bytes(program, *arguments, stdin=text.encode() or stdin, env=env, **streams)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@contextmanager
def _standard_input(source: bytes | int | None) -> Iterator[TextIO | None]:
    """To read by its descriptor too, which is free where it is closed."""
    before = os.dup(0)
    with tempfile.TemporaryFile() as file:
        if isinstance(source, bytes):
            file.write(source)
            file.seek(0)
            source = file.fileno()
        try:
            if source is None:
                os.close(0)
                yield None
            else:
                os.dup2(source, 0)
                with open(0, encoding="utf-8", closefd=False) as given:
                    yield given
        finally:
            os.dup2(before, 0)
            os.close(before)


@contextmanager
def limited(what: int, most: int) -> Iterator[None]:
    """This process with a limit (`resource.RLIMIT_…`), until the end."""
    before = resource.getrlimit(what)
    resource.setrlimit(what, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)


def memory() -> int:
    """The bytes that this process has mapped: what `RLIMIT_AS` limits."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _exit_code(program: str | click.Command) -> int:
    try:
        if isinstance(program, str):
            (entry,) = entry_points(group="console_scripts", name=program)
            entry.load()()
        else:
            exit.run(program, "program")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _written(stream: io.TextIOWrapper) -> bytes:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue()


def held(pipe: int) -> int:
    """How many bytes a pipe holds that nobody has read yet (FIONREAD, ioctl_tty(2))."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)
