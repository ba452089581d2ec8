"""The words that make an answer doubtful, looked for in text as a person sees it.

Called by `verdict`, which rules on them sentence by sentence (`doubt_in`), and by the labelling
(`doubts_in`), which never takes a line with one of them for something that no person typed unless the whole
line is known. The lists are in `languages`; a sentence in no list raises no doubt.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from flexmaild.languages.load import EVERY, Language, words
from flexmaild.mail.understand.words.dates import MONTH
from flexmaild.mail.understand.words.language_guess import (
    COMMON_WORDS,
    AmbiguousWords,
    ClauseLanguage,
    OwnWords,
)
from flexmaild.mail.understand.words.normalised import VERBS, clauses, folded_forms, tokens, words_in
from flexmaild.mail.understand.words.phrases import BREAK, START, Phrase, Phrases
from flexmaild.mail.understand.words.pieces import doubtful_pieces
from flexmaild.mail.understand.words.spelling import spellings

NEGATIONS = AmbiguousWords(lambda language: language.doubt.negations)
CONDITIONS = AmbiguousWords(lambda language: language.doubt.conditions)
_OWN_NEGATIONS = OwnWords(lambda language: language.doubt.own_negations)
_OWN_CONDITIONS = OwnWords(lambda language: language.doubt.own_conditions)
_DOUBTS = NEGATIONS.words | CONDITIONS.words
# "Only" in Czech, which says nothing alone, and a name: who is called Jennifer is greeted and signs so.
GIVEN_NAME = "jen"
# "15. Mai 2026", "20 de nov. de 2026", "2026年5月15日(金)": in a date a word is a month or a day, whatever it
# is elsewhere ("mai" is never in Italian). Only in a date: "servers 3 not 17" has the form of one.
_WEEKDAY = r"(?:(?:星期|周|週|禮拜|礼拜)[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일)"
_DATE = re.compile(
    rf"\d{{1,2}}\.?ª?º?(?: de)? {MONTH}\.?,?(?: de)? \d{{2,4}}\b|\b{MONTH}\.? \d{{1,2}}, \d{{4}}\b"
    rf"|(?:{_WEEKDAY},? )?\d{{4}} ?[年년./-] ?\d{{1,2}} ?[月월./-] ?\d{{1,2}} ?[日일.]?"
    rf"(?:,? ?\(?{_WEEKDAY}\)?| ?\([月火水木金土日월화수목금토일]\))?"
)
# A thumb down or a stop sign with an approval.
_REFUSING_SYMBOLS = frozenset("👎❌🚫⛔🛑✋❎✖✗✘🙅⏸⏳⌛🤔🤷🆖☹🙁😕🤨🖕🤚🔴🟥⏰🤞🥴😬")
_REFUSING = re.compile(f"[{''.join(sorted(_REFUSING_SYMBOLS))}]")
# The same as some programs write them, and a vote against, which stands alone.
_TYPED_SIGN = re.compile(
    r"(?<!\S)[-−]1(?=[\s.!,]*(?:$|\s[^\d\s]))"
    r"|:(?:thumbsdown|thumbs_down|-1|x|no_entry(?:_sign)?|octagonal_sign|stop_sign):"
)
# How many words before the last a harmless phrase may begin.
_LONGEST_HARMLESS = 10


@lru_cache(maxsize=4096)
def _languages_of_doubt(word: str) -> frozenset[str]:
    """The languages in which alone the word doubts."""
    return _OWN_NEGATIONS.languages(word) | _OWN_CONDITIONS.languages(word)


def _is_filler(word: str, tag: str = "") -> bool:
    return word not in _DOUBTS and not is_contraction(word) and tag not in _languages_of_doubt(word)


def _is_content(word: str, tag: str = "") -> bool:
    return _is_filler(word, tag) and word not in COMMON_WORDS


def phrases(entries: Iterable[str]) -> Phrases:
    """Entries of the lists; what people write without its accents is found too."""
    found = [tuple(_words_in_entry(spelling)) for entry in entries for spelling in spellings(entry)]
    return Phrases(found, _is_filler, _is_content)


def _words_in_entry(entry: str) -> list[str]:
    """The elements of a phrase as it is written in the lists, commas included."""
    return [
        piece
        for part in entry.replace(",", f" {BREAK} ").split()
        for piece in ([part] if part in (START, BREAK, "#", "…") else words_in(part))
    ]


def _harmless(language: Language) -> Phrases:
    """What people write without doubting; no word that doubts in this language may stand in it."""
    found = [tuple(_words_in_entry(form)) for entry in language.doubt.harmless for form in spellings(entry)]
    found += [tuple(word for word in phrase if word != BREAK) for phrase in found if BREAK in phrase]
    return Phrases(
        (*found, *_good_news(language)),
        partial(_is_filler, tag=language.tag),
        partial(_is_content, tag=language.tag),
    )


def _good_news(language: Language) -> Iterable[Phrase]:
    troubles = frozenset(form for word in language.doubt.troubles for form in spellings(word))
    after = frozenset(form for word in language.doubt.none_after for form in spellings(word))
    for none in language.doubt.none_of:
        for form in spellings(none):
            yield (*words_in(form), "~", troubles)
    if after:
        for trouble in troubles:
            yield (*words_in(trouble), "~", after)


_RETRACTIONS = phrases(words(lambda language: language.doubt.retractions))
_DOUBTFUL = phrases(
    (*words(lambda language: language.doubt.phrases), *words(lambda language: language.doubt.retractions))
)
_HARMLESS = tuple(map(_harmless, EVERY))


@dataclass(frozen=True, slots=True)
class Doubt:
    """why: a key of `verdict.WHY`; word: what was found, as it was compared."""

    why: str
    word: str


def doubt_in(sentence: str, language: str, *, kana: bool = False, first: bool = False) -> Doubt | None:
    """The doubt that a sentence raises about an approval.

    language: of the deciding word; kana: the text has some. first: it follows the deciding word at once.
    """
    if signs := refusing_signs(sentence):
        return Doubt("negated", min(signs))
    for low in folded_forms(sentence):
        if found := _doubt_in_words(low, language, first, "ı" in sentence) or _doubt_in_pieces(
            low, language, kana
        ):
            return found
    return None


def _doubt_in_words(low: str, language: str, first: bool, is_turkish: bool) -> Doubt | None:
    typed = [START] if first else []
    found: list[tuple[int, Doubt]] = []
    for clause in clauses(low):
        said = words_in(clause)
        spoken = ClauseLanguage(said, language, is_turkish=is_turkish)
        found += [(i, doubt) for i, word in enumerate(said, len(typed)) if (doubt := doubt_of(word, spoken))]
        typed += (*said, BREAK)
    found += _doubtful_phrases(typed)
    # A negation is named before a condition.
    for place, doubt in sorted(found, key=lambda entry: entry[1].why != "negated"):
        if not _is_harmless(typed, place):
            return doubt
    return None


def doubt_of(word: str, spoken: ClauseLanguage) -> Doubt | None:
    """What one word says, where the text may be in its language."""
    if _languages_of_doubt(word):
        if _OWN_NEGATIONS.applies(word, spoken):
            return Doubt("negated", word)
        if _OWN_CONDITIONS.applies(word, spoken):
            return Doubt("condition", word)
    if word not in _DOUBTS and word[-1] != "t" and "-" not in word:
        return None
    for form in (word, *word.split("-")) if "-" in word else (word,):
        if (form in NEGATIONS and NEGATIONS.applies(form, spoken)) or is_contraction(form):
            return Doubt("negated", word)
        if form in CONDITIONS and CONDITIONS.applies(form, spoken):
            return Doubt("condition", word)
    return None


def _doubtful_phrases(typed: Sequence[str]) -> list[tuple[int, Doubt]]:
    """The phrases of doubt, each with the place of its last word; commas within do not matter."""
    places = [i for i, word in enumerate(typed) if word != BREAK]
    plain = [typed[i] for i in places]
    found = []
    for i, word in enumerate(plain):
        if _DOUBTFUL.begins(word) and (length := _DOUBTFUL.at(plain, i)):
            found.append(
                (places[i + length - 1], Doubt("condition", " ".join(plain[i : i + length]).lstrip("^ ")))
            )
    return found


def _is_harmless(typed: Sequence[str], place: int) -> bool:
    """Whether the word there is part of a harmless phrase."""
    return any(
        i + known.at(typed, i) > place
        for known in _HARMLESS
        for i in range(max(0, place - _LONGEST_HARMLESS), place + 1)
    )


def begins_harmlessly(sentence: str) -> bool:
    """Whether its first word doubts nothing, as part of a harmless phrase: "if I may say so"."""
    return any(_is_harmless([START, *words_in(low)], 1) for low in folded_forms(sentence))


def _doubt_in_pieces(low: str, language: str, kana: bool) -> Doubt | None:
    found = doubtful_pieces(low, language, kana)
    return Doubt(*found[0]) if found else None


def retraction_in(sentence: str) -> str:
    """The change of mind in a sentence, which undoes any answer; empty if there is none."""
    for low in folded_forms(sentence):
        typed = words_in(low)
        for i in range(len(typed)):
            if length := _RETRACTIONS.at(typed, i):
                return " ".join(typed[i : i + length])
    return ""


def may_have_refusing_sign(text: str) -> bool:
    """A quick test: few lines have one that is written with several characters."""
    return "-1" in text or "−1" in text or text.count(":") > 1


def refusing_signs(text: str) -> set[str]:
    """The signs in it that refuse: a thumb down, a stop sign, their names, a vote against."""
    typed = {sign.strip() for sign in _TYPED_SIGN.findall(text)} if may_have_refusing_sign(text) else set()
    return typed if text.isascii() else typed | set(_REFUSING.findall(text))


@lru_cache(maxsize=128)
def doubts_in(text: str) -> frozenset[str]:
    """The negations, conditions and phrases of doubt in a line, in any language; dates do not count."""
    found: set[str] = refusing_signs(text)
    for low in folded_forms(text):
        if any(c.isdigit() for c in low):
            low = _DATE.sub(" ", low)
        said = tokens(low)
        found |= {token for token in said if token in _DOUBTS or is_contraction(token)}
        found |= _own_doubts(said)
        typed = words_in(low)
        found |= {word for i, word in enumerate(typed) if _DOUBTFUL.begins(word) and _DOUBTFUL.at(typed, i)}
        found |= {piece for _, piece in doubtful_pieces(low)}
    return frozenset(found)


def _own_doubts(said: Sequence[str]) -> set[str]:
    """The words of a line that doubt in a language, and are no ordinary ones of another it may be in."""
    if not any(map(_languages_of_doubt, said)):
        return set()
    spoken = ClauseLanguage(said, "")
    return {
        word
        for word in said
        if _OWN_NEGATIONS.may_apply(word, spoken) or _OWN_CONDITIONS.may_apply(word, spoken)
    }


def is_contraction(token: str) -> bool:
    """A verb with "not" in it, with or without its apostrophe: hasn't, didnt, cannot, donot."""
    if token.endswith("n't"):
        return True
    return (token.endswith("nt") and token[:-2] in VERBS) or (token.endswith("not") and token[:-3] in VERBS)
