"""The mails of ours that a reply may quote, as the caller of `understand` hands them over."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail of ours, its bytes as they went out.

    quotes: the texts in it that a person wrote (the comment that a confirmation repeats); they are not ours.
    """

    data: bytes
    quotes: tuple[str, ...] = ()


# From the references found in a mail to every mail that went out with one of them; None where they cannot be had.
MailsSent = Callable[[tuple[str, ...]], tuple[SentMail, ...] | None]
