"""One line that a person sees of a mail's text, from plain text or from HTML.

Made by `mail.parse.html` and by the reader of plain text, labelled by `mail.understand`. It holds what may be
seen and what certainly is; which of the two counts is decided there, never here. Apart, since the two readers
share it and must not import each other.
"""

from dataclasses import dataclass

RULE = "rule"
SIGNATURE = "signature"
# What a horizontal rule reads as: what mail programs write for one in plain text.
RULE_TEXT = "_" * 10


@dataclass(slots=True)
class ShownLine:
    """`text` is what may be seen, `sure` what certainly is: the same object on nearly all lines.

    Blanks are collapsed as a browser does and a no-break space is one of them; there is no line end in it.
    `depth` is how many blockquotes are around the line, or how many quote marks stand before it. `mark` is
    "rule" for a horizontal rule, "signature" inside an element that mail programs mark as one, else empty.
    """

    text: str
    sure: str
    depth: int = 0
    mark: str = ""


def words(text: str) -> tuple[str, ...]:
    """The words of a list of names in the source, which are many and read better without quotes."""
    return tuple(text.split())
