"""Texts of other programs as they may be kept, shown and logged: without our secrets and whole references.
Apart from `masking`, which knows no secrets.

Servers repeat what we send: a command with the password, a Message-ID with the reference. So the types that
carry their texts apply this when they are made (`errors.Failure`, `ports.Receipt`,
`steps.Step`, `reading.Bounce`), and no adapter can forget it.
"""

from flexmaild.core.masking import masked
from flexmaild.system import redaction


def redacted(words: str) -> str:
    """A text that is not ours: what has the shape of a secret is hidden as well."""
    return masked(redaction.THIS_PROCESS.clean(words))


def without_known(text: str) -> str:
    """A text of ours that quotes another program: only known secrets are hidden, since shapes would hide too
    much."""
    return masked(redaction.THIS_PROCESS.without_known(text))
