"""Lines near an answer that no rule explains: a person's words, or those of a mail gateway we do not know.

Called by `reply`; `status` names those that come back, for `approvals.ignore_lines`. Never used to decide.
"""

from collections.abc import Iterator, Sequence

from flexmaild.core.line_pattern import FEWEST_LETTERS, fault_of, letters
from flexmaild.mail.understand.first_word import first_word
from flexmaild.mail.understand.labels.label import Labelled
from flexmaild.mail.understand.words.rules import Rules

# Lines of one mail, and letters of a line: enough to recognise the block of a gateway.
_MOST, _LONGEST = 10, 200
# Lines that are looked at above an answer.
_MOST_ABOVE = 50


def unknown_lines(labelled: Labelled, rules: Rules) -> tuple[str, ...]:
    """The typed lines among and below what is ours, and those above a line that decides.

    What follows the answer in the same text is the person's, and left out.
    """
    found = (" ".join(line.split()) for line in _lines_near_answer(labelled, rules))
    kept = (line for line in found if _is_worth_naming(line, rules))
    return tuple(line for line, _ in zip(dict.fromkeys(kept), range(_MOST), strict=False))


def _lines_near_answer(labelled: Labelled, rules: Rules) -> Iterator[str]:
    yield from _before_the_word(labelled.above, rules)
    yield from labelled.among
    yield from labelled.below


def _before_the_word(above: Sequence[str], rules: Rules) -> list[str]:
    before: list[str] = []
    for line in above[:_MOST_ABOVE]:
        if first_word([line], rules.vocabulary) is not None:
            return before
        before.append(line)
    return []


def _is_worth_naming(line: str, rules: Rules) -> bool:
    return (
        len(line) <= _LONGEST
        and sum(map(str.isalpha, line)) >= FEWEST_LETTERS
        and line.isprintable()  # else it could not be copied into the settings
        and letters(line) not in rules.vocabulary.letters
        and not ("*" in line and fault_of(line, rules.vocabulary.compared_text))
    )
