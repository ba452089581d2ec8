"""What people say around an answer without saying anything, and whether a question is more than that.

Called by `first_word` and `verdict`, and by `answer` for the subject. What is not wholly courtesy is none:
"Hi Bob, not yet" is no salutation. A question mark inside a web address asks nothing. Pure; the lists are in
`languages`.
"""

import re

from flexmaild.languages.load import words
from flexmaild.mail.understand.lines import QUESTION_MARKS
from flexmaild.mail.understand.words.deciding import Vocabulary
from flexmaild.mail.understand.words.doubt import GIVEN_NAME, doubts_in, phrases
from flexmaild.mail.understand.words.language_guess import COMMON_WORDS
from flexmaild.mail.understand.words.normalised import folded_forms, words_in
from flexmaild.mail.understand.words.spelling import normal_word

_GREETINGS = frozenset(words(lambda language: language.courtesy.greetings))
_BY_FIRST_WORD = {
    first: [greeting for greeting in _GREETINGS if greeting.split()[0] == first]
    for first in {greeting.split()[0] for greeting in _GREETINGS}
}
_ADDRESSEES = frozenset(
    piece for entry in words(lambda language: language.courtesy.addressees) for piece in words_in(entry)
)
_TITLES = tuple(
    entry for entry in words(lambda language: language.courtesy.addressees) if not entry[0] < "\u3000"
)
_LINES = frozenset(" ".join(words_in(entry)) for entry in words(lambda language: language.courtesy.lines))
_THANKS = words(lambda language: language.courtesy.thanks)
_POLITE_WORDS = _ADDRESSEES | {piece for entry in (*_GREETINGS, *_THANKS) for piece in words_in(entry)}
_QUESTIONS = phrases(words(lambda language: language.courtesy.questions))
_DICTATED = words(lambda language: language.courtesy.dictated)
# Where a salutation ends: at its punctuation, or with the line.
_HEAD = re.compile(r"[^,.!:;…。、！，：]*")
_PUNCTUATION = re.compile(r"[\s,.!:;…。、！，：)\-–—]*")
_LONGEST = 60
_MOST_NAMES = 4
_LONGEST_NAME = 20


def salutation_length(line: str, known: Vocabulary) -> int:
    """How long the salutation is that this line begins with, its punctuation included; 0: there is none.

    known: the words that decide; a salutation holds none of them.
    """
    head = _HEAD.match(line[: _LONGEST + 1])
    if not head or not head[0].strip() or len(head[0]) > _LONGEST:
        return 0
    end = head.end()
    low = normal_word(head[0].strip())
    if any(mark in low for mark in QUESTION_MARKS) or not _is_salutation(
        head[0].split(), low, line[end : end + 1]
    ):
        return 0
    names = {GIVEN_NAME} if low.split()[-1] == GIVEN_NAME else set()
    if doubts_in(low) - names or known.pieces.found_in(low):
        return 0
    rest = _PUNCTUATION.match(line, end)
    return rest.end() if rest else end


def _is_salutation(typed: list[str], low: str, after: str) -> bool:
    if " ".join(words_in(low)) in _LINES or low in _LINES or low in _GREETINGS:
        return True
    for greeting in _BY_FIRST_WORD.get(low.split(maxsplit=1)[0], ()):
        if low.startswith(f"{greeting} "):
            names = typed[len(greeting.split()) :]
            if len(names) <= _MOST_NAMES and all(_may_be_name(name, after) for name in names):
                return True
            if len(names) == 1 and names[0][0].isupper() and len(names[0]) <= _LONGEST_NAME:
                return True  # Will and Per are names, and words of some language
    if low.endswith(_TITLES) and len(low) <= _LONGEST_NAME:
        return True
    if after == ":" or after == "":
        return all(name.casefold() in _ADDRESSEES for name in typed)
    return after == "," and len(typed) <= 2 and all(n.casefold() in _ADDRESSEES or _is_name(n) for n in typed)


def _may_be_name(word: str, after: str) -> bool:
    low = word.casefold()
    return (
        low in _ADDRESSEES or _is_name(word) or (after == "," and len(low) < 13 and low not in COMMON_WORDS)
    )


def _is_name(word: str) -> bool:
    return word[0].isupper() and len(word) <= _LONGEST_NAME and word.casefold() not in COMMON_WORDS


def is_thanks(text: str) -> bool:
    """Whether a text begins with a word of thanks."""
    low = normal_word(text[:40])
    return any(low.startswith(word) and not low[len(word) : len(word) + 1].isalnum() for word in _THANKS)


def is_polite(text: str) -> bool:
    """Whether a text holds words of courtesy only."""
    low = normal_word(text)
    for word in sorted(_THANKS, key=len, reverse=True):
        if word[0] >= "\u3000":
            low = low.replace(word, " ")
    return all(word in _POLITE_WORDS for word in words_in(low))


def dictated_mark_length(text: str) -> int:
    """How long the punctuation mark is, written as a word, that ends or stands before a new sentence."""
    low = text.lower()
    for mark in _DICTATED:
        if low.startswith(mark):
            rest = text[len(mark) :]
            if not rest.strip(" .!,") or (rest[0] == " " and rest.lstrip()[0].isupper()):
                return len(mark)
    return 0


def _is_courtesy_question(question: str) -> bool:
    """Whether a question is one of courtesy: it asks for a notice, or how the reader is."""
    for low in folded_forms(question):
        typed = words_in(low)
        while typed and typed[0] in _POLITE_WORDS and not _QUESTIONS.at(typed, 0):
            typed = typed[1:]
        if not typed or not _QUESTIONS.at(typed, 0):
            return False
    return True


_MARK = re.compile(f"[{QUESTION_MARKS}]")
# What may stand between the deciding word and a mark that asks at once.
_BEFORE = " \t\xa0\u3000.!,…*_\"'”’»)"
# What stands around a mark in an address: the address before it, a query behind it.
_ADDRESS = re.compile(r".*[/:@]|.*\bwww\.")
_QUERY = re.compile(r"\s*[\w.%-]+=\S")
_LONGEST_ADDRESS = 1000


def begins_with_question_mark(text: str) -> bool:
    """Whether what follows the deciding word begins with a question mark."""
    mark = text.lstrip(_BEFORE)[:1]
    return mark != "¿" and bool(_MARK.match(mark))


def asks_question(sentence: str) -> bool:
    """Whether a question mark stands where a question can end, and it asks about the request."""
    marks = _MARK.finditer(sentence)
    return any(not _in_address(sentence, mark.start()) for mark in marks) and not _is_courtesy_question(
        sentence
    )


def _in_address(text: str, place: int) -> bool:
    """Whether the mark there belongs to an address on the web: a query follows, or more of the address."""
    pieces = text[max(0, place - _LONGEST_ADDRESS) : place].rsplit(maxsplit=1)
    before = pieces[-1] if pieces and not text[place - 1].isspace() else ""
    if text[place + 1 : place + 2].isalnum():
        return bool(_ADDRESS.match(before) or _QUERY.match(text, place + 1))
    return "://" in before and bool(_QUERY.match(text, place + 1))
