"""Which values of the properties of letters and lines leave text readable.

Called by `mail.parse.styles.properties` through `TEXT_JUDGES`: fonts and their sizes, what is drawn through
text, how close its lines and letters are. What may lie on text of others is noted. Also the fonts whose
letters are pictures, and the few such letters that programs write by themselves.
"""

from typing import Final

from tinycss2.ast import Node

from flexmaild.mail.parse.styles.css_values import (
    Values,
    by_property,
    coloured,
    harmless,
    is_neutral,
    pixels_of,
    word_of,
    words_only,
)
from flexmaild.mail.parse.styles.declared import STRUCK, Declared
from flexmaild.mail.parse.styles.lengths import Length, length_of

_MEASURED = frozenset(("dimension", "number", "percentage"))


def _decoration(declared: Declared, name: str, values: Values) -> bool:
    words = [word_of(v) for v in values]
    if "line-through" in words:
        declared.hides |= STRUCK
        # A line in a colour of its own may be one that is not seen.
        return set(words) <= {"line-through", "underline", "overline", "solid", "double"}
    declared.shows |= STRUCK
    return coloured(declared, name, values) and _line_near_text(declared, name, values)


def _line_near_text(declared: Declared, name: str, values: Values) -> bool:
    """A line by the text, or how far it is from it; a broad one lies on the line above."""
    sizes = [0.0 if v.type == "ident" else pixels_of(v, 16.0) for v in values if v.type in _MEASURED]
    if all(size is not None and abs(size) <= 8 for size in sizes):
        return True
    declared.moves = declared.paints = True
    return False


def _family(declared: Declared, name: str, values: Values) -> bool:
    first = values[0]
    family = " ".join(word_of(v) or str(v.value) for v in values[:2] if v.type in ("ident", "string"))
    if any(v.type == "error" for v in values):
        return True  # a line end in quotes, as mail programs fold: browsers drop the declaration
    declared.symbols = first.type in ("ident", "string") and family.lower().startswith(SYMBOL_FONTS)
    return harmless(declared, name, values)


_SIZES = {
    "xx-small": 9.0,
    "x-small": 10.0,
    "small": 13.0,
    "medium": 16.0,
    "large": 18.0,
    "x-large": 24.0,
    "xx-large": 32.0,
    "xxx-large": 48.0,
    "initial": 16.0,
}
_SIZES_OF_PARENT = {"smaller": 0.83, "larger": 1.2, "inherit": 1.0, "unset": 1.0}


def _size_of(token: Node) -> Length | None:
    word = word_of(token)
    if word in _SIZES:
        return Length(_SIZES[word])
    if word in _SIZES_OF_PARENT:
        return Length(_SIZES_OF_PARENT[word], True)
    if token.type == "percentage":
        return Length(token.value / 100, True)
    return length_of(token)


def _size(declared: Declared, name: str, values: Values) -> bool:
    found = _size_of(values[0]) if len(values) == 1 else None
    if found is None or found.value < 0:
        return False
    declared.sizes.append(found)
    if values[0].type == "dimension" and values[0].lower_unit == "rem":
        # Of the root's size, which is 16 unless a rule changes it.
        declared.sizes.append(Length(float(values[0].value), True))
    return True


# "font: caption" and the like: a size of the system's.
_SYSTEM_FONTS = frozenset(("caption", "icon", "menu", "message-box", "small-caption", "status-bar"))


def _font(declared: Declared, name: str, values: Values) -> bool:
    words = [word_of(v) for v in values]
    if len(values) == 1:
        declared.symbols = False
        if words[0] in ("inherit", "unset", "initial"):
            return _size(declared, name, values)
        if words[0] in _SYSTEM_FONTS or words[0].startswith("-apple-system-"):
            declared.sizes.append(Length(13.0))
            return True
        return False
    for at, token in enumerate(values):
        size = None if token.type == "number" else _size_of(token)
        if size is None or words[at] in ("inherit", "initial", "unset") or size.value < 0:
            if token.type in ("ident", "number"):
                continue  # style, variant, weight
            return False
        rest = values[at + 1 :]
        if not rest:
            return True  # without a family it is none
        declared.sizes.append(size)
        if rest and rest[0].type == "literal" and rest[0].value == "/":
            tall = _line_height(declared, name, rest[1:2])
            return tall and bool(rest[2:]) and _family(declared, name, rest[2:])
        return _family(declared, name, rest)
    return False


def _line_height(declared: Declared, name: str, values: Values) -> bool:
    """Lines that are too close lie on each other; those of 1 have no space between them."""
    if len(values) != 1 or is_neutral(values[0]):
        declared.tight = len(values) != 1
        return len(values) == 1
    token = values[0]
    found = length_of(token)
    if found is not None and not found.relative and token.type != "number":
        declared.tight = found.value < 12
        return 8 <= found.value <= 120
    factor = token.value / 100 if token.type == "percentage" else found.value if found is not None else 0.0
    declared.tight = factor < 1
    return bool(0.8 <= factor <= 5)


def _indent(declared: Declared, name: str, values: Values) -> bool:
    if len(values) != 1:
        return False
    pixels = 0.0 if is_neutral(values[0]) else pixels_of(values[0])
    if pixels is None or pixels < -100:
        declared.moves = True
        return False
    declared.indent = pixels
    return True


def _spacing(declared: Declared, name: str, values: Values) -> bool:
    pixels = 0.0 if is_neutral(values[0]) else pixels_of(values[0])
    least = -1 if name == "letter-spacing" else -2
    if pixels is None or pixels < least:
        declared.moves = declared.paints = True
    return len(values) == 1 and pixels is not None and least <= pixels <= 10


_SPACES = {"normal": "normal", "nowrap": "nowrap", "pre": "pre", "initial": "normal"} | dict.fromkeys(
    ("pre-wrap", "pre-line", "break-spaces", "-moz-pre-wrap", "-o-pre-wrap"), "pre-wrap"
)


def _white_space(declared: Declared, name: str, values: Values) -> bool:
    word = word_of(values[0]) if len(values) == 1 else ""
    if word in ("inherit", "unset"):
        return True
    declared.space = _SPACES.get(word, "")
    return bool(declared.space)


def _direction(declared: Declared, name: str, values: Values) -> bool:
    declared.backwards = word_of(values[0]) == "rtl"
    return harmless(declared, name, values)


def _bidi(declared: Declared, name: str, values: Values) -> bool:
    return all(
        word_of(v) in ("normal", "embed", "isolate", "plaintext", "initial", "inherit") for v in values
    )


def _tabs(declared: Declared, name: str, values: Values) -> bool:
    return all(is_neutral(v) or (v.type == "number" and v.value <= 16) for v in values)


def _wrap(declared: Declared, name: str, values: Values) -> bool:
    if any(word_of(v) == "nowrap" for v in values):
        declared.space = declared.space or "nowrap"
    return words_only(declared, name, values)


def _stroke(declared: Declared, name: str, values: Values) -> bool:
    return all(is_neutral(v) or (v.type in ("number", "dimension") and v.value == 0) for v in values)


def _vertical(declared: Declared, name: str, values: Values) -> bool:
    pixels = 0.0 if values[0].type == "ident" else pixels_of(values[0], 16.0)
    if len(values) == 1 and pixels is not None and -16 <= pixels <= 16:
        return True
    declared.moves = declared.paints = True
    return False


TEXT_JUDGES: Final = by_property(
    {
        _decoration: ("text-decoration", "text-decoration-line"),
        _line_near_text: ("text-decoration-thickness", "text-underline-offset"),
        _family: ("font-family",),
        _size: ("font-size",),
        _font: ("font",),
        _line_height: ("line-height",),
        _indent: ("text-indent",),
        _spacing: ("letter-spacing", "word-spacing"),
        _white_space: ("white-space",),
        _direction: ("direction",),
        _bidi: ("unicode-bidi",),
        _tabs: ("tab-size", "-moz-tab-size", "-o-tab-size"),
        _wrap: ("text-wrap", "text-wrap-mode"),
        _stroke: ("-webkit-text-stroke-width", "-webkit-text-stroke"),
        _vertical: ("vertical-align",),
    }
)


SYMBOL_FONTS = ("wingdings", "webdings", "symbol", "marlett", "zapfdingbats", "zapf dingbats", "mt extra")
# What Outlook's autocorrection makes of :-) :-| :-( --> <-- ==> <== <=>: letters of a font of pictures.
_DRAWN = {
    "J": "☺",
    "K": "😐",
    "L": "☹",
    "à": "→",
    "ß": "←",
    "è": "⇒",
    "ç": "⇐",
    "ó": "⇔",
    # And the marks of its lists.
    "l": "●",
    "n": "■",
    "o": "□",
    "q": "❑",
    "v": "❖",
    "§": "▪",
    "Ø": "➢",
    "ü": "✓",
    "û": "✗",
}


def shown_by_symbol_font(text: str) -> str | None:
    """What text in a font of pictures shows: Outlook's own few, or a mark; None where that is not known."""
    bare = text.strip()
    if bare in _DRAWN:
        return text.replace(bare, _DRAWN[bare])
    return text if len(bare) <= 1 and not bare.isalnum() else None
