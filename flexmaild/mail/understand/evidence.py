"""The evidence for an answer: each rendering of the mail, line by line, and what it says.

An `Evidence` may be given to `reply.understand`, which records in it what it labels and decides; the result
is the same with and without. Used for `flexmaild explain`. Bounded, since it crosses to another process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flexmaild.core.model import Answer

if TYPE_CHECKING:  # a reader of the evidence needs no word lists
    from flexmaild.mail.understand.labels.label import Labelled
    from flexmaild.mail.understand.lines import Line
    from flexmaild.mail.understand.verdict import Decision

# Lines recorded of one rendering, and characters of each.
_MOST_LINES, _LONGEST = 3000, 1000


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A visible line, its label and the rule that gave it; `typed` is the person's part of a mixed one."""

    label: str
    rule: str
    text: str
    typed: str | None = None
    changed: bool = False
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class SeenRendering:
    """One rendering of the mail, and what it says.

    of: "text", "page", or "page, what is certainly visible". word: the deciding word's line as it was typed;
    cause: what in `sentence` made it undecided. left_out: the number of lines not recorded.
    """

    of: str
    answer: Answer | None
    unclear: str
    word: str
    sentence: str
    cause: str
    lines: tuple[SeenLine, ...]
    left_out: int = 0


@dataclass(slots=True)
class Evidence:
    """is_signed: the mail has a DKIM signature, which only DNS could verify."""

    renderings: list[SeenRendering] = field(default_factory=list)
    is_signed: bool = False

    def saw(self, of: str, labelled: Labelled, decision: Decision) -> None:
        """Records one rendering of the mail."""
        shown = labelled.lines[:_MOST_LINES]
        rendering = SeenRendering(
            of,
            decision.answer,
            decision.unclear,
            _cut(decision.line),
            _cut(decision.sentence),
            _cut(decision.word),
            tuple(_seen_lines(shown)),
            len(labelled.lines) - len(shown),
        )
        self.renderings.append(rendering)


def _seen_lines(lines: tuple[Line, ...]) -> Iterator[SeenLine]:
    for line in lines:
        left_out = max(0, len(line.text) - _LONGEST)
        typed = None if line.typed is None else _cut(line.typed)
        yield SeenLine(line.label.value, line.rule, _cut(line.text), typed, line.changed, left_out)


def _cut(text: str) -> str:
    """The beginning of a text, without lone surrogates, which JSON cannot hold."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()
