"""What others wrote, as it may be kept, shown and logged: without our secrets, and of each reference the
beginning only.

Servers repeat what they are told: a command with the password in it, the Message-ID with the reference. So
the types that carry their words apply this when they are made (`errors.Failure`, `ports.Receipt`,
`steps.Step`, `reading.Bounce`), and no adapter can forget it.
"""

from flexmaild.core.masking import masked
from flexmaild.system import redaction


def redacted(words: str) -> str:
    """Of words that are another's alone: what has the shape of a secret is hidden as well."""
    return masked(redaction.THIS_PROCESS.clean(words))


def without_known(text: str) -> str:
    """Of a text of ours with words of another's in it, of which the shapes would hide too much."""
    return masked(redaction.THIS_PROCESS.without_known(text))
