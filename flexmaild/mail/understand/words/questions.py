"""Whether a text asks something: a question mark where a question can end, and not one of courtesy.

Called by `verdict`, and by `reply` for the subject. A mark inside an address on the web asks nothing. Pure.
"""

import re

from flexmaild.mail.understand.lines import QUESTION_MARKS
from flexmaild.mail.understand.words.courtesy import asks_nothing

MARKS = QUESTION_MARKS
_MARK = re.compile(f"[{MARKS}]")
# What may stand between the deciding word and a mark that asks at once.
_BEFORE = " \t\xa0\u3000.!,…*_\"'”’»)"
# What stands around a mark in an address: the address before it, a query behind it.
_ADDRESS = re.compile(r".*[/:@]|.*\bwww\.")
_QUERY = re.compile(r"\s*[\w.%-]+=\S")
_LONGEST_ADDRESS = 1000


def asks_at_once(text: str) -> bool:
    """Whether what follows the deciding word begins with a question mark."""
    mark = text.lstrip(_BEFORE)[:1]
    return mark != "¿" and bool(_MARK.match(mark))


def asks(sentence: str) -> bool:
    """Whether a question mark stands where a question can end, and it asks about the request."""
    marks = _MARK.finditer(sentence)
    return any(not _in_address(sentence, mark.start()) for mark in marks) and not asks_nothing(sentence)


def _in_address(text: str, place: int) -> bool:
    """Whether the mark there belongs to an address on the web: a query follows, or more of the address."""
    pieces = text[max(0, place - _LONGEST_ADDRESS) : place].rsplit(maxsplit=1)
    before = pieces[-1] if pieces and not text[place - 1].isspace() else ""
    if text[place + 1 : place + 2].isalnum():
        return bool(_ADDRESS.match(before) or _QUERY.match(text, place + 1))
    return "://" in before and bool(_QUERY.match(text, place + 1))
