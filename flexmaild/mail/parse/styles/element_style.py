"""The text style inside an element, from the style around it and all its declarations.

Called by `mail.parse.html` for each element that has attributes, rules of a style sheet or a style of its
own. Nearly all styles of a page were computed for an earlier element, and are cached. Never raises.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from flexmaild.mail.parse.elements import BOXES, REMARKABLE
from flexmaild.mail.parse.shown import words
from flexmaild.mail.parse.styles.changes import StyleChange
from flexmaild.mail.parse.styles.declared import DISPLAY
from flexmaild.mail.parse.styles.style_sheets import Rule
from flexmaild.mail.parse.styles.text_style import TextStyle
from flexmaild.mail.parse.styles.visibility import (
    DOUBTFUL,
    FOR_GOOD,
    Judgment,
    judge_colour,
    judge_font,
    judge_ground,
    judge_style,
)

# The attributes of an element that change its style.
_STYLING_ATTRIBUTES = frozenset(
    words("style hidden popover color size face bgcolor background text link vlink alink wrap nowrap")
)
_LONGEST_KEPT, _LONGEST_VALUE = 600, 200
# Of these only what is large: how far text may be moved by it.
_LENGTHS = {
    **dict.fromkeys(("cellpadding", "cellspacing", "border", "hspace", "vspace"), 99),
    "width": 900,
    "height": 300,
}


@dataclass(frozen=True, slots=True, eq=False)
class ElementStyle:
    """The text style inside an element, its display, and whether it may cover other text."""

    text_style: TextStyle
    display: str = ""
    moves: bool = False
    paints: bool = False


def _is_styling(name: str, value: str | None) -> bool:
    if name == "dir":
        return value is not None and value.lower() == "rtl"
    return name in _STYLING_ATTRIBUTES or (
        name in _LENGTHS and value is not None and _is_large(name, value[:20])
    )


@lru_cache(maxsize=512)
def _is_large(name: str, value: str) -> bool:
    """Whether an attribute's length is more than it should be; what is no number is left to the browser."""
    digits = value.strip().partition(".")[0].rstrip("%px ")
    most = 100 if "%" in value else _LENGTHS[name]
    return len(digits) > 2 and (not digits.isdecimal() or len(digits) > 5 or int(digits) > most)


def element_style_of(
    outer: TextStyle, tag: str, attributes: dict[str, str | None], rules: tuple[Rule, ...], doubtful: bool
) -> ElementStyle | None:
    """The style inside an element; None if all its content is hidden for good."""
    styling = tuple([item for item in attributes.items() if _is_styling(*item)]) if attributes else ()
    if not styling and not rules and not doubtful and not outer.split and tag not in REMARKABLE:
        return ElementStyle(outer)
    for _, value in styling:
        if value is not None and len(value) > _LONGEST_KEPT:
            return _worked_out(outer, tag, styling, rules, doubtful)
    return _kept(outer, tag, styling, rules, doubtful)


def _worked_out(
    outer: TextStyle,
    tag: str,
    styling: tuple[tuple[str, str | None], ...],
    rules: tuple[Rule, ...],
    doubtful: bool,
) -> ElementStyle | None:
    attributes = dict(styling)
    style = attributes.get("style")
    inline = judge_style(style) if style else None
    like_outer = not (rules or doubtful or outer.split or tag in REMARKABLE)
    if like_outer and len(styling) == 1 and inline is not None and inline.plain:
        return ElementStyle(outer)
    if _is_hidden(attributes, inline, rules):
        return None
    change = StyleChange(outer, tag, doubtful, _box(tag, inline, rules))
    for judgment in _attribute_judgments(tag, attributes):
        change.replace_by(judgment)
    for rule in rules:
        change.add(rule)
    if inline is not None:
        change.replace_by(inline)
        change.hide(inline, rules)
    for rule in rules:
        change.add_important(rule)
    change.finish(tag, attributes, inline, rules)
    return ElementStyle(change.text_style(tag), change.display, change.moves, change.paints)


# Mails of one program have the same elements within the same elements: nearly all styles are cached.
_kept = lru_cache(maxsize=2048)(_worked_out)


def _is_hidden(attributes: dict[str, str | None], inline: Judgment | None, rules: Sequence[Rule]) -> bool:
    """Whether nothing inside can be seen. What another declaration may undo is not hidden, but doubtful."""
    hides = inline.hides & FOR_GOOD if inline is not None else 0
    if hides and not any(rule.judgment.important & hides for rule in rules):
        return True
    if "hidden" in attributes:
        styling = [rule.judgment for rule in rules] + ([inline] if inline is not None else [])
        return not any(judgment.declares & DISPLAY and not judgment.hides & DISPLAY for judgment in styling)
    return False


def _attribute_judgments(tag: str, attributes: dict[str, str | None]) -> list[Judgment]:
    found: list[Judgment] = []
    if any(
        value is not None and len(value) > _LONGEST_VALUE
        for name, value in attributes.items()
        if name != "style"
    ):
        return [DOUBTFUL]  # and no place in a cache
    if tag == "font":
        values = [attributes.get(name) or "" for name in ("color", "size", "face")]
        found.append(judge_font(*values))
    if ground := attributes.get("bgcolor"):
        found.append(judge_ground(ground))
    if attributes.get("background"):
        found.append(Judgment(doubt=True, paints=True))
    if (attributes.get("dir") or "").lower() == "rtl":
        found.append(Judgment(backwards=True))
    if tag == "body" and (colour := attributes.get("text")):
        found.append(judge_colour(colour))
    return found


def _box(tag: str, inline: Judgment | None, rules: Sequence[Rule]) -> str:
    """Whether an element is a "box", part of a line ("inline"), or we do not say ("either")."""
    displays = {rule.judgment.display for rule in rules} | {inline.display if inline is not None else ""}
    displays.discard("")
    if tag in BOXES:
        return "either" if "inline" in displays else "box"
    return "either" if displays else "inline"
