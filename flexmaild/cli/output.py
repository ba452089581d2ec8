"""Answers on a terminal: aligned, short, and safe against text from outside.

Subjects, comments and names come from mails; control and format characters in them could rewrite the screen,
so every text passes `safe` or `safe_lines` before it is printed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from flexmaild.core.errors import printable

_MAX_CELL = 60


def safe(value: Any) -> str:
    """The value on one line."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(safe(one) for one in value) or "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{printable(str(key))}={safe(one)}" for key, one in value.items()) or "-"
    return printable(str(value))


def safe_lines(text: str) -> str:
    """The text with its line ends, without other control characters."""
    return "\n".join(printable(line) for line in text.splitlines())


def fields(rows: Mapping[str, Any], indent: str = "") -> None:
    """Prints names and values in two columns; a nested object is indented below its name."""
    width = max((len(name) for name, value in rows.items() if not isinstance(value, Mapping)), default=0)
    for name, value in rows.items():
        label = printable(name.replace("_", " "))
        if isinstance(value, Mapping) and value:
            click.echo(f"{indent}{label}")
            fields(value, indent + "  ")
        else:
            click.echo(f"{indent}{label:<{width}}  {safe(value)}")


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Prints a table with a head, or a note that it is empty."""
    lines = [[_cell(row.get(column)) for column in columns] for row in rows]
    if not lines:
        click.echo("Nothing there.", err=True)
        return
    head = [column.replace("_", " ").upper() for column in columns]
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(columns))]
    for line in [head, *lines]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    text = safe(value)
    return text if len(text) <= _MAX_CELL else text[: _MAX_CELL - 1] + "…"


def page(columns: Sequence[str], body: Mapping[str, Any]) -> None:
    """Prints a page of a list, and how to get the next one."""
    table(columns, body["items"])
    if body.get("next"):
        click.echo(f"More: --after {safe(body['next'])}", err=True)
