"""Answers of mail servers that are known in the field, recognised by their words.

Apart, since SASL, SMTP and IMAP have a file of them each; words decide only where no code does.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from flexmaild.core.errors import Reason
from flexmaild.system.package_data import read_table


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """marks: lower-case words, each of which identifies it. lasts: repeating the command changes nothing."""

    marks: tuple[str, ...]
    cure: str = ""
    reason: Reason = Reason.OTHER
    lasts: bool = False


def read_answers(package: str, file: str) -> tuple[KnownAnswer, ...]:
    """The answers in the package's file."""
    return tuple(
        KnownAnswer(
            tuple(row["marks"]),
            row.get("cure", ""),
            Reason(row.get("reason", "other")),
            row.get("lasts", False),
        )
        for row in read_table(package, file)["answer"]
    )


def known_answer(answers: Iterable[KnownAnswer], answer: str) -> KnownAnswer | None:
    """The first of the answers that has a mark in `answer`."""
    words = answer.lower()
    return next((one for one in answers if any(mark in words for mark in one.marks)), None)
