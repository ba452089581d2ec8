"""The word of the other answer in the text of an answer.

Called by `verdict`. With an approval any word of a rejection contradicts, its stem too ("rejection").
With a rejection a word that approves contradicts unless its clause only denies it or promises it for
later: "Rejected. Will approve when fixed." Pure.
"""

from flexmaild.core.model import Answer
from flexmaild.languages.load import EVERY, words
from flexmaild.mail.understand.words.deciding import Vocabulary
from flexmaild.mail.understand.words.doubt import NEGATIONS, is_contraction
from flexmaild.mail.understand.words.normalised import clauses, folded_forms, words_in
from flexmaild.mail.understand.words.pieces import may_apply_to

_OPPOSED_STEMS = words(lambda language: language.doubt.opposed_stems)
_PROMISES = frozenset(words(lambda language: language.doubt.promises))
_PROMISE_PIECES = tuple(
    (piece, language.tag) for language in EVERY for piece in language.doubt.promise_pieces
)


def contradiction(answer: Answer, sentence: str, known: Vocabulary) -> str:
    """The other answer's word in a sentence, as far as it contradicts; empty if none does."""
    for low in folded_forms(sentence):
        word = _opposite_word(answer, low, known)
        if word and (answer is Answer.APPROVE or any(_approves(clause, known) for clause in clauses(low))):
            return word
    return ""


def _opposite_word(answer: Answer, low: str, known: Vocabulary) -> str:
    for token in words_in(low):
        for word in (token, *token.split("-")) if "-" in token else (token,):
            if word in known.others[answer]:
                return word
            if answer is Answer.APPROVE and word.startswith(_OPPOSED_STEMS):
                return word
    found = sorted(known.other_pieces[answer].found_in(low))
    return next((word for _, word, language in found if may_apply_to(language, low)), "")


def _approves(clause: str, known: Vocabulary) -> bool:
    """Whether a clause with a rejection approves."""
    word = _opposite_word(Answer.REJECT, clause, known)
    if not word:
        return False
    if not clause.isascii() and any(p in clause and may_apply_to(tag, clause) for p, tag in _PROMISE_PIECES):
        return False
    before = words_in(clause[: max(0, clause.find(word))])
    return not any(w in NEGATIONS or w in _PROMISES or is_contraction(w) for w in before)
