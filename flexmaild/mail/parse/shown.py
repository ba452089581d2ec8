"""A line of a mail as it was shown: what `parse` hands to `understand`.

Made by `parse.plain` and `parse.html`; what the line is, is for `mail.understand` to say.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class ShownLine:
    """text: what may be seen. sure: what certainly is; equal to `text` in nearly all mails.

    depth: how many quote marks or blockquotes are around it. mark: "rule" for a drawn rule, "signature"
    inside an element that mail programs mark as one, else empty.
    """

    text: str
    sure: str
    depth: int = 0
    mark: str = ""
