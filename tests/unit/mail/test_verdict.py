"""What a person's first words mean, in nine languages."""

from __future__ import annotations

import pytest

from flexmaild.core.model import Answer
from flexmaild.mail.rules import Rules
from flexmaild.mail.trim import Typed
from flexmaild.mail.verdict import WHY, decide
from tests.unit.mail.first_lines import LINES

RULES = Rules.of("approvals@corp.test")


def say(text: str, rules: Rules = RULES, **more: object) -> str:
    decision = decide(Typed(tuple(text.split("\n")), **more), rules)  # type: ignore[arg-type]
    if decision.answer is None:
        return decision.unclear
    return {Answer.APPROVE: "a", Answer.REJECT: "r"}[decision.answer]


@pytest.mark.parametrize(("language", "expected", "line"), LINES)
def test_every_first_line_means_what_the_table_says(language: str, expected: str, line: str) -> None:
    assert say(line) == expected


def test_the_table_has_at_least_200_lines_in_nine_languages() -> None:
    assert len(LINES) >= 200
    assert len({language for language, _, _ in LINES}) == 9
    assert {e for _, e, _ in LINES} - {"a", "r"} <= WHY.keys()
