"""What we sent, as one string of letters and digits in which the lines of a reply are looked up.

Made by `sent_text` for `reply`, used by `match`. Line ends, prefixes, wrapping, tables, case and punctuation
play no part, since only letters and digits are compared. Known are the subject, the text part and all text of
the HTML part (hidden included) of our mails; what they quote of a person is known only as the continuation of
our own words before it. The lines of a prefilled reply are always known, without the word that decides.
"""

import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate
from urllib.parse import unquote

from flexmaild.core.references import TAG
from flexmaild.core.work import SentMail
from flexmaild.languages.load import LANGUAGES
from flexmaild.mail.format import GUARD_LINE, HINT_LINE, OLDER_HINT_LINE, REFERENCE_LABEL, REPLY_MARKER
from flexmaild.mail.parse.all_text import page_text
from flexmaild.mail.parse.header import decoded
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.message import TooMuch, read, split_header
from flexmaild.mail.understand.lines import WORD, compared_text, letters, links_in, normalised, words_of
from flexmaild.mail.understand.words.doubt import may_have_refusing_sign, refusing_signs

# A place is looked at from this many equal characters on, and so many places of one seed at most.
SEED = 8
_MOST_PLACES = 20
# Characters of sent text from which on an index is worth its making, and from which on fewer characters than
# a seed are not looked for.
_INDEXED, _LONG = 6_000, 30_000
_END = "\x00"
# Lines of sent mails whose words are kept for the next one, and their characters.
_MOST_KEPT, _LONGEST_KEPT = 1024, 160


# A field of Message-IDs, or a further line of one: no address, although it holds an "@".
_MESSAGE_IDS = re.compile(r"(?:References|In-Reply-To):|\s+<")


@dataclass
class SentText:
    """text: the letters and digits of all texts, each ended by NUL. bounds: where a word begins or ends.

    signs: every character of them, and every sign that refuses. before: what the first of these texts are,
    whose bounds and index are made once. guards: where the lines of prefilled replies, which come first, end.
    foreign: the stretches of `text` that a person wrote. is_known: False where a mail's words cannot be had.
    """

    text: str = ""
    bounds: frozenset[int] = frozenset()
    before: "SentText | None" = None
    guards: int = 0
    foreign: tuple[tuple[int, int], ...] = ()
    is_known: bool = True
    subjects: tuple[str, ...] = ()
    line_starts: frozenset[int] = frozenset()
    signs: frozenset[str] = frozenset()
    _sources: tuple[bytes, ...] = ()
    _targets: tuple[str, ...] = ()
    _addresses: frozenset[str] = field(default_factory=frozenset)

    def places(self, norm: str) -> list[int]:
        """Where a word begins and these characters follow, but not within what a person wrote."""
        found = self.before.places(norm) if self.before is not None else []
        length = len(self.text) - self._start
        if self.before is None or (len(norm) >= SEED and length > _INDEXED):
            own = [at for at in self._index.get(norm[:SEED], ()) if self.text.startswith(norm, at)]
        elif len(norm) >= SEED or length <= _LONG:
            own = list(self._search(norm))
        else:
            own = []
        if own and self.foreign:
            own = [at for at in own if not self._is_foreign(at)]
        return found + own

    def has(self, norm: str) -> bool:
        """Whether this stands in what we sent, from word to word."""
        return any(self.is_bound(at + len(norm)) for at in self.places(norm))

    def is_bound(self, at: int) -> bool:
        """Whether a word begins or ends here."""
        return at in self.bounds or (self.before is not None and self.before.is_bound(at))

    def is_line_start(self, at: int) -> bool:
        """Whether a line begins here, so that another ends before it."""
        return at in self.line_starts or (self.before is not None and self.before.is_line_start(at))

    def is_line(self, start: int, end: int) -> bool:
        """Whether a whole line stands between these places, perhaps behind its number in a list."""
        number = start
        while number and self.text[number - 1].isdigit() and not self.is_line_start(number):
            number -= 1
        return self.is_line_start(number) and self.is_line_start(end)

    def most_occurrences(self, norm: str) -> int:
        """The most occurrences of this in one of our texts."""
        places = self.places(norm)
        if len(places) == _MOST_PLACES or len(norm) < SEED:
            return self.text.count(norm)
        return max(Counter(bisect(self._ends, place) for place in places).values(), default=0)

    @cached_property
    def _ends(self) -> list[int]:
        """Where each text ends."""
        return [at for at, c in enumerate(self.text) if c == _END]

    @cached_property
    def _start(self) -> int:
        """Where the text behind `before` begins."""
        return len(self.before.text) if self.before is not None else 0

    def _search(self, norm: str) -> Iterator[int]:
        at = self.text.find(norm, self._start)
        most = _MOST_PLACES
        while at >= 0 and most:
            if at in self.bounds:
                most -= 1
                yield at
            at = self.text.find(norm, at + 1)

    @cached_property
    def _index(self) -> Mapping[str, Sequence[int]]:
        """Where each seed begins behind `before`: the text is searched once for all lines.

        Of the text that stands before all others, and is indexed once for all, shorter ones as well.
        """
        found: dict[str, list[int]] = {}
        # The lines of prefilled replies differ by the word they name; none may be missing.
        most = _MOST_PLACES if self.before is not None else len(self.bounds)
        for length in range(1, SEED + 1) if self.before is None else (SEED,):
            for at in self.bounds:
                places = found.setdefault(self.text[at : at + length], [])
                if len(places) < most:
                    places.append(at)
        return found

    def is_address(self, norm: str) -> bool:
        """Whether this is one of our own addresses, which an attribution has as well as our text."""
        return norm.removeprefix("mailto") in self._addresses

    @cached_property
    def links(self) -> str:
        """The letters and digits of the links we sent, as they are and decoded."""
        sources = (source.decode("utf-8", "replace") for source in self._sources)
        targets = (*self._targets, *(link for source in sources for link in links_in(source)))
        plain = [form for target in targets for form in (target, unquote(target.partition("&body=")[0]))]
        return _END.join(letters(form) for form in dict.fromkeys(plain))

    @cached_property
    def is_plain(self) -> bool:
        """Whether all that was sent is ASCII, so that no program has anything to replace."""
        return all(map(str.isascii, self.signs))

    def added_to_subject(self, subject: str) -> str:
        """What a reply's subject has in front of ours and behind it, else the words that ours lacks."""
        for ours in filter(None, self.subjects):
            before, found, behind = subject.partition(ours)
            if found:
                return f"{before} {behind}".strip()
        known = {normalised(word) for ours in self.subjects for word in WORD.findall(ours)}
        return " ".join(word for word in WORD.findall(subject) if normalised(word) not in known)

    def _is_foreign(self, at: int) -> bool:
        return any(start <= at < end for start, end in self.foreign)


@lru_cache(maxsize=64)
def sent_text(
    mails: tuple[SentMail, ...] | None, limits: Limits, addresses: frozenset[str], with_source: bool = False
) -> SentText:
    """The text of these mails; cached, since replies to one request come in bursts.

    mails: None where the words cannot be had. addresses: our own, which alone are no run of words.
    with_source: their MIME source too, which some programs quote in place of the text.
    """
    texts: list[str] = []
    targets: list[str] = []
    subjects: list[str] = []
    is_known = mails is not None
    for mail in mails or ():
        try:
            subject, *rest = _texts(mail.data, limits, targets)
            subjects.append(subject)
            texts += (subject, *rest)
        except TooMuch:
            is_known = False
    found = _joined(texts, _PREFILLED)
    if with_source:
        found = _joined([form for mail in mails or () for form in _source(mail.data)], found)
    quotes = [compared_text(quote) for mail in mails or () for quote in mail.quotes]
    found.guards = len(_PREFILLED.text)
    found.foreign = tuple(_places_of_quotes(found.text, quotes))
    found.is_known = is_known
    found.subjects = tuple(subjects)
    # A sign of one character is one of them; only those that are typed with several have to be looked for.
    lines = {line for text in texts for line in text.split("\n")}
    found.signs = frozenset("".join(texts)).union(*map(refusing_signs, filter(may_have_refusing_sign, lines)))
    found._sources = tuple(mail.data for mail in mails or ())
    found._targets = tuple(targets)
    found._addresses = frozenset(compared_text(address) for address in addresses)
    return found


def _texts(data: bytes, limits: Limits, targets: list[str]) -> Iterator[str]:
    """Subject, text and all text of the HTML of a mail of ours; adds the targets of its links to
    `targets`."""
    mail = read(data, limits)
    yield decoded(mail.header.first(b"subject"), limits)
    for text in mail.texts:
        for style, content in text.segments:
            if style == "html":
                page = page_text(content)
                targets += page.links
                yield page.text
            else:
                yield content


def _source(data: bytes) -> Iterator[str]:
    """The header of a mail of ours, but for the lines with addresses, and its body as it went out."""
    head, body = split_header(data)
    lines = head.decode("utf-8", "replace").splitlines()
    yield "\n".join(line for line in lines if "@" not in line or _MESSAGE_IDS.match(line))
    yield body.decode("utf-8", "replace")


def _joined(texts: Iterable[str], before: SentText | None = None) -> SentText:
    """The texts behind those of `before`."""
    words: list[str] = []
    start = before or SentText()
    at = len(start.text)
    starts: list[int] = []
    for text in dict.fromkeys(texts):
        for line in text.split("\n"):
            found, length = _words_in(line) if len(line) <= _LONGEST_KEPT else _words_and_length(line)
            words += found
            starts.append(at)
            at += length
        words.append(_END)  # a word of its own, so that one ends before it
        starts.append(at)
        at += len(_END)
    bounds = accumulate(map(len, words), initial=len(start.text))
    return SentText(
        start.text + "".join(words),
        frozenset(bounds),
        before,
        line_starts=frozenset(starts),
    )


def _words_and_length(line: str) -> tuple[tuple[str, ...], int]:
    """The words of a line as they are compared, and the letters of all of them."""
    found = tuple(words_of(line))
    return found, sum(map(len, found))


# Text and page have most lines in common, and all mails of a template do.
_words_in = lru_cache(maxsize=_MOST_KEPT)(_words_and_length)


def _places_of_quotes(text: str, quotes: Iterable[str]) -> Iterator[tuple[int, int]]:
    for quote in quotes:
        # A shorter one is never a run of its own, and stands in our own words as well.
        at = text.find(quote) if len(quote) >= SEED else -1
        while at >= 0:
            yield at, at + len(quote)
            at = text.find(quote, at + len(quote))


def _prefilled_lines() -> Iterator[str]:
    """The lines of every prefilled reply, whatever else is known."""
    yield REPLY_MARKER
    yield f"{GUARD_LINE} {REFERENCE_LABEL} {TAG}"
    yield f"{OLDER_HINT_LINE} {GUARD_LINE}"
    for language in LANGUAGES.values():
        # We propose the first; earlier versions, or others' templates, may have proposed the next ones.
        for word in (*language.decide.approve[:3], *language.decide.reject[:3]):
            yield f"{HINT_LINE.format(word=word)} {GUARD_LINE} {REFERENCE_LABEL} {TAG}"


_PREFILLED = _joined(_prefilled_lines())
