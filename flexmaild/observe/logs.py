"""Set-up of the log: structlog and the standard library's logging end in one chain, one queue, one writer.

`daemon.main` calls `start` first of all and `Logs.close` last. Every event of ours or of a library passes
`observe.formatter.safe`, so nothing secret is logged, not even in tracebacks. Logging never blocks: a
writer thread takes events from a bounded queue; when it is full, events are dropped and counted.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from flexmaild.observe import formatter
from flexmaild.observe.log_writers import Write, log_writer
from flexmaild.settings.schema import Format, Level
from flexmaild.system.redaction import Redactor

# With LINE_LIMIT for each, at most 8 MiB wait for a standard error that does not take them.
QUEUE_EVENTS = 2000
CLOSE_SECONDS = 2.0
# Their debug output holds the parameters of every statement and the literals of every answer: mail bodies.
# urllib3 and msal write request lines and cache events; an upload address carries its own token.
LOWEST = {
    "sqlalchemy": logging.WARNING,
    "imapclient": logging.WARNING,
    "urllib3": logging.INFO,
    "urllib3.connection": logging.ERROR,  # its warning of a malformed head quotes the URL and the answer
    "msal": logging.INFO,
}


def start(level: Level, style: Format, redactor: Redactor, *, descriptor: int = 2) -> Logs:
    """Begin to log to the descriptor (standard error) in the style of `log.format`."""
    return Logs(level, Writer(log_writer(style, descriptor)), redactor)


class Logs:
    """The running log. Every method but `close` may be called from any thread."""

    def __init__(self, level: Level, writer: Writer, redactor: Redactor) -> None:
        self._writer = writer
        self._redactor = redactor
        self._level: str = level
        self._passing: tuple[str, float] | None = None
        self._give_back = _install(self)

    @property
    def level(self) -> str:
        """The level in force now."""
        passing = self._passing
        return passing[0] if passing and time.monotonic() < passing[1] else self._level

    @property
    def dropped(self) -> int:
        """Events dropped since the start because the queue was full."""
        return self._writer.dropped

    def set_level(self, level: Level, seconds: float | None = None) -> None:
        """Change the level, for good or for so many seconds, after which the former one is in force again."""
        if seconds is None:
            self._level, self._passing = level, None
        else:
            self._passing = (level, time.monotonic() + seconds)

    def close(self) -> None:
        """Write what waits, for at most CLOSE_SECONDS, and give structlog, logging and the hooks back."""
        self._give_back()
        self._writer.close()

    def is_wanted(self, level: str) -> bool:
        return _number(level) >= _number(self.level)

    def processors(self) -> list[Callable[[WrappedLogger, str, EventDict], Any]]:
        return [
            self._drop_unwanted,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%S.%fZ", utc=True, key="time"),
            structlog.processors.format_exc_info,
            self._write,
        ]

    def _drop_unwanted(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if not self.is_wanted(method):
            raise structlog.DropEvent
        return event

    def _write(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        self._writer.put(formatter.safe({"component": logger.name, **event}, self._redactor))
        raise structlog.DropEvent  # the chain ends here: the writer does the rest


class Writer:
    """A bounded queue of events and the one thread that writes them."""

    def __init__(self, write: Write) -> None:
        self.dropped = 0
        self._write = write
        self._reported = 0
        self._lock = threading.Lock()
        self._queue: SimpleQueue[formatter.Event | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def put(self, event: formatter.Event) -> None:
        """Queue an event; never waits for the writer."""
        if self._queue.qsize() < QUEUE_EVENTS:
            self._queue.put(event)
        else:
            with self._lock:
                self.dropped += 1

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while (event := self._queue.get()) is not None:
            self._one(event)
            lost = self.dropped - self._reported
            if lost:
                self._reported += lost
                self._one(
                    {"level": "warning", "component": "log", "event": "log_events_dropped", "lost": lost}
                )

    def _one(self, event: formatter.Event) -> None:
        with suppress(OSError):  # the place to say so is the one that is broken
            self._write(event)


class _NamedLogger:
    """What structlog's loggers wrap: it only carries the component's name."""

    def __init__(self, name: str = "") -> None:
        self.name = name


class _Bridge(logging.Handler):
    """Passes the standard library's records on to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        level = next(
            name
            for name in reversed(formatter.PRIORITIES)
            if record.levelno >= _number(name) or name == "debug"
        )
        try:
            text = record.getMessage()
        except (TypeError, ValueError, KeyError):  # the library's format does not fit its arguments
            text = str(record.msg)
        getattr(structlog.get_logger(record.name), level)(text, exc_info=record.exc_info)


_NUMBERS = {name.lower(): number for name, number in logging.getLevelNamesMapping().items()}


def _number(level: str) -> int:
    return _NUMBERS[level]


def _install(logs: Logs) -> Callable[[], None]:
    """Make this the log of the process; the function returned undoes it."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.excepthook, threading.excepthook)
    structlog.configure(
        processors=logs.processors(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=_NamedLogger,
        cache_logger_on_first_use=False,  # a logger made at import must follow a later start
    )
    root.handlers[:] = [_Bridge()]
    root.setLevel(logging.DEBUG)
    for library, level in LOWEST.items():
        logging.getLogger(library).setLevel(level)
    logging.captureWarnings(True)
    sys.excepthook = lambda kind, error, trace: _uncaught("main", error)
    threading.excepthook = lambda given: _uncaught(str(given.thread and given.thread.name), given.exc_value)

    def give_back() -> None:
        logging.captureWarnings(False)
        root.handlers[:], sys.excepthook, threading.excepthook = before[0], before[2], before[3]
        root.setLevel(before[1])
        structlog.reset_defaults()

    return give_back


def _uncaught(thread: str, error: BaseException | None) -> None:
    """Python would print the traceback to standard error as it is, with whatever secret its text holds."""
    if not isinstance(error, SystemExit):  # a thread's way to end itself
        structlog.get_logger("python").critical("uncaught_exception", thread=thread, exc_info=error)
