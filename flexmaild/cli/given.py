"""What people give on the command line, turned into parts of a request body: texts, pairs, files, approvers.

Used by the flexmailctl commands. Raises click's usage errors (exit code 2), which name the option.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from flexmaild.cli import standard_input
from flexmaild.core import durations


def text(value: str) -> str:
    """The text itself, or standard input for "-"."""
    if value != "-":
        return value
    try:
        return standard_input.read().decode()
    except OSError as error:
        raise click.BadParameter(f"standard input: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"standard input is not UTF-8 (byte {error.start + 1})") from error


def pair(value: str) -> tuple[str, str]:
    """NAME=VALUE."""
    name, equals, rest = value.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"{value!r} must have the form NAME=VALUE")
    return name, rest


def seconds(value: str) -> float:
    """A duration, in seconds."""
    try:
        return durations.parse(value).total_seconds()
    except ValueError as error:
        raise click.BadParameter(f"{value!r} {error}") from error


FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


def named(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those options that were given."""
    return {name: value for name, value in options.items() if value not in (None, (), [], {}, "")}


def file(path: Path) -> dict[str, str]:
    """A file as an attachment."""
    return {"filename": path.name, "content": base64.b64encode(path.read_bytes()).decode()}


def log(path: Path, *, failed: bool = False) -> dict[str, Any]:
    return file(path) | ({"failed": True} if failed else {})


def approvers(texts: Sequence[str]) -> list[Any]:
    """Approvers from "address" or "group:address"; those of one group stand together."""
    found: list[Any] = []
    groups: dict[str, list[str]] = {}
    for text in texts:
        group, colon, address = text.partition(":")
        if not colon:
            found.append(text)
        elif group in groups:
            groups[group].append(address)
        else:
            groups[group] = [address]
            found.append({"group": group, "members": groups[group]})
    return found


def quorum(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() else text


def body_file(path: Path | None) -> dict[str, Any]:
    """The JSON object in a file, "-" for standard input; empty without a file."""
    if path is None:
        return {}
    name = "standard input" if str(path) == "-" else str(path)
    try:
        raw = standard_input.read() if str(path) == "-" else path.read_bytes()
        found = json.loads(raw)
    except OSError as error:
        raise click.BadParameter(f"{name}: {error.strerror}", param_hint="--file") from error
    except ValueError as error:
        raise click.BadParameter(f"{name} is not JSON: {error}", param_hint="--file") from error
    if not isinstance(found, dict):
        raise click.BadParameter(f"{name} must hold a JSON object", param_hint="--file")
    return found
