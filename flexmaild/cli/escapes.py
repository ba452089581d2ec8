"""A stranger's text on a terminal: every character that is not plainly visible is written out.

Unlike `output.safe`, which is for reading, nothing is lost or made alike: a mail is looked at here to find
out what is in it. One line of text stays one line, and a backslash of the mail is told from one of ours.
"""

import unicodedata


def escaped(text: str) -> str:
    """The text on one line, with `\\x1b`, `\\u202e` and so on for what cannot be seen, `\\\\` for `\\`."""
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(map(_written, text))


def _written(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    code = ord(character)
    if character in "\t\n\r":
        return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def fitted(text: str, width: int) -> str:
    """The text cut to so many columns, saying how much was left out: a line that a terminal wraps could end
    in something that looks like one of ours."""
    if sum(map(_columns, text)) <= width:
        return text
    cut, columns = _left_out(text, 0), 0
    for number, character in enumerate(text, 1):
        columns += _columns(character)
        if columns + len(_left_out(text, number)) > width:
            return cut
        cut = text[:number] + _left_out(text, number)
    return cut


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _left_out(text: str, number: int) -> str:
    """What stands in place of what is behind so many characters."""
    return f" … {len(text) - number} more"
