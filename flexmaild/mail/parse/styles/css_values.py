"""The values of one declaration of CSS, and what can be said of them whatever their property is.

Called by `mail.parse.styles.properties` and by the judges of its kinds of properties. A judge says whether
text stays readable, and notes in `declared` what must be tracked down the tree. Linear; never raises for what
tinycss2 parsed.
"""

from collections.abc import Callable, Iterable, Mapping

from tinycss2.ast import Node

from flexmaild.mail.parse.styles.colours import colour_of
from flexmaild.mail.parse.styles.declared import Declared
from flexmaild.mail.parse.styles.lengths import length_of

Values = list[Node]
Judge = Callable[[Declared, str, Values], bool]


def by_property(judges: Mapping[Judge, Iterable[str]]) -> dict[str, Judge]:
    """The judge of each property, from the properties of each judge."""
    return {name: judge for judge, names in judges.items() for name in names}


def word_of(token: Node) -> str:
    """The keyword that this component value is; empty if it is none."""
    return str(token.lower_value) if token.type == "ident" else ""


# Keywords that undo a property or leave it as it would be without a style sheet.
_NEUTRAL = frozenset(("none", "normal", "auto", "initial", "unset", "inherit", "revert"))


def is_neutral(token: Node) -> bool:
    return word_of(token) in _NEUTRAL


def pixels_of(token: Node, whole: float = 1000.0) -> float | None:
    """A length in pixels of a page 1,000 wide whose letters have 16; None where it is no plain length."""
    if token.type == "percentage":
        return float(token.value) * whole / 100
    found = length_of(token)
    if found is None:
        return None
    return found.value * 16.0 if found.relative else found.value


def harmless(declared: Declared, name: str, values: Values) -> bool:
    """Whether the values are plain: then text can be read whatever they say; functions (calc, attr, url, env)
    are not looked into."""
    return all(v.type not in ("function", "url", "{} block", "error") for v in values)


def coloured(declared: Declared, name: str, values: Values) -> bool:
    """Whether all are readable colours of something other than the text."""
    return all(v.type != "function" or colour_of(v) is not None for v in values)


def words_only(declared: Declared, name: str, values: Values) -> bool:
    """Whether all are keywords."""
    return all(v.type == "ident" for v in values)
