"""Lines an operator names are compared whole, without case; none can hide an answer."""

import pytest

from flexmaild.core.line_pattern import FEWEST_LETTERS, LONGEST, LONGEST_GAP, fault_of, fits

CAUTION = "CAUTION: this mail came from outside."
CHECKED = "Checked by * - do not trust unknown senders"


@pytest.mark.parametrize(
    "line", [CAUTION, CAUTION.upper(), f"  {CAUTION} ", "Caution:\tthis  mail\xa0came from outside."]
)
def test_case_and_blanks_play_no_part(line: str) -> None:
    assert fits(CAUTION, line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        CAUTION[:-1],
        CAUTION[1:],
        f"{CAUTION} Wait for Bob",
        f"Wait for Bob. {CAUTION}",
        CAUTION.replace("mail", "letter"),
        CAUTION.replace(".", "!"),
    ],
)
def test_a_line_with_more_less_or_other_than_the_pattern_is_another_line(line: str) -> None:
    assert not fits(CAUTION, line)


@pytest.mark.parametrize(("gap", "expected"), [(0, True), (LONGEST_GAP, True), (LONGEST_GAP + 1, False)])
def test_a_star_stands_for_so_many_characters_at_most(gap: int, expected: bool) -> None:
    assert fits("Checked by*and let through", f"Checked by{'x' * gap}and let through") is expected


def test_what_means_something_in_a_regular_expression_means_itself() -> None:
    assert fits("[EXT] (a|b)+ ^.$ {1} mail?", "[ext] (a|b)+ ^.$ {1} mail?")
    assert not fits("Checked by .+ today", "Checked by somebody today")


def test_many_stars_cost_no_time_to_speak_of_and_swallow_no_answer() -> None:
    assert not fits("Checked by * and * for * and * of the gateway", "Checked by " + "and for " * 30)


@pytest.mark.parametrize("pattern", ["*", "* *", "Approve*", "*mail*", f"{'x' * (FEWEST_LETTERS - 1)}*"])
def test_a_star_beside_too_few_letters_is_refused(pattern: str) -> None:
    assert fault_of(pattern, ()).startswith(f"needs at least {FEWEST_LETTERS} letters")


def test_a_star_beside_just_enough_letters_and_a_short_line_without_one_are_right() -> None:
    assert fault_of(f"{'x' * FEWEST_LETTERS}*", ("Approve",)) == ""
    assert fault_of("EXT", ("Approve",)) == ""


def test_a_pattern_that_is_a_deciding_word_is_refused_whatever_its_case() -> None:
    assert "'Approve'" in fault_of(" aPPROVE ", ("Reject", "Approve"))
    assert fault_of("Approve with care", ("Reject", "Approve")) == ""


def test_a_row_of_stars_is_one_gap_and_costs_no_more_than_one() -> None:
    """Gateways draw them around their warnings."""
    drawn = f"{'*' * 40} CAUTION: EXTERNAL EMAIL {'*' * 40}"
    assert fits(drawn, drawn)
    assert fault_of(drawn, ("approve", "reject")) == ""
    assert not fits(drawn, "x" * 2000)
    assert not fits("*a" * 200 + "*b", "a" * 2000)
    assert not fits("CAUTION: EXTERNAL***EMAIL", f"CAUTION: EXTERNAL{'x' * (LONGEST_GAP + 1)}EMAIL")


def test_a_line_that_no_gateway_writes_is_a_fault() -> None:
    assert fault_of("x" * LONGEST, ()) == ""
    assert "at most" in fault_of("x" * (LONGEST + 1), ())
