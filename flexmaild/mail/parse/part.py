"""The parts of a parsed mail, and the ways to read its text.

Made by `parse.message` and `parse.texts`; all that understand mails use them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from flexmaild.mail.parse.header import Header, parameters
from flexmaild.mail.parse.limits import Limits


@dataclass(frozen=True)
class Part:
    """One MIME entity. `parts` is filled for multiparts (and S/MIME), `body` (still encoded) for all others.

    is_open: what ended it in the mail is missing, so that its end may be as well. is_text: its text is read
    as the person's words (`parse.texts` says so) and not left alone as a file.
    """

    header: Header
    kind: str
    params: dict[str, str]
    body: bytes
    parts: tuple[Part, ...]
    faults: tuple[str, ...]
    is_root: bool = False
    is_open: bool = False
    is_text: bool = False

    @cached_property
    def _disposition(self) -> tuple[str, bool]:
        kind, params, _ = parameters(self.header.first(b"content-disposition"), Limits())
        return kind, any(name.partition("*")[0] == "filename" for name in params)

    @property
    def disposition(self) -> str:
        """ "inline", "attachment", "reaction" (RFC 9078) …, empty where nothing is said."""
        return self._disposition[0]

    @property
    def is_named(self) -> bool:
        """Whether it has a file's name; some programs give their own text one."""
        return self._disposition[1] or any(name.partition("*")[0] == "name" for name in self.params)

    @property
    def is_attachment(self) -> bool:
        """Whether a mail client would show it as a file and not as text. The whole mail never is one."""
        return not self.is_root and (self.disposition == "attachment" or self.is_named)


@dataclass(frozen=True, slots=True)
class Text:
    """One way to read the mail: its segments in order, each ("plain" | "flowed" | "delsp" | "html", text).

    is_cut: a segment was longer than the limit, and what is beyond it is missing here. is_damaged: some
    U+FFFD in it stands for bytes that could not be read.
    """

    segments: tuple[tuple[str, str], ...]
    faults: tuple[str, ...] = ()
    is_cut: bool = False
    is_damaged: bool = False


def walk(part: Part) -> Iterator[Part]:
    yield part
    for child in part.parts:
        yield from walk(child)
