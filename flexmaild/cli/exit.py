"""How both programs end: with the exit code of the result, and never with a traceback.

Pipelines branch on exit codes. So a program that cannot print (a full disk, a closed pipe, an ASCII
terminal) ends with the code of its result, and reports on standard error what could not be written.
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

# In place of a stream that the parent process has closed.
_CLOSED = -1


def say(text: str) -> None:
    """Prints a line. Not by click, which writes UTF-8 to a terminal that knows ASCII only."""
    sys.stdout.write(f"{text}\n")


def fail(text: str, code: int) -> NoReturn:
    """Ends the program with one line on standard error."""
    sys.stderr.write(f"flexmaild: {escaped(text)}\n")
    raise click.exceptions.Exit(code)


def run(command: click.Command, program: str) -> NoReturn:
    """Runs the command line and ends with the number that the command returns, or 0."""
    _occupy_closed_descriptors()
    sys.stdout, output = _never_failing(sys.stdout)
    sys.stderr, errors = _never_failing(sys.stderr)
    _stop_waiting_on_interrupt(output, errors)
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


def _stop_waiting_on_interrupt(*outputs: _Output | None) -> None:
    """After Ctrl-C the program does not wait until its remaining output is read."""

    def interrupted(number: int, frame: object) -> NoReturn:
        for output in outputs:
            if output:
                output.stop_waiting()
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupted)


def _occupy_closed_descriptors() -> None:
    """Keeps descriptors 0 to 2 from files that are opened later: output for the terminal, a traceback too,
    would be written into them. Uses an unconnected socket, which neither we nor a child can read, write or
    open by another name (/dev/stdin)."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            replacement = socket.socket(socket.AF_UNIX).detach()  # the lowest free number: this one
            os.set_inheritable(replacement, True)


def _exit_code(command: click.Command, program: str) -> int:
    """Runs the command. Not by click's `main`, which treats every broken pipe as a closed standard output,
    and every end of a file as Ctrl-C."""
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
    """The exit code of a shell's request for completion; None where there is no such request."""
    variable = f"_{program}_COMPLETE".upper()
    asked = os.environ.get(variable)
    if not asked:
        return None
    try:
        failed = shell_complete(command, {}, program, variable, asked)
    except (KeyError, ValueError):  # the shell's variables are missing, or are not numbers
        failed = 1
    if failed:
        sys.stderr.write(f"{program}: there is no completion {variable}={escaped(asked)}; see --help\n")
    return exit_codes.USAGE if failed else exit_codes.DONE


class _Output(io.RawIOBase):
    """A descriptor to write to; what it refuses is dropped, and `fault` says why."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._waits = True
        self.fault: OSError | None = None

    def stop_waiting(self) -> None:
        """From now on writes only what can be written at once."""
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
            except BlockingIOError:  # shared with a program that made it non-blocking
                select.select([], [self], [])
            except OSError as fault:
                self.fault = self.fault or fault
                return memoryview(data).nbytes


def _never_failing(stream: TextIO | None) -> tuple[TextIO, _Output | None]:
    """The stream as one that accepts every text and never raises, and the descriptor behind it, if any."""
    descriptor, encoding = _CLOSED, "utf-8"
    if stream:
        try:
            descriptor, encoding = stream.fileno(), stream.encoding
        except OSError:  # an object of this process and no file
            return stream, None
    output = _Output(descriptor)
    at_once = output.isatty() or stream is sys.stderr
    buffer = io.BufferedWriter(output)
    return io.TextIOWrapper(buffer, encoding, "backslashreplace", line_buffering=at_once), output
