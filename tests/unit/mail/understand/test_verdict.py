"""What a person's first words mean, in every language."""

import pytest

from flexmaild.core.model import Answer
from flexmaild.mail.understand.labels.label import Labelled
from flexmaild.mail.understand.verdict import WHY, decide
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.mail.first_lines import LINES
from tests.unit.mail.natural_lines import (
    EXCEPTIONS,
    LATER,
    MIXED,
    SEEN,
    SEVENTEEN_SEEN,
    SEVENTEEN_UNSEEN,
    UNSEEN,
    rates,
)

RULES = Rules.of("approvals@corp.test")


def typed(above: str = "", *, among: str = "", below: str = "") -> Labelled:
    return Labelled((), *(tuple(part.split("\n")) for part in (above, among, below)))


def say(text: str, rules: Rules = RULES, **more: str) -> str:
    decision = decide(typed(text, **more), rules)
    if decision.answer is None:
        return decision.unclear
    return {Answer.APPROVE: "a", Answer.REJECT: "r"}[decision.answer]


@pytest.mark.parametrize("language", sorted({language for language, _, _ in LINES}))
def test_every_first_line_means_what_the_table_says(language: str) -> None:
    said = [(line, expected, say(line)) for tag, expected, line in LINES if tag == language]
    assert [one for one in said if one[1] != one[2]] == []


def test_the_table_has_at_least_200_lines_in_nine_languages() -> None:
    assert len(LINES) >= 200
    assert len({language for language, _, _ in LINES}) == 9
    assert {e for _, e, _ in LINES} - {"a", "r"} <= WHY.keys()


def test_words_of_the_settings_decide_too_and_languages_can_be_restricted() -> None:
    rules = Rules.of("a@b.test", approve=["Sign off", "Oui"], reject=["Veto!"], languages=["en"])
    assert say("sign off, thanks", rules) == "a"
    assert say("Sign offs", rules) == "no_action_word"
    assert say("Genehmigt", rules) == "no_action_word"
    assert say("Reject, do not sign off", rules) == "r"
    assert say("Reject, sign off the other one", rules) == "both_words"
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
    assert decide(typed("Approve\nfine and\u202e well"), rules).unclear == "stray_characters"
    decision = decide(typed("Approve\nfine \x07and\u200f well and more"), rules)
    assert (decision.answer, decision.comment) == (Answer.APPROVE, "fine and w")
    assert decide(typed("Reject" + "x" * 990), RULES).unclear == "no_action_word"
    assert decide(typed("Reject " + "x" * 1000), RULES).unclear == "too_long"


@pytest.mark.parametrize("language", sorted({language for language, _, _ in (*SEEN, *LATER)}))
def test_every_natural_line_means_what_it_says(language: str) -> None:
    said = [(line, meant, say(line)) for tag, meant, line in (*SEEN, *LATER) if tag == language]
    clear = [one for one in said if one[1] != "?" and one[0] not in EXCEPTIONS]
    assert [one for one in said if one not in clear and one[2] in ("a", "r")] == []
    assert [one for one in clear if one[1] != one[2]] == []


def test_the_unseen_half_is_read_as_well_as_it_was_measured() -> None:
    """At most 5 % of the doubts decide, at least 90 % of the clear answers do, and none says the opposite.

    Its author knew these lines when the lists were written; lines written after them were read far worse.
    """
    decided, refused, opposite = rates(UNSEEN, say)
    assert (decided <= 0.05, refused <= 0.10, opposite) == (True, True, 0)


@pytest.mark.parametrize(
    "greeting", ["Hi Bob,", "Hello", "Team,", "Good morning all", "Hi bob,", "Dear Ms. Lee,"]
)
def test_a_salutation_above_the_word_does_not_matter(greeting: str) -> None:
    assert say(f"{greeting}\n\nApproved") == "a"
    assert say(f"{greeting}\nApprove?") == "question"


@pytest.mark.parametrize(
    "line",
    [
        "Hi not",
        "Hi Bob, not yet:",
        "Maybe,",
        "Never,",
        "Re:",
        "Subject:",
        "Hi reject",
        "Thanks",
        "Hi?",
        "OK",
        "No,",
    ],
)
def test_what_is_not_wholly_a_salutation_is_none(line: str) -> None:
    assert say(f"{line}\nApprove") not in ("a", "r")


def test_an_undecided_answer_names_the_sentence_and_the_word() -> None:
    decision = decide(typed("Approved. Nice work!\nBut  only after\u200b the backup."), RULES)
    assert (decision.unclear, decision.sentence, decision.word) == (
        "condition",
        "But only after the backup.",
        "but",
    )
    assert decide(typed("Approve\nFM1-ABCDEFGHIJKLMNOPQRSTUVWX if ok"), RULES).sentence == "FM1-ABCD… if ok"
    assert decide(typed("Approve, rejected"), RULES).word == "rejected"
    assert decide(typed("Looks good"), RULES).sentence == "Looks good"
    assert decide(typed("Approve, right?"), RULES).word == "?"
    assert decide(typed("Approve"), RULES).sentence == ""


@pytest.mark.parametrize(
    ("line", "careful", "first_word", "bare"),
    [
        ("Approve", "a", "a", "a"),
        ("Approved, thanks!", "a", "a", "a"),
        ("Hi team, approved", "a", "a", "a"),
        ("Approve looks good", "a", "a", "more_than_word"),
        ("Approve\nlooks good", "a", "a", "a"),
        ("Approve\nif it is green", "condition", "a", "condition"),
        ("Approve not?", "question", "a", "more_than_word"),
        ("Approve scratch that", "condition", "condition", "more_than_word"),
        ("Approve\nscratch that", "condition", "condition", "condition"),
        ("Approve\nrejected", "both_words", "both_words", "both_words"),
        ("Reject. Approve", "both_words", "both_words", "more_than_word"),
        ("Reject if red", "condition", "r", "more_than_word"),
        ("Not approved", "no_action_word", "no_action_word", "no_action_word"),
    ],
)
def test_how_much_a_comment_may_hold_is_a_setting(
    line: str, careful: str, first_word: str, bare: str
) -> None:
    ways = (careful, first_word, bare)
    modes = ("careful", "first_word", "bare")
    assert tuple(say(line, Rules.of("a@b.test", comments=mode)) for mode in modes) == ways


@pytest.mark.parametrize("name", ["Per", "Will", "Ann", "Bob"])
def test_a_greeting_and_one_name_are_a_salutation_whatever_the_name_means_elsewhere(name: str) -> None:
    assert say(f"Hi {name},\n\nApprove") == say(f"Hi {name}\nApprove") == "a"
    assert say(f"Hi {name} will wait\nApprove") == "no_action_word"


def test_of_lines_in_seventeen_languages_few_doubts_decide_and_most_clear_answers_do() -> None:
    """Of the unseen half 2.4 % of the doubts decided and 82 % of the clear answers did, at the one look."""
    decided, refused, opposite = rates(SEVENTEEN_SEEN, say)
    assert (decided, opposite) == (0, 0)
    assert refused <= 0.1
    decided, refused, opposite = rates(SEVENTEEN_UNSEEN, say)
    assert decided <= 0.05
    assert refused <= 0.2
    assert opposite == 0


def test_a_doubt_counts_whatever_language_the_word_before_it_is_of() -> None:
    assert [line for _, meant, line in MIXED if meant == "?" and say(line) in ("a", "r")] == []


def test_a_clear_comment_decides_whatever_its_words_are_elsewhere() -> None:
    assert [line for _, meant, line in MIXED if meant == "a" and say(line) != "a"] == []
