"""Durations as the control API writes them: seconds as a number, or "90s", "5m", "24h", "7d", "2w".

Used by the request bodies and by `flexmailctl`, which must start fast; hence no pydantic here.
"""

from __future__ import annotations

import re
from datetime import timedelta

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
PATTERN = r"^[0-9]+(\.[0-9]+)?[smhdw]?$"
LONGEST = timedelta(days=3650)


def parse_duration(value: str | float) -> timedelta:
    """The duration; a bare number is seconds. Raises ValueError that says what would be right."""
    text = value.strip() if isinstance(value, str) else repr(value)
    if not re.match(PATTERN, text) or not text.isascii():
        raise ValueError('is not a duration; write seconds as a number, or "90s", "5m", "24h", "7d"')
    number, unit = (text[:-1], text[-1]) if text[-1] in _SECONDS else (text, "s")
    seconds = float(number) * _SECONDS[unit]
    if seconds > LONGEST.total_seconds():
        raise ValueError("is longer than ten years")
    return timedelta(seconds=seconds)
