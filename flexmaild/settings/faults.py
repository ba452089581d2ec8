"""Mistakes in the operator's text as values: a `Finding` by its path, a `Fault` with file, line and column.

Rules of the settings classes yield `Finding`s; `flexmaild.settings.load` makes `Fault`s of them. Neither ever
holds a secret's value.
"""

from __future__ import annotations

from dataclasses import dataclass

from flexmaild.core.errors import printable

Path = tuple[str | int, ...]
WHOLE_FILE = "(file)"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake. Lines and columns count from 1; `path` is dotted ("sinks.jenkins.url").

    text: what is wrong and what would be right, without the path and without any secret.
    """

    file: str
    line: int
    column: int
    path: str
    text: str

    @classmethod
    def of_file(cls, file: str, text: str) -> Fault:
        """A fault of the file as a whole."""
        return cls(file, 1, 1, WHOLE_FILE, text)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.path}: {self.text}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    path: relative to the section that yields it; empty for the section as a whole.
    at: line and column (both from 0) inside that setting's text, where it has several lines.
    grave: a fault; otherwise a warning, reported by `check` and at every start.
    """

    path: Path
    text: str
    at: tuple[int, int] | None = None
    grave: bool = True


class SettingsError(Exception):
    """The settings cannot be used. `faults` holds every mistake found, in the order of the file."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def dotted(path: Path) -> str:
    """The path joined by dots."""
    return printable(".".join(map(str, path))) or WHOLE_FILE
