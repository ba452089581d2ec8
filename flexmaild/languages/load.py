"""The languages: the words looked for in the mails we get, and the sentences of those we send.

Reads the TOML files beside it once, at import, and checks them: an unknown key, a value of another type,
sentences or placeholders that differ from the English ones raise ValueError with the file and the key. Called
by `settings` and by the modules of `mail` that compare words or write sentences. It never sees a mail and
decides nothing: what a list is for and how it is compared is said in the files.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from importlib.resources import files
from string import Formatter
from types import MappingProxyType

# A sentence, or one sentence per plural form of `{n}`.
Text = str | tuple[str, ...]

# How many forms a text has at most, for each rule of plurals.
_FORMS = {"none": 1, "one": 2, "one_or_none": 2, "polish": 3, "czech": 3}
_CONCEPTS = ("confidential", "privileged", "recipient", "in_error", "delete", "disclose", "notify")
# The order in which languages are offered; those not named here follow by their tags.
_OFFERED = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ja")
_ENGLISH = "en"
# What people write for a language that has another tag: its country, or another tag of Norwegian.
OTHER_TAGS: Mapping[str, str] = MappingProxyType({"no": "nb", "nn": "nb", "se": "sv", "dk": "da"})


@dataclass(frozen=True, slots=True)
class Decide:
    """The words that decide; the first of each is the one we propose."""

    approve: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """What keeps an answer from being one."""

    negations: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    own_negations: tuple[str, ...] = ()
    own_conditions: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    retractions: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    after_reject: tuple[str, ...] = ()
    promises: tuple[str, ...] = ()
    opposed_stems: tuple[str, ...] = ()
    negation_pieces: tuple[str, ...] = ()
    condition_pieces: tuple[str, ...] = ()
    promise_pieces: tuple[str, ...] = ()
    harmless_pieces: tuple[str, ...] = ()
    none_pieces: tuple[str, ...] = ()
    trouble_pieces: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    none_after: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    harmless_words: tuple[str, ...] = ()
    common_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Courtesy:
    """What people say around an answer without saying anything."""

    greetings: tuple[str, ...] = ()
    addressees: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    thanks: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    dictated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """How mail programs introduce the mail they quote."""

    from_labels: tuple[str, ...] = ()
    other_labels: tuple[str, ...] = ()
    attribution_starts: tuple[str, ...] = ()
    attribution_verbs: tuple[str, ...] = ()
    rule_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """How people and their devices sign."""

    closings: tuple[str, ...] = ()
    thanks: tuple[str, ...] = ()
    contact_labels: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    title_words: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    device_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Banners, footers, disclaimers. concepts: the seven that a disclaimer speaks of."""

    banner_tags: tuple[str, ...] = ()
    banner_tells: tuple[str, ...] = ()
    banner_nouns: tuple[str, ...] = ()
    banner_words: tuple[str, ...] = ()
    banner_pieces: tuple[str, ...] = ()
    classifications: tuple[str, ...] = ()
    classification_words: tuple[str, ...] = ()
    footers: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    disclaimers: tuple[str, ...] = ()
    this_mail: tuple[str, ...] = ()
    concepts: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Automatic:
    """How machines that answer for people are known."""

    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Language:
    """One file. tag: its name without ".toml"; texts: empty for a language we understand but do not write."""

    tag: str
    name: str
    plural: str = "one"
    decide: Decide = Decide()
    doubt: Doubt = Doubt()
    courtesy: Courtesy = Courtesy()
    quote: Quote = Quote()
    signature: Signature = Signature()
    notice: Notice = Notice()
    automatic: Automatic = Automatic()
    texts: Mapping[str, Text] = field(default_factory=lambda: MappingProxyType({}))


def words(of: Callable[[Language], Iterable[str]]) -> tuple[str, ...]:
    """The words of all languages together, each once: `words(lambda tongue: tongue.quote.rule_words)`."""
    return tuple(dict.fromkeys(word for language in EVERY for word in of(language)))


def read(tag: str, content: str) -> Language:
    """The language in the content of its file. ValueError names the file and the key that is wrong."""
    file = f"{tag}.toml"
    try:
        top = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file}: {error}") from error
    _known(file, "", top, [f.name for f in fields(Language) if f.name != "tag"])
    plural = _string(file, "plural", top.get("plural", "one"))
    if plural not in _FORMS:
        raise ValueError(f"{file}: plural: must be one of {', '.join(_FORMS)}")
    decide = Decide(**_lists(file, "decide", top, Decide))
    texts = _texts(file, top, _FORMS[plural])
    if bool(decide.approve) != bool(decide.reject) or (texts and not decide.approve):
        raise ValueError(f"{file}: decide: needs a word that approves and one that rejects")
    return Language(
        tag=tag,
        name=_string(file, "name", top.get("name", tag)),
        plural=plural,
        decide=decide,
        doubt=Doubt(**_lists(file, "doubt", top, Doubt)),
        courtesy=Courtesy(**_lists(file, "courtesy", top, Courtesy)),
        quote=Quote(**_lists(file, "quote", top, Quote)),
        signature=Signature(**_lists(file, "signature", top, Signature)),
        notice=_notice(file, top),
        automatic=Automatic(**_lists(file, "automatic", top, Automatic)),
        texts=texts,
    )


def _notice(file: str, top: Mapping[str, object]) -> Notice:
    rest = dict(_table(file, "notice", top))
    table = _table(file, "concepts", rest, "notice.")
    _known(file, "notice.concepts.", table, _CONCEPTS)
    rest.pop("concepts", None)
    concepts = tuple(_lower_words(file, f"notice.concepts.{c}", table.get(c, [])) for c in _CONCEPTS)
    lists = _lists(file, "notice", {"notice": rest}, Notice)
    return Notice(**lists, concepts=concepts)


def _lists(file: str, name: str, top: Mapping[str, object], of: type) -> dict[str, tuple[str, ...]]:
    """The lists of words of a table, whose keys must be fields of that class."""
    table = _table(file, name, top)
    _known(file, f"{name}.", table, [f.name for f in fields(of)])
    read_words = _words if of is Decide else _lower_words
    return {key: read_words(file, f"{name}.{key}", value) for key, value in table.items()}


def _texts(file: str, top: Mapping[str, object], forms: int) -> Mapping[str, Text]:
    texts: dict[str, Text] = {}
    for key, value in _table(file, "texts", top).items():
        if isinstance(value, list):
            texts[key] = _words(file, f"texts.{key}", value)
            if not 1 <= len(value) <= forms:
                raise ValueError(f"{file}: texts.{key}: this language has {forms} plural forms")
        else:
            texts[key] = _string(file, f"texts.{key}", value)
    return MappingProxyType(texts)


def _table(file: str, key: str, top: Mapping[str, object], within: str = "") -> Mapping[str, object]:
    table = top.get(key, {})
    if not isinstance(table, dict):
        raise ValueError(f"{file}: {within}{key}: must be a table")
    return table


def _known(file: str, within: str, table: Iterable[str], names: Iterable[str]) -> None:
    unknown = [key for key in table if key not in names]
    if unknown:
        raise ValueError(f"{file}: {within}{unknown[0]}: no such key")


def _words(file: str, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
        raise ValueError(f"{file}: {key}: must be a list of words")
    return tuple(value)


def _lower_words(file: str, key: str, value: object) -> tuple[str, ...]:
    """Words that are compared in lower case: one with a capital letter would never be found."""
    found = _words(file, key, value)
    for word in found:
        if word != word.lower():
            raise ValueError(f"{file}: {key}: {word!r} must be in lower case")
    return tuple(word.casefold() for word in found)  # as the text they are compared with


def _string(file: str, key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{file}: {key}: must be a text")
    return value


def prove(language: Language, english: Language) -> None:
    """ValueError unless the texts have the keys of the English ones, and each the same placeholders."""
    file = f"{language.tag}.toml"
    for key in english.texts.keys() ^ language.texts.keys():
        raise ValueError(f"{file}: texts.{key}: {'missing' if key in english.texts else 'no such key'}")
    for key, text in language.texts.items():
        original = english.texts[key]
        if isinstance(text, str) is not isinstance(original, str):
            raise ValueError(f"{file}: texts.{key}: must be a list exactly where English has one")
        wanted = _placeholders(file, key, _forms(original)[0])
        if any(_placeholders(file, key, form) != wanted for form in _forms(text)):
            raise ValueError(f"{file}: texts.{key}: placeholders must be {sorted(wanted)}")


def _forms(text: Text) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text


def _placeholders(file: str, key: str, text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise ValueError(f"{file}: texts.{key}: {error}") from error


def _every() -> tuple[Language, ...]:
    found = [
        read(file.name.removesuffix(".toml"), file.read_text(encoding="utf-8"))
        for file in files(__package__).iterdir()
        if file.name.endswith(".toml")
    ]
    found.sort(key=lambda language: (language.tag != _ENGLISH, language.tag))
    for language in found:
        if language.texts:
            prove(language, found[0])
    return tuple(found)


def _place(language: Language) -> tuple[int, str]:
    return (_OFFERED.index(language.tag) if language.tag in _OFFERED else len(_OFFERED), language.tag)


# Every file, English first and the others by tag; the ones people can answer in; the ones we write.
EVERY: tuple[Language, ...] = _every()
LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {language.tag: language for language in sorted(EVERY, key=_place) if language.decide.approve}
)
WRITTEN: tuple[str, ...] = tuple(tag for tag, language in LANGUAGES.items() if language.texts)
