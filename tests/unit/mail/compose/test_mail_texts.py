"""Our languages say the same things."""

import string
from datetime import UTC, datetime, timedelta

import pytest

from flexmaild.languages.load import LANGUAGES, WRITTEN
from flexmaild.mail.compose import texts

FORMS = {"pl": 3, "cs": 3, "tr": 1, "ja": 1, "ko": 1, "zh": 1}
NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


def placeholders(text: str | tuple[str, ...]) -> set[str]:
    forms = [text] if isinstance(text, str) else text
    return {field for form in forms for _, field, _, _ in string.Formatter().parse(form) if field}


@pytest.mark.parametrize("lang", WRITTEN)
def test_every_language_has_every_text_with_the_same_placeholders(lang: str) -> None:
    own, english = LANGUAGES[lang].texts, LANGUAGES["en"].texts
    assert list(own) == list(english)
    assert {k: placeholders(v) for k, v in own.items()} == {k: placeholders(v) for k, v in english.items()}
    assert not [k for k, v in own.items() if not v or (isinstance(v, str) and v != v.strip())]


@pytest.mark.parametrize("lang", [lang for lang in WRITTEN if lang != "en"])
def test_every_language_is_translated(lang: str) -> None:
    """A few words are the same in two languages (Notification, open); more would be forgotten ones."""
    same = [k for k, v in LANGUAGES[lang].texts.items() if v == LANGUAGES["en"].texts[k]]
    assert set(same) <= {"lead.notification", "state.pending", "label.decision"}


@pytest.mark.parametrize("lang", WRITTEN)
def test_plurals_have_as_many_forms_as_the_language(lang: str) -> None:
    many = [v for v in LANGUAGES[lang].texts.values() if not isinstance(v, str)]
    assert {len(v) for v in many} == {FORMS.get(lang, 2)}


def test_languages_of_mails_and_of_action_words_are_the_same() -> None:
    assert set(WRITTEN) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("lang", "n", "expected"),
    [("en", 1, "in 1 day"), ("en", 7, "in 7 days"), ("de", 2, "in 2 Tagen"), ("fr", 1, "dans 1 jour"),
     ("pl", 1, "za 1 dzień"), ("pl", 3, "za 3 dni"), ("ja", 5, "あと 5 日")],
)  # fmt: skip
def test_numbers_take_their_plural_form(lang: str, n: int, expected: str) -> None:
    assert texts.say(lang, "in.days", n=n) == expected


@pytest.mark.parametrize(
    ("n", "expected"),
    [(1, "za 1 minutę"), (2, "za 2 minuty"), (5, "za 5 minut"), (12, "za 12 minut"), (22, "za 22 minuty")],
)
def test_polish_counts_in_three_forms(n: int, expected: str) -> None:
    assert texts.say("pl", "in.minutes", n=n) == expected


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (1, "za 1 den"),
        (2, "za 2 dny"),
        (4, "za 4 dny"),
        (5, "za 5 dní"),
        (12, "za 12 dní"),
        (22, "za 22 dní"),
    ],
)
def test_czech_counts_two_to_four_alone_in_its_second_form(n: int, expected: str) -> None:
    assert texts.say("cs", "in.days", n=n) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(days=7) - timedelta(seconds=2), "in 7 days"),
        (timedelta(hours=30), "in 30 hours"),
        (timedelta(minutes=61), "in 61 minutes"),
        (timedelta(seconds=10), "in 1 minute"),
        (timedelta(0), ""),
        (timedelta(days=-1), ""),
    ],
)
def test_the_time_left_is_said_in_the_largest_unit_that_fits(left: timedelta, expected: str) -> None:
    assert texts.remaining("en", NOW + left, NOW) == expected


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        (("de",), "de"),
        (("de-AT", "fr"), "de"),
        (("pt_BR",), "pt"),
        (("", "", "it"), "it"),
        (("tlh", "ja"), "ja"),
        (("no",), "nb"),
        (("nn-NO",), "nb"),
        ((), "en"),
    ],
)
def test_the_first_language_we_can_write_is_taken(wishes: tuple[str, ...], expected: str) -> None:
    assert texts.language(*wishes) == expected
