"""How `explain` and `replay` end: exit codes that say one thing each, and never a traceback.

A pipeline branches on them: what cut the program short must not look like "could not be read" or "differs".
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import NoReturn, ParamSpec

import click

from flexmaild.cli import exits
from flexmaild.cli.escapes import escaped

P = ParamSpec("P")


def say(text: str) -> None:
    """A line on standard output. Not by click, which writes UTF-8 to a terminal that knows ASCII only."""
    sys.stdout.write(f"{text}\n")


def fail(text: str, code: int) -> NoReturn:
    """End with one plain line on standard error."""
    if sys.stderr is not None:
        sys.stderr.write(f"flexmaild: {escaped(text)}\n")
    raise click.exceptions.Exit(code)


def orderly(command: Callable[P, int]) -> Callable[P, None]:
    """The command, ending with the code that it returns, or with one that says what cut it short."""

    @wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> None:
        with _in_order():
            code = command(*arguments, **options)
            sys.stdout.flush()
            raise click.exceptions.Exit(code)

    return run


@contextmanager
def _in_order() -> Iterator[None]:
    if sys.stdout is None:  # closed by whoever started the program
        fail("the output could not be written: standard output is closed", exits.OUTPUT_FAILED)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that knows ASCII only is shown escapes
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    except KeyboardInterrupt:
        raise click.exceptions.Exit(exits.INTERRUPTED) from None
    except (click.exceptions.Exit, click.ClickException):
        raise
    except BrokenPipeError:
        _abandon_output()
        raise click.exceptions.Exit(exits.PIPE_CLOSED) from None
    except OSError as fault:
        if fault.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
            _tell_bug(fault)
        _abandon_output()
        sys.stderr.write(f"flexmaild: the output could not be written: {fault.strerror}\n")
        raise click.exceptions.Exit(exits.OUTPUT_FAILED) from None
    except Exception as bug:  # noqa: BLE001 (the top of the program)
        _tell_bug(bug)


def _abandon_output() -> None:
    """What is still in the buffer would fail again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _tell_bug(bug: Exception) -> NoReturn:
    """Without the exception's own words, which may quote a mail."""
    last = traceback.extract_tb(bug.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    fail(f"a bug of flexmaild ({type(bug).__name__} at {place}); please report it", exits.BUG)
