"""Answers in the languages that came after the first nine: a file for each, named by its tag.
Data of test_more_languages.py.

APPROVE, REJECT, UNDECIDED: what people write first; a newline begins the comment below. QUOTES: what stands
above a quote, with {own} for our address. ENDINGS: what stands below everybody's mail.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

TAGS = sorted(module.name for module in iter_modules(__path__))
DATA = {tag: import_module(f"{__name__}.{tag}") for tag in TAGS}
LINES = [
    (tag, meant, line)
    for tag, data in DATA.items()
    for meant, lines in (("a", data.APPROVE), ("r", data.REJECT), ("?", data.UNDECIDED))
    for line in lines
]
BELOW = {tag: data.BELOW for tag, data in DATA.items()}
QUOTES = [(tag, header) for tag, data in DATA.items() for header in data.QUOTES]
ENDINGS = [(tag, ending) for tag, data in DATA.items() for ending in data.ENDINGS]
AUTOMATIC = [subject for data in DATA.values() for subject in data.AUTOMATIC]
