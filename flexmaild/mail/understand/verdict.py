"""The decision from what a person typed: approve, reject or undecided. No other module decides.

Called by `understand.reply` with labelled lines. The action word must be the first word a person wrote, give
or take a salutation. Everything else may only make it undecided, by the table below, the first hit
wins; then the approver is asked again. Pure.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flexmaild.core.masking import masked
from flexmaild.core.model import Answer
from flexmaild.languages.load import words
from flexmaild.mail.understand.contradiction import contradiction
from flexmaild.mail.understand.first_word import FirstWord, first_word, resembles_deciding_word
from flexmaild.mail.understand.labels.label import Labelled
from flexmaild.mail.understand.lines import is_frown
from flexmaild.mail.understand.words.courtesy import asks_question, begins_with_question_mark, is_polite
from flexmaild.mail.understand.words.deciding import Vocabulary
from flexmaild.mail.understand.words.doubt import (
    NEGATIONS,
    begins_harmlessly,
    doubt_in,
    refusing_signs,
    retraction_in,
)
from flexmaild.mail.understand.words.language_guess import AmbiguousWords, ClauseLanguage
from flexmaild.mail.understand.words.normalised import (
    clauses,
    folded_forms,
    sentences,
    visible_form,
    words_in,
)
from flexmaild.mail.understand.words.pieces import has_kana
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.mail.understand.words.spelling import spellings

# what is found                                     with Approve              with Reject
# ------------------------------------------------  ------------------------  ------------------------
# no line at all                                    empty                     empty
# control characters in the 1st line; letters that
# are made to run backwards, anywhere               stray_characters          stray_characters
# first word is no action word                      no_action_word            no_action_word
# - but looks like one, or holds unseen characters   stray_characters          stray_characters
# `bare`: other than courtesy on the word's line    more_than_word            more_than_word
# the other answer's word                           anywhere: both_words      both_words, unless denied or
#                                                                             promised for later
# the other answer's stem ("rejection")             anywhere: both_words      -
# a change of mind ("oops", "scratch that")         anywhere: condition       short sentence: condition
# - `first_word` looks no further -
# "?" at an end; not of a courtesy question         anywhere: question        at the word, or of 1 or 2 words
# a negation, a refusing symbol                     anywhere: negated         as all of the comment: negated,
#                                                                             but for the refusal "no" itself
# "-1", ":-(", "!=", ": false" at the word          negated                   negated
# a condition, exception, doubt, delay              anywhere: condition       as the very next word: condition
#
# Approving starts a deployment and rejecting stops one, so the right column is milder: "Reject, tests do not
# pass when X" is a rejection with its reason. "Anywhere" is all that was typed, comment lines included,
# sentence by sentence; what is harmless in one ("no objections") excuses nothing in the next.

# Only these directly after the word make a rejection conditional; "Reject until fixed" is one all the same.
_AFTER_REJECT = AmbiguousWords(lambda language: language.doubt.after_reject)
# "Reject no!" refuses once more; "not" and "never" behind the word may take it back ("Avslå inte").
_REFUSALS = frozenset(form for w in words(lambda language: language.doubt.refusals) for form in spellings(w))

WHY: Mapping[str, str] = {
    "empty": "There was no text above the quoted mail.",
    "no_action_word": "The first word was neither of the two words that decide.",
    "both_words": "It contained both words, the one that approves and the one that rejects.",
    "negated": "It contained a negation.",
    "question": "It read like a question.",
    "condition": "It contained a condition, an exception or a doubt.",
    "parts_disagree": "Its plain text and its formatted text said different things.",
    "ambiguous": "The mail was built so that two programs could read it in two ways.",
    "stray_characters": "It contained invisible characters or characters that only look like letters.",
    "more_than_word": "The line of the word held other words as well, which is not allowed here.",
    "too_long": "It was too long, or did not arrive whole.",
    "quote_changed": "It changed the quoted request, or added words to a line of it.",
    "words_unknown": "It quoted a mail whose text is not known any more.",
    "other_mail": "It answered somebody else's mail and not this request.",
    "between": "It stood between lines of the quoted request.",
    "other": "It was not clear what it answered.",
}

# A decision and a comment of one line; what is longer was not typed as an answer (RFC 5322 allows 998).
_LONGEST_LINE = 1000
# An answer that is longer was not typed as one; its end is not looked through, so it decides nothing.
_LONGEST_TEXT = 20000
_LONGEST_QUOTED = 200
# A change of mind with a rejection has no more words; "Reject, really?" no more characters.
_SHORT = 7
_BRIEF = 14

# Control characters that are no blanks, and characters that make the letters behind them run backwards.
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202d\u202e]")
_OVERRIDES = re.compile(r"[\u202d\u202e]")
# "-1", "!=", a frown, ": false", at the word itself.
_DENIAL = re.compile(
    r"\s*(?:[-–−]1(?!\w)|!=|<>|≠|[:;=8]['’]?[-^o]?[(\[{|\\/](?!\w|/)|[:=]+\s*(?:false|0|off|n|f)(?!\w))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """answer None: undecided, and `unclear` is a key of WHY. comment: as typed, cleaned and cut.

    sentence, word: what made it undecided, cleaned and cut, and the word or mark in it; empty if nothing did.
    line: the one that begins with the word that decides, as it was typed; empty where there is none.
    """

    answer: Answer | None
    unclear: str = ""
    comment: str = ""
    language: str = ""
    sentence: str = ""
    word: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """What keeps an answer from being one: a key of WHY, the sentence, the word in it."""

    unclear: str
    sentence: str = ""
    word: str = ""


def decide(said: Labelled, rules: Rules) -> Decision:
    """The decision of the typed lines by the table above, if their place allows one."""
    if said.is_foreign:
        return Decision(None, "other_mail")
    decision = _decide(_joined(said.above, said.among, said.below), rules)
    if decision.answer is None:
        return decision
    if any(map(str.strip, said.among)) and not any(map(str.strip, said.above)):
        # It answers one of the lines around it; which, cannot be known.
        return Decision(None, "between", language=decision.language, line=decision.line)
    if said.changed:
        return Decision(None, "quote_changed", language=decision.language, line=decision.line)
    return decision


def _joined(*parts: Sequence[str]) -> list[str]:
    """The parts one after the other, without the blank lines where they meet."""
    joined: list[str] = []
    for part in parts:
        shown = [i for i, line in enumerate(part) if line.strip()]
        joined += part[shown[0] : shown[-1] + 1] if shown else ()
    return joined


def _decide(typed: Sequence[str], rules: Rules) -> Decision:
    # A byte order mark or a zero-width space is all that some editors leave in a line.
    places = [i for i, line in enumerate(typed) if visible_form(line).strip()]
    if not places:
        return Decision(None, "empty")
    lines = [typed[i] for i in places]
    if sum(map(len, lines)) > _LONGEST_TEXT or len(lines[0].strip()) > _LONGEST_LINE:
        return Decision(None, "too_long")
    first = first_word(lines, rules.vocabulary)
    if first is None:
        return _without_word(lines[0], rules.vocabulary)
    below = typed[places[first.line] + 1 :]
    found = _control_characters(lines[first.line], below) or _unclear(first, below, rules)
    line = lines[first.line].strip()
    if found:
        # What follows the word is quoted with it: "Approve?" and not "?".
        is_of_word = found.sentence in (first.raw_rest, first.rest, first.before)
        because = _quoted(line if is_of_word else found.sentence), found.word
        return Decision(None, found.unclear, "", first.language, *because, line)
    comment = _comment(first.rest, below, rules.max_comment)
    return Decision(first.answer, "", comment, first.language, line=line)


def _without_word(line: str, known: Vocabulary) -> Decision:
    stray = _CONTROL_CHARACTERS.search(line) or resembles_deciding_word(line, known)
    word = (line.split() or [""])[0][:40]
    return Decision(
        None, "stray_characters" if stray else "no_action_word", sentence=_quoted(line), word=_plain(word)
    )


def _control_characters(line: str, below: Sequence[str]) -> _Obstacle | None:
    if _CONTROL_CHARACTERS.search(line):
        return _Obstacle("stray_characters", line)
    overridden = next((text for text in below if not text.isascii() and _OVERRIDES.search(text)), "")
    return _Obstacle("stray_characters", overridden) if overridden else None


def _unclear(first: FirstWord, below: Sequence[str], rules: Rules) -> _Obstacle | None:
    """What keeps the answer from standing, by the table; None when it stands."""
    if rules.comments == "bare" and not is_polite(first.rest):
        return _Obstacle("more_than_word", first.rest)
    said = list(sentences("\n".join((first.rest, *below))))
    follows_word = bool(first.rest.strip())
    found = _other_word(first.answer, said, rules.vocabulary) or _retraction(first.answer, said)
    if found or rules.comments == "first_word":
        return found
    if first.answer is Answer.REJECT:
        return _unclear_rejection(first, said, follows_word)
    return _unclear_approval(first, said, follows_word)


def _unclear_approval(first: FirstWord, said: Sequence[str], follows_word: bool) -> _Obstacle | None:
    asking = (
        first.raw_rest if begins_with_question_mark(first.raw_rest) else next(filter(asks_question, said), "")
    )
    if asking:
        return _Obstacle("question", asking, "?")
    for text in (first.raw_rest, first.raw_rest.lstrip(" .,;!"), *said):
        denial = _DENIAL.match(text) if text is first.raw_rest else _DENIAL.fullmatch(text)
        if denial:
            return _Obstacle("negated", text, denial[0].strip())
        if is_frown(text):
            return _Obstacle("negated", text, text.strip())
    if signs := refusing_signs(first.raw_rest):
        return _Obstacle("negated", first.raw_rest, min(signs))
    if doubt := doubt_in(first.before, first.language):
        return _Obstacle(doubt.why, first.before, doubt.word)
    condition, kana = None, has_kana(said)
    for number, sentence in enumerate(said):
        doubt = doubt_in(sentence, first.language, kana=kana, first=follows_word and not number)
        if doubt and doubt.why == "negated":
            return _Obstacle(doubt.why, sentence, doubt.word)
        if doubt and not condition:
            condition = _Obstacle(doubt.why, sentence, doubt.word)
    return condition


def _unclear_rejection(first: FirstWord, said: Sequence[str], follows_word: bool) -> _Obstacle | None:
    if begins_with_question_mark(first.raw_rest):
        return _Obstacle("question", first.raw_rest, "?")
    if denial := _DENIAL.match(first.raw_rest):
        return _Obstacle("negated", first.raw_rest, denial[0].strip())
    if not said:
        return None
    typed = [word for sentence in said for word in words_in(folded_forms(sentence)[0])]
    if (
        follows_word
        and asks_question(said[0])
        and len(said[0]) <= _BRIEF
        and len(words_in(folded_forms(said[0])[0])) <= 2
    ):
        return _Obstacle("question", said[0], "?")
    if typed and all(word in NEGATIONS for word in typed) and not _REFUSALS.issuperset(typed):
        return _Obstacle("negated", said[0], typed[0])
    if (
        follows_word
        and typed
        and _AFTER_REJECT.applies(typed[0], ClauseLanguage(typed, first.language))
        and not _is_reason(first.raw_rest, said[0])
        and not begins_harmlessly(said[0])
    ):
        return _Obstacle("condition", said[0], typed[0])
    return None


def _is_reason(mark: str, sentence: str) -> bool:
    """Whether "if …" behind a rejection is its reason: "Reject - if this goes out, billing breaks"."""
    between = mark[: len(mark) - len(mark.lstrip(".:;!-–—, \t\xa0"))]
    return bool(between.strip(" \t\xa0,")) or ("," in between and len(clauses(sentence)) > 1)


def _retraction(answer: Answer, said: Sequence[str]) -> _Obstacle | None:
    """A change of mind. Beside a rejection only a short sentence is one: a longer one may be the reason."""
    for sentence in said:
        word = retraction_in(sentence)
        if word and (answer is Answer.APPROVE or len(words_in(folded_forms(sentence)[0])) <= _SHORT):
            return _Obstacle("condition", sentence, word)
    return None


def _other_word(answer: Answer, said: Sequence[str], known: Vocabulary) -> _Obstacle | None:
    for sentence in said:
        if word := contradiction(answer, sentence, known):
            return _Obstacle("both_words", sentence, word)
    return None


def _quoted(sentence: str) -> str:
    return masked(_plain(" ".join(sentence.split())))[:_LONGEST_QUOTED].strip()


def _comment(rest: str, below: Iterable[str], limit: int) -> str:
    """The rest of the decision's line and the lines below it, control and bidi characters removed; a
    reference opens a request, and a comment goes to everybody who may see the decision."""
    kept = [masked(_plain(line)).rstrip() for line in (rest, *below)]
    return "\n".join(kept).strip()[:limit].rstrip()


def _plain(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else (" " if c.isspace() else "") for c in text)
