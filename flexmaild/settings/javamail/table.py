"""What becomes of each of JavaMail's SMTP and IMAP properties: the reader of `table.toml`, which says what
the words mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from flexmaild.system.package_data import read_table

Kind = Literal["boolean", "milliseconds", "number", "port", "bytes", "text", "list", "object"]
Treatment = Literal["honoured", "no effect", "refused"]


@dataclass(frozen=True, slots=True)
class Property:
    """A property's name after `mail.<protocol>.`, the kind of its value, and what becomes of it."""

    name: str
    kind: Kind
    treatment: Treatment
    note: str


@cache
def known_properties(family: str) -> Mapping[str, Property]:
    """The properties of "smtp" or "imap" by name; of "general" those without a protocol."""
    parts = ("general",) if family == "general" else ("both", family)
    rows = [
        Property(name, kind, treatment, note)
        for part in parts
        for treatment in get_args(Treatment)
        for name, (kind, note) in _table()[part].get(treatment, {}).items()
    ]
    return {row.name: row for row in sorted(rows, key=lambda row: row.name)}


@cache
def _table() -> dict[str, Any]:
    return read_table(__package__, "table.toml")
