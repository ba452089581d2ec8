"""Formats log events: values are made safe, then JSON, a line for a terminal, or a journal entry.

Called by `observe.logs` only. Whatever the values hold (a subject with line feeds, terminal escapes or a
megabyte of text, an object without text), the result is one line of at most LINE_LIMIT bytes,
without a secret, a mail body or a control character. It never raises.
"""

import json
import re
from collections.abc import Callable, Mapping, Set
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any

from flexmaild.core.redacted import without_references
from flexmaild.system.redaction import MASK, WORDS, Redactor

# The journal cuts long lines into several entries (LineMax=48K) and syslog relays do so at 1 to 8 KiB.
LINE_LIMIT = 4096
_VALUE_LIMIT = 256
_EXCEPTION_LIMIT = 2048
_KEY_LIMIT = 64
_ITEMS_LIMIT = 20
_DEPTH_LIMIT = 4
FIRST = ("time", "level", "component", "event")
# Levels as syslog numbers them (RFC 5424 section 6.2.1), which the journal shares.
PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "31", "critical": "1;31"}
# Keys whose values are secret.
_SECRET_KEY = re.compile(rf"(?i)(?:^|[_.-])(?:{WORDS}|authorization|body|raw|payload)$")

Event = dict[str, Any]
_Render = Callable[[Event], bytes]


def safe(event: Mapping[str, Any], redactor: Redactor) -> Event:
    """The event with plain values only, nothing secret in them, each short, printable, and in its place."""
    shown = {}
    for key in (*(k for k in FIRST if k in event), *(k for k in event if k not in FIRST)):
        if key == "exception":
            # The last lines of a traceback say what happened; the first ones are always the same.
            text = escape(clean(_text_of(event[key]), redactor, tail=True))
            shown[key] = text if len(text) <= _EXCEPTION_LIMIT else "..." + text[-_EXCEPTION_LIMIT:]
        else:
            shown[_cut(escape(clean(str(key), redactor)), _KEY_LIMIT)] = (
                MASK if is_secret(str(key)) else _plain(event[key], redactor, _DEPTH_LIMIT)
            )
    return shown


def fitted(event: Event, render: _Render) -> bytes:
    """The event in at most LINE_LIMIT bytes: the longest values are left out, and counted in `cut`."""
    line, cut = render(event), 0
    while len(line) > LINE_LIMIT:
        spare = [key for key in event if key not in (*FIRST, "cut")]
        longest = max(spare, key=lambda key: len(_compact(event[key])))
        event = {key: value for key, value in event.items() if key != longest}
        cut += 1
        event["cut"] = cut
        line = render(event)
    return line


def as_json(event: Event) -> bytes:
    return json.dumps(event).encode()


def as_plain(event: Event) -> bytes:
    """For a terminal without colours."""
    return f"{event.get('time', '')} {event.get('level', ''):8} {_message(event)}".encode()


def as_coloured(event: Event) -> bytes:
    level = event.get("level", "")
    colour = f"\x1b[{_COLOURS.get(level, '0')}m"
    return f"\x1b[2m{event.get('time', '')}\x1b[0m {colour}{level:8}\x1b[0m {_message(event)}".encode()


def as_journal(event: Event) -> bytes:
    """A datagram of the journal's native protocol: FLEXMAILD_<KEY> fields, and the line that people read.
    No value holds a line feed, so that the simple form KEY=value is enough."""
    fields = {
        "MESSAGE": _message(event),
        "PRIORITY": str(PRIORITIES.get(event.get("level", ""), 6)),
        "SYSLOG_IDENTIFIER": "flexmaild",
    }
    for key, value in event.items():
        if key not in ("time", "level"):
            fields.setdefault(_field(key), value if isinstance(value, str) else _compact(value))
    return "".join(f"{name}={value}\n" for name, value in fields.items()).encode()


def as_kernel_line(event: Event) -> bytes:
    """For a standard error that the journal reads, when its socket cannot be reached: with an sd-daemon(3)
    prefix."""
    return f"<{PRIORITIES.get(event.get('level', ''), 6)}>{_message(event)}".encode()


def _plain(value: object, redactor: Redactor, depth: int) -> Any:
    if type(value) is str:  # nearly every value; the checks below cost more than the rest of a line
        return _shown(value, redactor)
    if value is None or isinstance(value, bool | float):
        return value if value == value and value not in (float("inf"), float("-inf")) else str(value)
    if isinstance(value, Enum):
        return _plain(value.value, redactor, depth)
    if isinstance(value, int):
        return value if abs(value) < 2**63 else "a number beyond 64 bits"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if depth and isinstance(value, Mapping):
        return {
            _shown(key, redactor): MASK if is_secret(_text_of(key)) else _plain(part, redactor, depth - 1)
            for key, part in list(value.items())[:_ITEMS_LIMIT]
        }
    if depth and isinstance(value, list | tuple | Set):
        return [_plain(part, redactor, depth - 1) for part in list(value)[:_ITEMS_LIMIT]]
    return _shown(value, redactor)


def _shown(value: object, redactor: Redactor) -> str:
    return _cut(escape(clean(_text_of(value), redactor)), _VALUE_LIMIT)


def _text_of(value: object) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    try:
        return f"{type(value).__name__}: {value}" if isinstance(value, BaseException) else str(value)
    except Exception:  # noqa: BLE001  # a foreign __str__ must not break what is being watched
        return f"<{type(value).__name__} without text>"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _message(event: Event) -> str:
    pairs = [f"{key}={_quoted(value)}" for key, value in event.items() if key not in FIRST]
    component = f"{event['component']}: " if event.get("component") else ""
    return " ".join([f"{component}{event.get('event', '')}", *pairs])


def _quoted(value: object) -> str:
    if isinstance(value, str) and value and not set(' "=') & set(value):
        return value
    return _compact(value)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _field(key: str) -> str:
    return "FLEXMAILD_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in key.upper())[:50]


def clean(text: str, redactor: Redactor, *, tail: bool = False) -> str:
    """The text without secrets (`Redactor.clean`) and whole references."""
    return without_references(redactor.clean(text, tail=tail), "...")


@lru_cache(1024)
def is_secret(key: str) -> bool:
    """Whether this key ("smtp_password", "body") names a secret, whose value is never logged."""
    return _SECRET_KEY.search(key) is not None


def escape(text: str) -> str:
    """The text on one line: control, format (bidi), separator and surrogate characters become backslash
    escapes, by Python's rule for what can be printed."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
