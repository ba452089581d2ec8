"""Texts of other programs as they may be kept, shown and logged: without our secrets and whole references.
Apart from `masking`, which knows no secrets.

Servers repeat what we send: a command with the password, a Message-ID with the reference. So the types that
carry their texts apply this when they are made (`errors.Failure`, `ports.Receipt`,
`steps.Step`, `parsed_reply.Bounce`), and no adapter can forget it.
"""

import base64
import binascii
import re
from collections.abc import Iterator

from flexmaild.core.masking import masked
from flexmaild.core.references import BODY_LENGTH, PREFIX, WHOLE
from flexmaild.system import redaction

_WHOLE = re.compile(WHOLE)
_LENGTH = len(PREFIX) + BODY_LENGTH
# "FM1-" and four letters are left, as of a reference that is in one piece.
_SHOWN = 8
# The base64 of a reference is no shorter.
_BASE64 = re.compile(r"[A-Za-z0-9+/]{64,}={0,2}")


def redacted(words: str) -> str:
    """A text that is not ours: what has the shape of a secret is hidden as well."""
    return without_references(redaction.THIS_PROCESS.clean(words))


def without_known(text: str) -> str:
    """A text of ours that quotes another program: only known secrets are hidden, since shapes would hide too
    much."""
    return without_references(redaction.THIS_PROCESS.without_known(text))


def without_references(text: str, rest: str = "…") -> str:
    """The text with references masked, including those that were split or encoded on the way."""
    text = masked(text, rest)
    if len(text) < _LENGTH:
        return text
    return redaction.without_rewritten(_BASE64.sub(_decoded, text), _references)


def _references(letters: str) -> Iterator[tuple[int, int]]:
    for found in _WHOLE.finditer(letters):
        if found[0][_SHOWN:].isalpha():  # words: of 10,000 references one has no digit
            continue
        yield found.start() + _SHOWN, found.end()


def _decoded(found: re.Match[str]) -> str:
    try:
        text = base64.b64decode(found[0] + "=" * (-len(found[0]) % 4)).decode("latin-1")
    except binascii.Error:
        return found[0]
    return found[0] if masked(text) == text else redaction.MASK
