"""Text from outside on a terminal: every character that is not plainly visible is escaped.

Unlike `output.safe`, which is for reading, nothing is lost or merged: an operator looks at a mail to find out
what is in it. One line of text stays one line, and a backslash of the mail is doubled.
"""

import unicodedata


def escaped(text: str) -> str:
    """The text on one line, with `\\x1b`, `\\u202e` and so on for what cannot be seen, `\\\\` for `\\`."""
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(map(_escape, text))


def _escape(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    code = ord(character)
    if character in "\t\n\r":
        return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cut_to_width(text: str, width: int) -> str:
    """The text cut to this many columns, with the number of characters left out: the end of a line that the
    terminal wraps could look like a line of ours."""
    if sum(map(_columns, text)) <= width:
        return text
    cut, columns = _omission(text, 0), 0
    for number, character in enumerate(text, 1):
        columns += _columns(character)
        if columns + len(_omission(text, number)) > width:
            return cut
        cut = text[:number] + _omission(text, number)
    return cut


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _omission(text: str, number: int) -> str:
    """The note that replaces everything after this many characters."""
    return f" … {len(text) - number} more"
