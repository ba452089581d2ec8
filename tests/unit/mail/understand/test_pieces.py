"""Pieces found by how they begin are those that a search for each finds."""

from itertools import product

import pytest

from flexmaild.languages.load import EVERY
from flexmaild.mail.understand.labels.disclaimers import as_compared, folded
from flexmaild.mail.understand.words.pieces import PieceIndex

PIECES = ("a", "ab", "abc", "abcd", "bcde", "不", "不可", "ß", "e ", " mail")


@pytest.mark.parametrize("text", ["", "a", "ab", "xabcd", "bcd", "bcde", "要不可", "no mail", "e", "aß e x"])
def test_as_a_search_for_each(text: str) -> None:
    index = PieceIndex((piece, piece) for piece in PIECES)
    assert index.found_in(text) == {piece for piece in PIECES if piece in text}


def test_one_piece_may_mean_several_things() -> None:
    assert PieceIndex([("ab", 1), ("ab", 2), ("cd", 3)]).found_in("xab") == {1, 2}


def test_the_pieces_of_all_languages() -> None:
    notices = {language.tag: as_compared(language.notice.this_mail) for language in EVERY}
    index = PieceIndex((piece, tag) for tag, pieces in notices.items() for piece in pieces)
    for language, n in product(EVERY, range(7)):
        text = folded(" ".join((*language.notice.concepts[n], *language.notice.this_mail)))
        assert index.found_in(text) == {
            tag for tag, pieces in notices.items() if any(piece in text for piece in pieces)
        }
