"""Writes log lines to the journal's socket, a terminal, or a stream of JSON, as `log.format` says.

`observe.logs` asks `log_writer` once, at the start; the writer it gets is used by the log's own thread only
and may wait there for as long as the other end does. It raises OSError when a line cannot be written.
"""

import os
import select
import socket
from collections.abc import Callable

from flexmaild.observe import formatter
from flexmaild.settings.schema import Format

_JOURNAL_SOCKET = "/run/systemd/journal/socket"
Write = Callable[[formatter.Event], None]


def log_writer(style: Format, descriptor: int, journal: str = _JOURNAL_SOCKET) -> Write:
    """The writer for this style on this descriptor; "auto" looks at what the descriptor is."""
    chosen = _detected_style(descriptor) if style == "auto" else style
    if chosen == "journald":
        return _Journal(descriptor, journal).write
    if chosen == "json":
        form = formatter.as_json
    else:
        # https://no-color.org: any value but the empty one
        plain = os.environ.get("NO_COLOR") or not os.isatty(descriptor)
        form = formatter.as_plain if plain else formatter.as_coloured
    return lambda event: _write_line(descriptor, formatter.fitted(event, form))


def _detected_style(descriptor: int) -> Format:
    if _is_the_journal(descriptor):
        return "journald"
    return "console" if os.isatty(descriptor) else "json"


def _is_the_journal(descriptor: int) -> bool:
    """systemd.exec(5): $JOURNAL_STREAM is "device:inode" of the stream that the journal reads. A child whose
    standard error was redirected inherits the variable but not the stream, so both are compared."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM", "") == f"{status.st_dev}:{status.st_ino}"


class _Journal:
    """The native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram for each entry."""

    def __init__(self, descriptor: int, path: str) -> None:
        self._descriptor = descriptor
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def write(self, event: formatter.Event) -> None:
        datagram = formatter.fitted(event, formatter.as_journal)
        # Addressed anew each time: a restarted journal listens on a new socket at the same place.
        try:
            self._socket.sendto(datagram, self._path)
        except OSError:
            _write_line(self._descriptor, formatter.fitted(event, formatter.as_kernel_line))


def _write_line(descriptor: int, line: bytes) -> None:
    rest = memoryview(line + b"\n")
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # another process made the shared stream non-blocking
            select.select([], [descriptor], [])
