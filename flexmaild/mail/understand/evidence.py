"""What a reading was made of, for somebody who asks why: each way in which the mail was seen, line by line.

A `Evidence` may be given to `reply.understand`, which tells it what it labels and decides; what is understood
is the same with and without. Used for `flexmaild explain`. Bounded, since it crosses to another process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flexmaild.core.model import Answer

if TYPE_CHECKING:  # who only reads what was told needs no word lists
    from flexmaild.mail.understand.labels.label import Labelled
    from flexmaild.mail.understand.lines import Line
    from flexmaild.mail.understand.verdict import Decision

# What is told of one way of seeing a mail: so many lines, and of these so many characters.
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
class Look:
    """One way in which the mail may be seen, and what it says so.

    of: "text", "page", or "page, what is certainly visible". word: the deciding word's line as it was typed;
    cause: what in `sentence` made it undecided. left_out: lines beyond those told.
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
    """is_signed: it bears a DKIM signature, which only a look into DNS could check."""

    looks: list[Look] = field(default_factory=list)
    is_signed: bool = False

    def saw(self, of: str, labelled: Labelled, decision: Decision) -> None:
        """Take note of one way of seeing the mail."""
        shown = labelled.lines[:_MOST_LINES]
        look = Look(
            of,
            decision.answer,
            decision.unclear,
            _cut(decision.line),
            _cut(decision.sentence),
            _cut(decision.word),
            tuple(_seen_lines(shown)),
            len(labelled.lines) - len(shown),
        )
        self.looks.append(look)


def _seen_lines(lines: tuple[Line, ...]) -> Iterator[SeenLine]:
    for line in lines:
        left_out = max(0, len(line.text) - _LONGEST)
        typed = None if line.typed is None else _cut(line.typed)
        yield SeenLine(line.label.value, line.rule, _cut(line.text), typed, line.changed, left_out)


def _cut(text: str) -> str:
    """Without lone surrogates, which JSON cannot say."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()
