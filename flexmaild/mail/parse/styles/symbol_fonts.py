"""Fonts whose letters are pictures, and the few of their letters that programs write by themselves.

Called by `mail.parse.styles.text_properties` and `mail.parse.styles.visibility` for names of fonts, by
`mail.parse.html` for text in such a font. What is not known here may show anything. Never raises.
"""

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


def drawn(text: str) -> str | None:
    """What text in a font of pictures shows: Outlook's own few, or a mark; None where that is not known."""
    bare = text.strip()
    if bare in _DRAWN:
        return text.replace(bare, _DRAWN[bare])
    return text if len(bare) <= 1 and not bare.isalnum() else None
