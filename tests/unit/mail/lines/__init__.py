"""Answers in the languages that came after the first nine: a file for each, named by its tag.
Data of test_languages.py.

LINES: what people write first, by what it says: "a" approves, "r" rejects, "?" decides nothing, any other key
is the reason why it does not; a newline begins the comment below. ANSWERS: an approval and a rejection, with
their comments. DOUBTS: what makes them undecided. QUOTES: what stands above a quote, by mail program, with
{own} for our address and {subject} for our subject; a newline at its end is an empty line before the quote.
ENDINGS, BANNERS: what stands below and above everybody's mail. AUTOMATIC: subjects of automatic replies.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

TAGS = sorted(module.name for module in iter_modules(__path__))
DATA = {tag: import_module(f"{__name__}.{tag}") for tag in TAGS}
LINES = [
    (tag, meant, line) for tag, data in DATA.items() for meant, lines in data.LINES.items() for line in lines
]


def each(of: Callable[[ModuleType], Iterable[str]]) -> list[tuple[str, str]]:
    """What the files hold of one kind, each with its language: `each(lambda data: data.ENDINGS)`."""
    return [(tag, entry) for tag, data in DATA.items() for entry in of(data)]
