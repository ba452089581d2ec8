"""The installed programs, called in this process by their entry points: each a second quicker.

What needs a process is run as one: the daemon itself, another user, signals, a terminal, a closed pipe.
"""

from __future__ import annotations

import fcntl
import io
import os
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import TextIO

import pytest


def run_bytes(
    program: str, *arguments: str | bytes | Path, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """How `program` ended and what it said. env: laid over that of the tests."""
    (entry,) = entry_points(group="console_scripts", name=program)
    main, command = entry.load(), [program, *map(os.fsdecode, arguments)]
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    err = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace")
    with pytest.MonkeyPatch.context() as patched, _standard_input(stdin) as given:
        for name, value in (env or {}).items():
            patched.setenv(name, value)
        for name, value in {"argv": command, "stdin": given, "stdout": out, "stderr": err}.items():
            patched.setattr(sys, name, value)
        code = _exit_code(main)
    return subprocess.CompletedProcess(command, code, _written(out), _written(err))


def run(
    program: str, *arguments: str | bytes | Path, text: str = "", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The same with text. text: on standard input."""
    done = run_bytes(program, *arguments, stdin=text.encode(), env=env)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@contextmanager
def _standard_input(data: bytes) -> Iterator[TextIO]:
    """These bytes to read, from the descriptor too."""
    before = os.dup(0)
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        os.dup2(file.fileno(), 0)
        try:
            with open(0, encoding="utf-8", closefd=False) as given:
                yield given
        finally:
            os.dup2(before, 0)
            os.close(before)


def _exit_code(main: object) -> int:
    assert callable(main)
    try:
        main()
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
