"""What our mails say, in the mail's language: `say("de", "unclear.lead")`, and dates and plurals.

The sentences are in the files of `languages`. Called by `compose.context` and, as `t(...)`, by the
templates. Never sees a mail.
"""

from datetime import UTC, datetime

from flexmaild.languages.load import LANGUAGES, OTHER_TAGS, WRITTEN


def language(*wishes: str) -> str:
    """The first of these tags we can write ("de-AT" is "de"), English if there is none."""
    for wish in wishes:
        tag = wish.replace("_", "-").partition("-")[0].lower()
        tag = OTHER_TAGS.get(tag, tag)
        if tag in WRITTEN:
            return tag
    return "en"


def say(lang: str, key: str, **values: object) -> str:
    """The sentence of that key. KeyError for a key no language has: a fault of the caller's code."""
    text = LANGUAGES[lang].texts[key]
    if not isinstance(text, str):
        text = text[min(_plural_form(lang, values["n"]), len(text) - 1)]
    return text.format(**values) if values else text


def formatted_time(when: datetime) -> str:
    """A time that is clear in every language and zone: 2026-11-28 14:30 UTC."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def remaining(lang: str, until: datetime, now: datetime) -> str:
    """The time left, in the largest whole unit ("in 7 days"); empty if there is none.

    Rounded to the nearest unit, so that seven days less the second the mail took are still seven.
    """
    seconds = (until - now).total_seconds()
    if seconds <= 0:
        return ""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if round(seconds / length) >= 2:
            return say(lang, f"in.{unit}", n=round(seconds / length))
    return say(lang, "in.minutes", n=max(1, round(seconds / 60)))


def _plural_form(lang: str, number: object) -> int:
    """Which of a text's forms `number` takes (CLDR plural rules for whole numbers)."""
    n = number if isinstance(number, int) else 0
    match LANGUAGES[lang].plural:
        case "none":
            return 0
        case "one_or_none":
            return int(n > 1)
        case "polish":
            if n == 1:
                return 0
            return 1 if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else 2
        case "czech":
            return 0 if n == 1 else 1 if n in (2, 3, 4) else 2
    return int(n != 1)
