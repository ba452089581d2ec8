"""Answers of mail servers that are known in the field, recognised by their words.

Apart, since SASL, SMTP and IMAP have a file of them each; words decide only where no code does.
"""

from dataclasses import dataclass
from functools import cache

from flexmaild.core.errors import Reason
from flexmaild.system.package_data import read_table


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """marks: lower-case words, each of which identifies it. lasts: repeating the command changes nothing."""

    marks: tuple[str, ...]
    cure: str = ""
    reason: Reason = Reason.OTHER
    lasts: bool = False


def known_answer(package: str, file: str, answer: str) -> KnownAnswer | None:
    """The first answer in the package's file that has a mark in `answer`."""
    words = answer.lower()
    return next((one for one in _answers(package, file) if any(mark in words for mark in one.marks)), None)


@cache
def _answers(package: str, file: str) -> tuple[KnownAnswer, ...]:
    return tuple(
        KnownAnswer(
            tuple(row["marks"]),
            row.get("cure", ""),
            Reason(row.get("reason", "other")),
            row.get("lasts", False),
        )
        for row in read_table(package, file)["answer"]
    )
