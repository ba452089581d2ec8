"""What understanding a mail needs to know of the settings: frozen, picklable, made once per settings.

Built by `daemon.wiring` with `Rules.of(...)`, handed to `understand` with every mail. Holds no
secret and no request: what a mail means for a request is judged in `core.approval.admission`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from flexmaild.core.addresses import domain_of
from flexmaild.core.defaults import LONGEST_COMMENT
from flexmaild.core.model import Answer, Comments
from flexmaild.core.references import PREFIX
from flexmaild.languages.load import LANGUAGES
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.understand.lines import fold_case
from flexmaild.mail.understand.words.deciding import Vocabulary, Word
from flexmaild.mail.understand.words.spelling import normal_word, spellings


@dataclass(frozen=True)
class Rules:
    """How to read a mail. Addresses are in the normal form of `core.addresses.normal`.

    own_addresses: what our mails are sent from, what they ask to be answered to, and what else is ours.
    own_names: the display names our mails carry, at least 4 characters each, case-folded.
    words: every word that decides, normalised, with what it says and its language.
    comments: what may follow the word; the table of `verdict` says how.
    ignore_lines: what the operator's gateway writes, see `core.line_pattern`.
    borders: whose results about senders count; ids, hosts and addresses in lower case.
    exchange_online: the mailbox is read from the tenant whose Exchange Online wrote the header.
    verify_dkim: check signatures ourselves as well; needs the `lookup` argument of `understand`.
    """

    own_addresses: frozenset[str]
    own_names: tuple[str, ...]
    words: tuple[Word, ...]
    max_comment: int
    comments: Comments
    ignore_lines: tuple[str, ...]
    borders: tuple[Border, ...]
    exchange_online: bool
    verify_dkim: bool
    limits: Limits

    @cached_property
    def own_domains(self) -> frozenset[str]:
        return frozenset(map(domain_of, self.own_addresses))

    @property
    def may_prove(self) -> bool:
        """Whether anything but the reference can prove a sender here."""
        return bool(self.borders) or self.exchange_online or self.verify_dkim

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """What names us in a quote header, in small letters."""
        return (*self.own_addresses, *self.own_names, PREFIX.lower())

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words that decide, as each rule looks for them."""
        return Vocabulary(self.words)

    @classmethod
    def of(
        cls,
        *addresses: str,
        names: Iterable[str] = (),
        approve: Iterable[str] = (),
        reject: Iterable[str] = (),
        languages: Iterable[str] | None = None,
        max_comment: int = LONGEST_COMMENT,
        comments: Comments = "careful",
        ignore_lines: Iterable[str] = (),
        borders: Iterable[Border] = (),
        exchange_online: bool = False,
        verify_dkim: bool = False,
        limits: Limits | None = None,
    ) -> Rules:
        """The rules for a mailbox with these own addresses. languages: None for all we know.

        approve, reject: further words of the settings. Raises ValueError for a word that says both.
        """
        return cls(
            own_addresses=frozenset(a.lower() for a in addresses if a),
            own_names=tuple(fold_case(n) for n in names if len(n) >= 4),
            words=_words(approve, reject, languages),
            max_comment=max_comment,
            comments=comments,
            ignore_lines=tuple(ignore_lines),
            borders=tuple(borders),
            exchange_online=exchange_online,
            verify_dkim=verify_dkim,
            limits=limits or Limits(),
        )


def _words(
    approve: Iterable[str], reject: Iterable[str], languages: Iterable[str] | None
) -> tuple[Word, ...]:
    found: dict[str, tuple[Answer, str]] = {}
    for language in LANGUAGES if languages is None else languages:
        known = LANGUAGES[language].decide
        _add(found, known.approve, Answer.APPROVE, language)
        _add(found, known.reject, Answer.REJECT, language)
    _add(found, approve, Answer.APPROVE, "")
    _add(found, reject, Answer.REJECT, "")
    for word, meaning in list(found.items()):
        # Capitals are written without accents, and phones make apostrophes round.
        for spelling in spellings(word):
            found.setdefault(spelling, meaning)
            found.setdefault(spelling.replace("'", "’"), meaning)
    words = ((word, answer, language) for word, (answer, language) in found.items())
    return tuple(sorted(words, key=lambda entry: (-len(entry[0]), entry[0])))


def _add(found: dict[str, tuple[Answer, str]], words: Iterable[str], answer: Answer, language: str) -> None:
    for word in words:
        key = normal_word(" ".join(word.split()))
        if not key:
            continue
        if found.setdefault(key, (answer, language))[0] is not answer:
            raise ValueError(f"the word {word!r} cannot both approve and reject")
