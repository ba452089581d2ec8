"""Command-line arguments as parts of a request body: texts, pairs, files, approvers.

Used by the flexmailctl commands. Raises click's usage errors (exit code 2), which name the option.
"""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from flexmaild.api.routes import BODY_WITH_FILES, IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_FORM, MIB
from flexmaild.cli import standard_input
from flexmaild.core import durations
from flexmaild.system.files import read_at_most


def text(value: str) -> str:
    """The text itself, or standard input for "-"."""
    if value != "-":
        return value
    try:
        return read(None).decode()
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"standard input is not UTF-8 (byte {error.start + 1})") from error


def key(value: str) -> str:
    """An idempotency key, empty for none; a malformed one cannot be sent in a header."""
    if value and not IDEMPOTENCY_KEY.fullmatch(value):
        raise click.BadParameter(f"use {IDEMPOTENCY_KEY_FORM}")
    return value


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


def given_only(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value not in (None, (), [], {}, "")}


def read(path: Path | None, option: str | None = None) -> bytes:
    """The content of a regular file of bounded size; of standard input where path is None.
    option: the one that named it, for the error message."""
    name, most = _name(path), BODY_WITH_FILES
    try:
        data = standard_input.read(most + 1) if path is None else read_at_most(path, most + 1)[1]
    except OSError as error:
        raise click.BadParameter(f"{name}: {error.strerror}", param_hint=option) from error
    if len(data) > most:
        text = f"{name} is larger than a request may be ({most // MIB} MiB)"
        raise click.BadParameter(text, param_hint=option)
    return data


def _name(path: Path | None) -> str:
    return "standard input" if path is None else str(path)


def file(path: Path) -> dict[str, str]:
    """A file as an attachment."""
    name = os.fsencode(path.name).decode("utf-8", "replace")
    return {"filename": name, "content": base64.b64encode(read(path)).decode()}


def log(path: Path, *, failed: bool = False) -> dict[str, Any]:
    return file(path) | ({"failed": True} if failed else {})


def approvers(texts: Sequence[str]) -> list[Any]:
    """Approvers from "address" or "group:address"; the members of a group in one entry."""
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
    source = None if str(path) == "-" else path
    name = _name(source)
    try:
        found = json.loads(read(source, "--file"))
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"{name} is not JSON: {error}", param_hint="--file") from error
    if not isinstance(found, dict):
        raise click.BadParameter(f"{name} must hold a JSON object", param_hint="--file")
    return found
