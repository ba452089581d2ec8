"""What can be wrong with the operator's text, as values: a `Fault` with its place, a `Finding` before that.

Rules on the models (and in adapters' settings classes) make `Finding`s, whose paths are relative to their
section; `flexmaild.settings.load` gives them file, line and column. Neither ever holds a secret's value.
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
        """One that has no place in it."""
        return cls(file, 1, 1, WHOLE_FILE, text)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.path}: {self.text}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a section's own rule found.

    path: relative to the section that yields it; empty for the section as a whole.
    at: line and column (both from 0) inside that setting's text, where it has lines of its own.
    grave: a fault; otherwise a warning, told by `check` and at every start.
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
    """The path as people write it."""
    return printable(".".join(map(str, path))) or WHOLE_FILE
