"""What is logged is made harmless: nothing secret in it, no whole reference, and nothing that could lie about
lines or terminals.

Used by `observe.formatter` for every string of every event.
"""

import re
from functools import lru_cache

from flexmaild.core.redacted import without_references
from flexmaild.system.redaction import WORDS, Redactor

_TELLING_KEY = re.compile(rf"(?i)(?:^|[_.-])(?:{WORDS}|authorization|body|raw|payload)$")


def clean(text: str, redactor: Redactor, *, tail: bool = False) -> str:
    """See `Redactor.clean`; of references only the beginning is left."""
    return without_references(redactor.clean(text, tail=tail), "...")


@lru_cache(1024)
def is_telling(key: str) -> bool:
    """Whether a key ("smtp_password", "refresh_token", "body") says that its value may not be seen at all."""
    return _TELLING_KEY.search(key) is not None


def escape(text: str) -> str:
    """The text on one line: control, format (bidi), separator and surrogate characters become backslash
    escapes, by Python's rule for what can be printed."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
