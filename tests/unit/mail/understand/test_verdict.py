"""What a person's first words mean, in nine languages."""

from __future__ import annotations

import pytest

from flexmaild.core.model import Answer
from flexmaild.mail.understand.label import Labelled
from flexmaild.mail.understand.rules import Rules
from flexmaild.mail.understand.verdict import WHY, decide
from tests.unit.mail.first_lines import LINES

RULES = Rules.of("approvals@corp.test")


def typed(above: str = "", *, among: str = "", below: str = "") -> Labelled:
    return Labelled((), *(tuple(part.split("\n")) for part in (above, among, below)))


def say(text: str, rules: Rules = RULES, **more: str) -> str:
    decision = decide(typed(text, **more), rules)
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


def test_words_of_the_settings_decide_too_and_languages_can_be_restricted() -> None:
    rules = Rules.of("a@b.test", approve=["Sign off", "Oui"], reject=["Veto!"], languages=["en"])
    assert say("sign off, thanks", rules) == "a"
    assert say("Sign offs", rules) == "no_action_word"
    assert say("Genehmigt", rules) == "no_action_word"
    assert say("Reject, do not sign off", rules) == "both_words"
    with pytest.raises(ValueError, match="cannot both"):
        Rules.of("a@b.test", reject=["approve"])


@pytest.mark.parametrize("afterthought", ["Reject", "only if green", "sorry, I meant no"])
def test_an_afterthought_beneath_the_quote_can_undo_an_approval(afterthought: str) -> None:
    assert say("Approve", below=afterthought) not in ("a", "r")


def test_an_answer_between_quoted_lines_answers_nobody_knows_what() -> None:
    assert say("", among="Approve") == "between"


def test_the_comment_is_cut_and_cleaned() -> None:
    rules = Rules.of("a@b.test", max_comment=10)
    decision = decide(typed("Approve fine \x07and\u202e well"), rules)
    assert decision.answer is None
    decision = decide(typed("Approve\nfine \x07and\u202e well and more"), rules)
    assert (decision.answer, decision.comment) == (Answer.APPROVE, "fine and w")
    assert decide(typed("Reject" + "x" * 990), RULES).unclear == "no_action_word"
    assert decide(typed("Reject " + "x" * 1000), RULES).unclear == "too_long"
