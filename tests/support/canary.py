"""What a daemon of a test has shown is searched for its secrets and for whole references when it is closed.

Promise 10 for whatever a test does: the log, the answers of the API, the metrics, the decisions handed over
and the text columns of the store hold no secret that its settings or its sign-ins know, and no reference
beyond the beginning by which it is found. A reference belongs in the mails themselves, kept or sent (and in
what the store makes them of), and an administrator, as the tests are, sees the
Message-ID of a mail of ours. A leak is told by test, place and kind; the value is not repeated.
"""

import base64
import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

# The request's id is the beginning of a reference and may be seen by all: 16 letters.
REFERENCE = re.compile(r"fm1(?:-|%2d|=2d)[a-z2-7]{17}", re.IGNORECASE)
_ISSUED = re.compile(rb"FM1-[A-Z2-7]{16}([A-Z2-7]{29})")
# A shorter value is a word that stands everywhere.
LEAST = 8
_SECRET = re.compile(r"(?:^|_)(?:password|secret|client_secret|token_key|private_key)$")
_IN_BLOCK = re.compile(r"^\s*(mail\.\S*password)\s*=\s*(\S+)\s*$", re.MULTILINE)
# What a mail of ours is made of, and what one that came is known by when it comes again.
_OF_A_MAIL = {
    *(("jobs", "message_id"), ("replies", "message_id")),
    *((table, name) for table in ("seen", "left_mails") for name in ("message_id", "name")),
}
_IDS_OF_MAILS = re.compile(r'("(?:in_reply_to|message_id)": ?)"[^"]*"')
_WITH_IDS = {("jobs", "payload"), ("requests", "body")}
_MOST_TOLD = 10


@dataclass
class Canary:
    """secrets: value by kind. answers: what the API said, by command. harmless: what a test writes that only
    looks like a reference."""

    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    answers: list[tuple[str, Any]] = field(default_factory=list, repr=False)
    texts: list[tuple[str, str]] = field(default_factory=list, repr=False)
    issued: set[str] = field(default_factory=set, repr=False)
    harmless: set[str] = field(default_factory=set, repr=False)

    def know(self, kind: str, values: Iterable[str]) -> None:
        for value in values:
            if len(value) >= LEAST:
                self.secrets[value] = kind

    def know_settings(self, settings: object) -> None:
        """The secrets of a settings file, those in files of their own as they are now."""
        for kind, value in _secrets(settings):
            self.know(kind, [value])

    def know_mails(self, files: Iterable[Path]) -> None:
        """The references in the mails that went out."""
        for file in files:
            self.know_mail(file.read_bytes())

    def know_mail(self, data: bytes) -> None:
        self.issued |= {found.decode().lower() for found in _ISSUED.findall(data)}

    def answered(self, what: str, body: Any) -> None:
        self.answers.append((what, body))

    def shown(self, place: str, text: str) -> None:
        self.texts.append((place, text))

    def look(self, log: Path, decisions: Path, state: Path) -> None:
        """Raises AssertionError with the places where something leaked."""
        __tracebackhide__ = True  # it would show what was found
        found = list(dict.fromkeys(self._leaks(log, decisions, state)))
        test = os.environ.get("PYTEST_CURRENT_TEST", "?")
        told = "\n".join(found[:_MOST_TOLD])
        if found:
            raise AssertionError(f"{test}: {len(found)} leaks:\n{told}")

    def _leaks(self, log: Path, decisions: Path, state: Path) -> Iterator[str]:
        needles = [(kind, spelled) for value, kind in self.secrets.items() for spelled in _spellings(value)]
        for place, text in self._places(log, decisions, state):
            lower = text.lower()
            for harmless in self.harmless:
                lower = lower.replace(harmless.lower(), "")
            if REFERENCE.search(lower) or any(tail in lower for tail in self.issued):
                yield f"{place}: a reference"
            for kind, spelled in needles:
                if spelled in text:
                    yield f"{place}: {kind}"

    def _places(self, log: Path, decisions: Path, state: Path) -> Iterator[tuple[str, str]]:
        yield from self.texts
        if log.exists():
            for line in log.read_text("utf-8", "replace").splitlines():
                yield f"log, {_event(line)}", line
        for what, body in self.answers:
            yield from ((f"answer to {what}, {place or '.'}", text) for place, text in _strings(body))
        if decisions.is_dir():
            for file in sorted(decisions.iterdir()):
                yield f"file of a sink, {file.suffix}", file.name + file.read_text("utf-8", "replace")
        for file in sorted(state.glob("*.db")):
            # A store that a test has damaged shows nothing.
            with suppress(sqlite3.DatabaseError):
                yield from _cells(file)


def _secrets(settings: object, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(settings, Mapping):
        if _SECRET.search(name) and len(settings) == 1:
            (source, place), *_ = settings.items()
            with suppress(OSError):
                if source != "file":
                    yield name, os.environ.get(place, "")
                elif Path(place).is_file():  # a pipe would hold the test
                    yield name, Path(place).read_text().strip()
            return
        for key, value in settings.items():
            yield from _secrets(value, str(key))
    elif isinstance(settings, list):
        for value in settings:
            yield from _secrets(value, name)
    elif isinstance(settings, str):
        if _SECRET.search(name):
            yield name, settings
        for found in _IN_BLOCK.finditer(settings) if name == "properties" else ():
            yield found[1], found[2]


def of_file(config: Path) -> Any:
    """The settings that a test wrote; None where it wrote no YAML, or it is a pipe or device."""
    with suppress(OSError, yaml.YAMLError, UnicodeDecodeError):
        return yaml.safe_load(config.read_text()) if config.is_file() else None
    return None


def _spellings(value: str) -> set[str]:
    raw = value.encode()
    found = {value, quote(value, safe=""), json.dumps(value)[1:-1], base64.b64encode(raw).decode()}
    # Inside a longer one, as a SASL response is, at each alignment.
    inner = (base64.b64encode(bytes(offset) + raw).decode()[4:-4] for offset in range(3))
    return found | {spelled for spelled in inner if len(spelled) >= LEAST}


def _event(line: str) -> str:
    with suppress(ValueError, AttributeError):
        return str(json.loads(line).get("event"))
    return "a line"


def _strings(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text of an answer with where it stands; not the Message-ID of a mail of ours, nor bytes: they are
    a mail."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        is_ours = "state" in value and "outcome" not in value
        for key, item in value.items():
            yield place, str(key)
            if not (key == "message_id" and is_ours):
                yield from _strings(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item, f"{place}[]")


def _cells(file: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=1)) as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            cursor = store.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor:
                for name, cell in zip(names, row, strict=True):
                    if isinstance(cell, str) and (table, name) not in _OF_A_MAIL:
                        has_ids = (table, name) in _WITH_IDS
                        yield f"store, {table}.{name}", _IDS_OF_MAILS.sub(r"\1", cell) if has_ids else cell
