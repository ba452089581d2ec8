"""The lines of a reply before they are labelled: their words, and what finding these costs."""

from functools import partial

import pytest

from flexmaild.mail.understand.lines import Line
from tests.unit.mail.costs import grows_with_size, least

LINKS = ("see http://a.b/c ", "word[1] ", "mailto:x ")


@pytest.mark.slow
@pytest.mark.parametrize("piece", LINKS)
def test_the_words_of_a_line_full_of_links_cost_no_more_than_their_number(piece: str) -> None:
    few, many = (
        least(partial(Line(piece * count + f"end {run}").words) for run in range(3))
        for count in (4_000, 16_000)
    )
    assert grows_with_size(few, many)


def test_the_words_of_a_link_do_not_count() -> None:
    text = "see http://a.b/c now [2] or <mailto:x@y.test> then"
    hidden = (0, 15)  # it reaches into a link
    assert [w.norm for w in Line(text).words()] == ["see", "now", "or", "then"]
    assert [w.norm for w in Line(text, hidden=(hidden, (4, 6))).words()] == ["now", "or", "then"]
