"""The other answer's word beside the one that decides.

Called by `verdict`. Beside an approval any word of a rejection contradicts, its stem too ("rejection").
Beside a rejection a word that approves contradicts unless its clause only denies it or promises it for
later: "Rejected. Will approve when fixed." Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from flexmaild.core.model import Answer
from flexmaild.languages.load import EVERY, words
from flexmaild.mail.understand.doubt import NEGATIONS, is_contraction
from flexmaild.mail.understand.pieces import may_mean
from flexmaild.mail.understand.rules import Word
from flexmaild.mail.understand.seen import clauses, looks, words_in

_OPPOSED_STEMS = words(lambda language: language.doubt.opposed_stems)
_PROMISES = frozenset(words(lambda language: language.doubt.promises))
_PROMISE_PIECES = tuple(
    (piece, language.tag) for language in EVERY for piece in language.doubt.promise_pieces
)


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The words of the rules that contradict each answer: single words, and pieces with their language."""

    others: Mapping[Answer, frozenset[str]]
    inside: Mapping[Answer, tuple[tuple[str, str], ...]]


@lru_cache(maxsize=8)
def _vocabulary(entries: tuple[Word, ...]) -> _Vocabulary:
    others = {a: frozenset(word for word, says, _ in entries if says is not a) for a in Answer}
    # Words of languages without blanks, and of several tokens from the settings, are looked for as text.
    inside = {
        a: tuple(
            (word, language)
            for word, says, language in entries
            if says is not a and (words_in(word) != [word] or "\u3040" <= word[0] <= "\u9fff")
        )
        for a in Answer
    }
    return _Vocabulary(others, inside)


def contradiction(answer: Answer, sentence: str, entries: tuple[Word, ...]) -> str:
    """The other answer's word in a sentence, as far as it contradicts; empty if none does."""
    known = _vocabulary(entries)
    for low in looks(sentence):
        word = _other(answer, low, known)
        if word and (answer is Answer.APPROVE or any(_approves(clause, known) for clause in clauses(low))):
            return word
    return ""


def _other(answer: Answer, low: str, known: _Vocabulary) -> str:
    for token in words_in(low):
        for word in (token, *token.split("-")) if "-" in token else (token,):
            if word in known.others[answer]:
                return word
            if answer is Answer.APPROVE and word.startswith(_OPPOSED_STEMS):
                return word
    return next(
        (word for word, language in known.inside[answer] if word in low and may_mean(language, low)), ""
    )


def _approves(clause: str, known: _Vocabulary) -> bool:
    """Whether a clause beside a rejection approves."""
    word = _other(Answer.REJECT, clause, known)
    if not word:
        return False
    if not clause.isascii() and any(p in clause and may_mean(tag, clause) for p, tag in _PROMISE_PIECES):
        return False
    before = words_in(clause[: max(0, clause.find(word))])
    return not any(w in NEGATIONS or w in _PROMISES or is_contraction(w) for w in before)
