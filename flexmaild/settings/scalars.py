"""An unquoted YAML value by YAML 1.2's core schema, and a complaint where other readers differ.

Used by `document`, and by `describe` to decide what to quote.
"""

import re
from collections.abc import Sequence
from typing import Any

from flexmaild.languages.load import OTHER_TAGS

_DISPUTED = tuple(
    (re.compile(pattern), f"is read {how}: {cure}")
    for pattern, how, cure in (
        (
            r"(?i:yes|no|on|off)",
            "as true or false by YAML 1.1",
            "write true or false, or put it in quotes",
        ),
        (r"[-+]?0[0-9_]+", "in octal by some YAML readers, for its leading 0", "put it in quotes"),
        (
            r"[-+]?0[xob][0-9A-Fa-f_]+",
            "as a number by some YAML readers",
            "put it in quotes, or write it in decimal",
        ),
        (
            r"[-+]?[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?",
            "as a number to base 60 by YAML 1.1",
            "put it in quotes",
        ),
        (
            r"[-+]?(?:[0-9]+\.?|[0-9]*\.[0-9]+)[eE][-+]?[0-9]+",
            "as a number by some YAML readers",
            "put it in quotes",
        ),
        (r"[-+]?[0-9]+(?:_[0-9]+)+", "without its underscores by YAML 1.1", "write the digits only"),
        (r"[-+]?\.(?i:inf|nan)", "as infinity or no number", "put it in quotes"),
    )
)
_KEYWORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def resolve(text: str) -> tuple[Any, str]:
    """The value of a plain scalar, and the complaint where other readers differ."""
    if text in _KEYWORDS:
        return None, ""
    if text in _FLAGS:
        return _FLAGS[text], ""
    if re.fullmatch(r"[-+]?(?:0|[1-9][0-9]{0,17})", text):
        return int(text), ""
    if re.fullmatch(r"[-+]?[0-9]+\.[0-9]+", text):
        return float(text), ""
    for pattern, complaint_ in _DISPUTED:
        if pattern.fullmatch(text):
            return text, complaint_
    return text, ""


def language_no(path: Sequence[str | int], text: str) -> str:
    """The complaint where the old tag of Norwegian was written, which YAML 1.1 reads as false."""
    if text.lower() != "no" or not any(str(part).startswith("language") for part in path):
        return ""
    return f"{text} is read as false by YAML 1.1: write {OTHER_TAGS['no']} for Norwegian"
