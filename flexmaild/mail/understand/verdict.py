"""From what a person typed to approve, reject or undecided: the one place where that is ruled.

Called by `understand.reply` with labelled lines. The action word must be the first word a person wrote, give or
take a salutation. What else there is may only make it undecided, by the table below, first hit wins; that costs
one mail back. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flexmaild.core.model import Answer
from flexmaild.languages.load import words
from flexmaild.mail.understand.courtesy import asks_nothing, is_polite
from flexmaild.mail.understand.doubt import NEGATIONS, doubt_in, is_contraction, retracts
from flexmaild.mail.understand.first_word import First, first_word, looks_like_a_word
from flexmaild.mail.understand.label import Labelled
from flexmaild.mail.understand.rules import Rules, Word, normal_word
from flexmaild.mail.understand.seen import clauses, looks, seen, sentences, words_in
from flexmaild.mail.understand.tongues import Ambiguous, Spoken

# what is found                                     beside Approve            beside Reject
# ------------------------------------------------  ------------------------  ------------------------
# no line at all                                    empty                     empty
# characters that turn the line or steer            1st line: stray_chars.    1st line: stray_chars.
# first word is no action word, or only looks so    no_action_word            no_action_word
# `bare`: other than courtesy on the word's line    more_than_word            more_than_word
# the other answer's word                           anywhere: both_words      anywhere: both_words, unless only
#                                                                             denied or promised for later
# the other answer's stem ("rejection")             anywhere: both_words      -
# a change of mind ("oops", "scratch that")         anywhere: condition       anywhere: condition
# - `first_word` looks no further -
# "?" at an end; not of a courtesy question         anywhere: question        at the word, or of 1 or 2 words
# a negation, a refusing symbol                     anywhere: negated         as all of the comment: negated
# "-1", ":-(", "!=", ": false" at the word          negated                   negated
# a condition, exception, doubt, delay              anywhere: condition       as the very next word: condition
#
# Approving starts a deployment and rejecting stops one, so the right column is milder: "Reject, tests do not
# pass when X" is a rejection with its reason. "Anywhere" is all that was typed, comment lines included, sentence
# by sentence; what is harmless in one ("no objections") excuses nothing in the next.

_OPPOSED_STEMS = words(lambda language: language.doubt.opposed_stems)
# Only these directly after the word make a rejection conditional; "Reject until fixed" is one all the same.
_AFTER_REJECT = Ambiguous(lambda language: language.doubt.after_reject)
_PROMISES = frozenset(words(lambda language: language.doubt.promises))
_PROMISE_PIECES = words(lambda language: language.doubt.promise_pieces)

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
    "too_long": "Its first line was too long.",
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

# A reference opens a request; a comment goes to everybody who may see the decision.
_REFERENCE = re.compile(r"\bFM1-[A-Z2-7]{20,}", re.IGNORECASE)
# Control characters that are no blanks, and characters that make the letters behind them run backwards.
_STEERING = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202d\u202e]")
_TURNING = re.compile(r"[\u202d\u202e]")
# "-1", "!=", a frown, ": false", at the word itself.
_AGAINST = re.compile(
    r"\s*(?:[-–−]1(?!\w)|!=|<>|≠|[:;=8]['’]?[-^o]?[(\[{|\\/](?!\w|/)|[:=]+\s*(?:false|0|off|n|f)(?!\w))", re.IGNORECASE
)
# A mark of a question, and what stands around one inside an address on the web.
_MARK = re.compile(r"[?？¿؟❓❔⁇⁈⁉]")
_ADDRESS = re.compile(r"\S*[/:@]\S*\Z|\S*\bwww\.\S*\Z")
_WRAPPED_QUERY = re.compile(r"(?<=\?)\n(?=[\w.%-]+=\S)")
_QUERY = re.compile(r"\s*[\w.%-]+=\S")


@dataclass(frozen=True, slots=True)
class Decision:
    """answer None: undecided, and `unclear` is a key of WHY. comment: as typed, cleaned and cut.

    sentence, word: what made it undecided, cleaned and cut, and the word or mark in it; empty if nothing did.
    """

    answer: Answer | None
    unclear: str = ""
    comment: str = ""
    language: str = ""
    sentence: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """What keeps an answer from being one: a key of WHY, the sentence, the word in it."""

    unclear: str
    sentence: str = ""
    word: str = ""


def decide(said: Labelled, rules: Rules) -> Decision:
    """What the typed lines say, by the table above, and whether they can be taken at their word."""
    if said.is_foreign:
        return Decision(None, "other_mail")
    decision = _decide(_joined(said.above, said.among, said.below), rules)
    if decision.answer is None:
        return decision
    if any(map(str.strip, said.among)) and not any(map(str.strip, said.above)):
        # It answers one of the lines around it; which, cannot be known.
        return Decision(None, "between", language=decision.language)
    if said.changed:
        return Decision(None, "quote_changed", language=decision.language)
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
    places = [i for i, line in enumerate(typed) if seen(line).strip()]
    if not places:
        return Decision(None, "empty")
    lines = [typed[i] for i in places]
    if sum(map(len, lines)) > _LONGEST_TEXT or len(lines[0].strip()) > _LONGEST_LINE:
        return Decision(None, "too_long")
    first = first_word(lines, rules.words)
    if first is None:
        return _no_word(lines[0], rules.words)
    below = typed[places[first.line] + 1 :]
    found = _steered(lines[first.line], below) or _unclear(first, below, rules)
    if found:
        return Decision(None, found.unclear, "", first.language, _quoted(found.sentence), found.word)
    return Decision(first.answer, "", _comment(first.rest, below, rules.max_comment), first.language)


def _no_word(line: str, entries: tuple[Word, ...]) -> Decision:
    stray = _STEERING.search(line) or looks_like_a_word(line, entries)
    word = (line.split() or [""])[0][:40]
    return Decision(
        None, "stray_characters" if stray else "no_action_word", sentence=_quoted(line), word=_plain(word)
    )


def _steered(line: str, below: Sequence[str]) -> _Found | None:
    if _STEERING.search(line):
        return _Found("stray_characters", line)
    turned = next((text for text in below if not text.isascii() and _TURNING.search(text)), "")
    return _Found("stray_characters", turned) if turned else None


def _unclear(first: First, below: Sequence[str], rules: Rules) -> _Found | None:
    """What keeps the answer from standing, by the table; None when it stands."""
    if rules.comments == "bare" and not is_polite(first.rest):
        return _Found("more_than_word", first.rest)
    # The part on the word's own line ends there; the lines below may be one wrapped sentence.
    said = [*_split(first.rest), *_split("\n".join(below))]
    opens = bool(first.rest.strip())
    spoken = Spoken(_words_of(said), first.language)
    found = _other_word(first.answer, said, rules.words) or _retraction(said)
    if found or rules.comments == "first_word":
        return found
    if first.answer is Answer.REJECT:
        return _unclear_rejection(first, said, spoken, opens)
    return _unclear_approval(first, said, spoken, opens)


def _split(text: str) -> list[str]:
    return list(sentences(_WRAPPED_QUERY.sub("", text))) if text.strip() else []


def _words_of(said: Sequence[str]) -> Iterator[str]:
    for sentence in said:
        yield from words_in(looks(sentence)[0])


def _unclear_approval(first: First, said: Sequence[str], spoken: Spoken, opens: bool) -> _Found | None:
    asked = _question_at_word(first) or next((_Found("question", s, "?") for s in said if _asks(s)), None)
    if asked:
        return asked
    if against := _AGAINST.match(first.mark):
        return _Found("negated", first.mark, against[0].strip())
    if doubt := doubt_in(first.around, spoken):
        return _Found(doubt.why, first.around, doubt.word)
    condition = None
    for number, sentence in enumerate(said):
        doubt = doubt_in(sentence, spoken, opens and not number)
        if doubt and doubt.why == "negated":
            return _Found(doubt.why, sentence, doubt.word)
        if doubt and not condition:
            condition = _Found(doubt.why, sentence, doubt.word)
    return condition


def _unclear_rejection(first: First, said: Sequence[str], spoken: Spoken, opens: bool) -> _Found | None:
    if asked := _question_at_word(first):
        return asked
    if against := _AGAINST.match(first.mark):
        return _Found("negated", first.mark, against[0].strip())
    if not said:
        return None
    typed = [word for sentence in said for word in words_in(looks(sentence)[0])]
    if opens and _asks(said[0]) and len(words_in(looks(said[0])[0])) <= 2:
        return _Found("question", said[0], "?")
    if typed and all(word in NEGATIONS for word in typed):
        return _Found("negated", said[0], typed[0])
    if opens and typed and _AFTER_REJECT.counts(typed[0], spoken) and not _is_reason(first.mark, said[0]):
        return _Found("condition", said[0], typed[0])
    return None


def _is_reason(mark: str, sentence: str) -> bool:
    """Whether "if …" behind a rejection is a sentence of its own: "Reject - if this goes out, billing breaks"."""
    between = mark[: len(mark) - len(mark.lstrip(".:;!-–—, \t\xa0"))]
    return bool(between.strip(" \t\xa0,")) or ("," in between and len(clauses(sentence)) > 1)


def _retraction(said: Sequence[str]) -> _Found | None:
    return next((_Found("condition", s, word) for s in said if (word := retracts(s))), None)


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The words of the rules that contradict each answer: single words, and text looked for as pieces."""

    others: Mapping[Answer, frozenset[str]]
    inside: Mapping[Answer, tuple[str, ...]]


@lru_cache(maxsize=8)
def _vocabulary(entries: tuple[Word, ...]) -> _Vocabulary:
    others = {a: frozenset(word for word, says, _ in entries if says is not a) for a in Answer}
    # Words of languages without blanks, and of several tokens from the settings, are looked for as text.
    inside = {
        a: tuple(w for w in others[a] if words_in(w) != [w] or "\u3040" <= w[0] <= "\u9fff") for a in Answer
    }
    return _Vocabulary(others, inside)


def _other_word(answer: Answer, said: Sequence[str], entries: tuple[Word, ...]) -> _Found | None:
    """The other answer's word, as far as it contradicts."""
    known = _vocabulary(entries)
    for sentence in said:
        for low in looks(sentence):
            word = _contradicting(answer, low, known)
            if word and (answer is Answer.APPROVE or any(_takes_back(c, known) for c in clauses(low))):
                return _Found("both_words", sentence, word)
    return None


def _contradicting(answer: Answer, low: str, known: _Vocabulary) -> str:
    for token in words_in(low):
        for word in (token, *token.split("-")) if "-" in token else (token,):
            if word in known.others[answer]:
                return word
            if answer is Answer.APPROVE and word.startswith(_OPPOSED_STEMS):
                return word
    return next((word for word in known.inside[answer] if word in low), "")


def _takes_back(clause: str, known: _Vocabulary) -> bool:
    """Whether a clause beside a rejection approves: not if it only denies that, or promises it for later."""
    word = _contradicting(Answer.REJECT, clause, known)
    if not word:
        return False
    if not clause.isascii() and any(piece in clause for piece in _PROMISE_PIECES):
        return False
    before = words_in(clause[: max(0, clause.find(word))])
    return not any(w in NEGATIONS or w in _PROMISES or is_contraction(w) for w in before)


def _question_at_word(first: First) -> _Found | None:
    mark = first.mark.lstrip(" \t\xa0\u3000.!,…*_\"'”’»)")
    if _MARK.match(mark) and mark[0] != "¿":
        return _Found("question", first.mark, "?")
    return None


def _asks(sentence: str) -> bool:
    """Whether a question mark stands where a question can end, and it asks about the request."""
    return any(not _in_address(sentence, m.start()) for m in _MARK.finditer(sentence)) and not asks_nothing(sentence)


def _in_address(text: str, place: int) -> bool:
    """Whether the mark there belongs to an address on the web: a query follows, or more of the address."""
    piece = text[max(0, place - _LONGEST_LINE) : place].rsplit(maxsplit=1)
    before = piece[-1] if piece and not text[place - 1 : place].isspace() else ""
    if text[place + 1 : place + 2].isalnum():
        return bool(_ADDRESS.match(before) or _QUERY.match(text, place + 1))
    return "://" in before and bool(_QUERY.match(text, place + 1))


def _quoted(sentence: str) -> str:
    return _REFERENCE.sub("FM1-…", _plain(" ".join(sentence.split())))[:_LONGEST_QUOTED].strip()


def _comment(rest: str, below: Iterable[str], limit: int) -> str:
    """The rest of the decision's line and the lines below it, control and bidi characters removed."""
    kept = [_REFERENCE.sub("FM1-…", _plain(line)).rstrip() for line in (rest, *below)]
    return "\n".join(kept).strip()[:limit].rstrip()


def _plain(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else (" " if c.isspace() else "") for c in text)
