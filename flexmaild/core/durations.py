"""Durations as people write them, in settings, requests and on the command line: "90s", "1.5h", "7d", "2w".

One grammar for all. What a number without a unit means differs, and so the caller says it. Imported by
`flexmailctl`, which must start fast. Pure.
"""

import re
from datetime import timedelta
from typing import Literal

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_NUMBER = r"[0-9]+(\.[0-9]+)?"
_UNIT = f"[{''.join(UNITS)}]"
PATTERN = rf"^{_NUMBER}{_UNIT}?$"
PATTERN_WITH_UNIT = rf"^{_NUMBER}{_UNIT}$"
LONGEST = timedelta(days=3650)

# The unit of a number that has none; empty where it must have one.
Bare = Literal["", "s", "m"]
_BARE = {"": "", "s": ", or a bare number of seconds", "m": ", or a bare number of minutes"}


class TooLong(ValueError):
    """It is a duration, and longer than `LONGEST`."""


def parse(value: object, bare: Bare = "s") -> timedelta:
    """The duration that a text or number means. Raises ValueError that says what would be right."""
    text = value.strip() if isinstance(value, str) else repr(value)
    if text and text[-1].isascii() and text[-1].isdigit():
        text += bare
    if not re.fullmatch(PATTERN_WITH_UNIT, text):
        raise ValueError(f"must be a duration with its unit, like 90s, 5m, 24h or 7d{_BARE[bare]}")
    seconds = float(text[:-1]) * UNITS[text[-1]]
    if seconds > LONGEST.total_seconds():
        raise TooLong("is longer than ten years")
    return timedelta(seconds=seconds)


def show(value: timedelta) -> str:
    """As an operator would write it: the largest unit up to days that is exact."""
    seconds, parts = divmod(value, timedelta(seconds=1))
    if parts:
        return f"{value.total_seconds():.6f}".rstrip("0") + "s"
    unit = next((u for u in "dhm" if seconds and seconds % UNITS[u] == 0), "s")
    return f"{seconds // UNITS[unit]}{unit}"
