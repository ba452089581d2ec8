"""How both programs end: with the exit code that says what was found, and never with a traceback.

Pipelines branch on exit codes. So one that could not print (a full disk, a closed pipe, a terminal that
knows ASCII only) ends with the code of what it did, and says on standard error what is missing.
"""

from __future__ import annotations

import errno
import io
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click
from click.shell_completion import shell_complete

from flexmaild.cli.escapes import escaped
from flexmaild.core import exit_codes

# In the place of a stream that whoever started the program has closed.
_CLOSED = -1


def say(text: str) -> None:
    """A line on standard output. Not by click, which writes UTF-8 to a terminal that knows ASCII only."""
    sys.stdout.write(f"{text}\n")


def fail(text: str, code: int) -> NoReturn:
    """End with one plain line on standard error."""
    sys.stderr.write(f"flexmaild: {escaped(text)}\n")
    raise click.exceptions.Exit(code)


def run(command: click.Command, program: str) -> NoReturn:
    """Carry out the command line and end: with the number that a command returns, or 0."""
    _occupy_closed_descriptors()
    sys.stdout, output = _tolerant(sys.stdout)
    sys.stderr, errors = _tolerant(sys.stderr)
    _hurry_when_interrupted(output, errors)
    try:
        code = _exit_code(command, program)
        sys.stdout.flush()
        if output and output.fault and output.fault.errno != errno.EPIPE:
            is_closed = output.fault.errno == errno.EBADF
            why = "standard output is closed" if is_closed else output.fault.strerror
            sys.stderr.write(f"{program}: the output could not be written: {why}\n")
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            sys.stderr.write("\n")  # after the terminal's ^C
        code = exit_codes.INTERRUPTED
    sys.exit(code)


def _hurry_when_interrupted(*outputs: _Output | None) -> None:
    """Who presses Ctrl-C does not wait for somebody to read what is still to be said."""

    def interrupted(number: int, frame: object) -> NoReturn:
        for output in outputs:
            if output:
                output.hurry()
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupted)


def _occupy_closed_descriptors() -> None:
    """Keep 0 to 2 from files that are opened later: what is meant for a terminal, a traceback too, would be
    written into them. With a socket that is connected to nothing: neither we nor a child can read it, write
    to it or open it by another name (/dev/stdin)."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            taken = socket.socket(socket.AF_UNIX).detach()  # the lowest number that is free: this one
            os.set_inheritable(taken, True)


def _exit_code(command: click.Command, program: str) -> int:
    """Not by click's `main`, which takes every broken pipe for a closed standard output, and every end of a
    file for Ctrl-C."""
    try:
        completed = _completion(command, program)
        if completed is not None:
            return completed
        with command.make_context(program, sys.argv[1:]) as context:
            ended = command.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except Exception as bug:  # noqa: BLE001 (the top of the program)
        # Without the exception's own words, which may quote a mail.
        last = traceback.extract_tb(bug.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        sys.stderr.write(f"{program}: a bug ({type(bug).__name__} at {place}); please report it\n")
        return exit_codes.BUG
    return ended if isinstance(ended, int) else exit_codes.DONE


def _completion(command: click.Command, program: str) -> int | None:
    """What a shell asks for by an environment variable; None where it does not."""
    variable = f"_{program}_COMPLETE".upper()
    asked = os.environ.get(variable)
    if not asked:
        return None
    try:
        failed = shell_complete(command, {}, program, variable, asked)
    except (KeyError, ValueError):  # without the words of the command line, as by hand
        failed = 1
    if failed:
        sys.stderr.write(f"{program}: there is no completion {variable}={escaped(asked)}; see --help\n")
    return exit_codes.USAGE if failed else exit_codes.DONE


class _Output(io.RawIOBase):
    """A descriptor to write to; what it does not take is dropped, and `fault` says why."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._waits = True
        self.fault: OSError | None = None

    def hurry(self) -> None:
        """From now on take no more than what can be written at once."""
        self._waits = False

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return self._descriptor != _CLOSED and os.isatty(self._descriptor)

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        while True:
            try:
                if self._waits or self._descriptor == _CLOSED:
                    return os.write(self._descriptor, data)
                if not select.select([], [self._descriptor], [], 0)[1]:
                    return memoryview(data).nbytes
                return os.write(self._descriptor, memoryview(data)[: select.PIPE_BUF])
            except BlockingIOError:  # shared with a program that made it so
                select.select([], [self], [])
            except OSError as fault:
                self.fault = self.fault or fault
                return memoryview(data).nbytes


def _tolerant(stream: TextIO | None) -> tuple[TextIO, _Output | None]:
    """The stream as one that takes every text and never raises, and what it writes to where that is known."""
    descriptor, encoding = _CLOSED, "utf-8"
    if stream:
        try:
            descriptor, encoding = stream.fileno(), stream.encoding
        except OSError:  # no file, but something in this process
            return stream, None
    output = _Output(descriptor)
    at_once = output.isatty() or stream is sys.stderr
    buffer = io.BufferedWriter(output)
    return io.TextIOWrapper(buffer, encoding, "backslashreplace", line_buffering=at_once), output
