"""Structured header fields (RFC 5322 section 3.2) as words and comments.

Senders choose part of what Received and Authentication-Results hold (the HELO name, the envelope sender), so
what could be read in two ways is not read at all. Pure.
"""

import re
from dataclasses import dataclass
from typing import Literal

# Deeper nesting than any program writes.
_DEEPEST = 20
# A quoted local part that a server copied into its comment ends it where a ")" stands in it; the quotation
# mark that is left open shows that (RFC 5322 has no quoted strings in comments).
_COMMENT_WITH_QUOTES = re.compile(r'[^"\\]*(?:"[^"\\]*"[^"\\]*)*')


class Unreadable(ValueError):
    """What of a field cannot be read in one way only."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word (no blank, comment or `;` in it), the content of a quoted string or a comment, or a `;`."""

    kind: Literal["word", "quoted", "comment", ";"]
    text: str


def decoded(value: bytes) -> str:
    """The field's text. Raises Unreadable for what is neither UTF-8 (RFC 6532) nor printable."""
    try:
        text = value.decode("utf-8").replace("\t", " ")
    except UnicodeDecodeError:
        raise Unreadable("bytes that are not UTF-8") from None
    if not (text.isprintable()):
        raise Unreadable("a control character")
    return text


def pieces(text: str) -> list[Piece]:
    """The field from left to right. Raises Unreadable for what is left open."""
    found: list[Piece] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character == " ":
            at += 1
        elif character == ";":
            found.append(Piece(";", ";"))
            at += 1
        elif character == "(":
            end = _end_of_comment(text, at)
            comment = text[at + 1 : end]
            if '"' in comment and not _COMMENT_WITH_QUOTES.fullmatch(comment):
                raise Unreadable("a quotation mark that is left open in a comment")
            found.append(Piece("comment", comment))
            at = end + 1
        elif character == ")":
            raise Unreadable("a parenthesis that was not opened")
        elif character == '"':
            end = _end_of_quoted(text, at)
            found.append(Piece("quoted", text[at + 1 : end]))
            at = end + 1
        else:
            end = at
            while end < len(text) and text[end] not in ' ;()"':
                end += 1
            found.append(Piece("word", text[at:end]))
            at = end
    return found


def _end_of_comment(text: str, start: int) -> int:
    depth, at = 0, start
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "(":
            depth += 1
            if depth > _DEEPEST:
                raise Unreadable("comments in comments")
        elif text[at] == ")":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    raise Unreadable("a comment that does not end")


def _end_of_quoted(text: str, start: int) -> int:
    at = start + 1
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == '"':
            return at
        at += 1
    raise Unreadable("a quoted string that does not end")
