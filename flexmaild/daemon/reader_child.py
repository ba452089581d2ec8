"""The child that reads hostile mail, one after the other, under limits of time and memory.

Started by `daemon.reader` with one end of a socket pair: first the rules come, then mails; each is
answered with a reading as JSON. It has no settings and no secrets, asks nobody but DNS (for DKIM keys, if
the settings want that), and may die.
"""

from __future__ import annotations

import json
import logging
import pickle
import resource
import signal
import socket
import sys
from dataclasses import fields, is_dataclass
from typing import Any

from flexmaild.core.model import Reading
from flexmaild.daemon.dns import txt_record
from flexmaild.daemon.frames import READY, FrameError, receive, send
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.rules import Rules

# One kilobyte of header can exhaust a stack and 260 kB of it can take 2.5 GB in careless parsers.
MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 5

_FIELDS = tuple(f.name for f in fields(Reading))


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable()  # libraries that read mail complain of it on standard error
    line = socket.socket(fileno=int(sys.argv[1]))
    try:
        # From our own parent, over our own socket pair.
        rules: Rules = pickle.loads(receive(line))  # noqa: S301
        send(line, READY)
        while True:
            size, partial, data = receive(line).split(b" ", 2)
            send(line, _answer(data, int(size), rules, partial == b"1"))
    except (FrameError, OSError):
        return 0


def _answer(data: bytes, size: int, rules: Rules, partial: bool) -> bytes:
    """Read one mail; the CPU limit counts from here on."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(spent.ru_utime + spent.ru_stime) + 1 + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    reading = understand(data, size, rules, partial, txt_record if rules.verify_dkim else None)
    plain = {name: getattr(reading, name) for name in _FIELDS}
    return json.dumps(plain, default=_plain).encode("ascii", "backslashreplace")


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {f.name: getattr(value, f.name) for f in fields(value)}
    raise TypeError(f"{type(value).__name__} is no part of a reading")


if __name__ == "__main__":
    sys.exit(main())
