"""What browsers do with an element of HTML by itself, before an attribute or a style sheet says anything.

Called by `mail.parse.html` and `mail.parse.all_text` for what makes a line of its own or is never shown, by
`mail.parse.styles.element_style` and `mail.parse.styles.changes` for how the text inside looks (HTML, section
15). Also whether a mail program marked an element as the signature: it does that by known classes and ids,
which other programs rename in what they quote.
"""

import re

from flexmaild.mail.parse.shown import words

# Nothing of these is ever shown, whatever is said of them; their text is code, data or for other programs.
UNSEEN = frozenset(
    words(
        "head script style title template noembed noframes datalist param source track area base"
        " basefont link meta col colgroup frameset"
    )
)
# Shown by one program and not by the next, or in a form or an order of their own.
UNRELIABLE = frozenset(
    words(
        "details dialog progress meter rp rt ruby rtc rb marquee button canvas select textarea object"
        " svg math noscript audio video applet bdo output map selectedcontent picture fencedframe"
        " portal slot xmp listing plaintext keygen"
    )
)
# They show a document of their own, which is not looked at, in a place that we do not know.
FOREIGN = frozenset(("iframe", "frame", "embed", "fencedframe", "portal", "applet"))
# Elements that make lines of their own, and those that share one but have a box.
BLOCKS = frozenset(
    words(
        "address article aside blockquote body caption center dd details dialog dir div dl dt"
        " fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li"
        " listing main menu nav ol optgroup option p plaintext pre search section summary table tbody"
        " tfoot thead tr ul xmp"
    )
)
CELLS = frozenset(("td", "th"))
BOXES = BLOCKS | CELLS
# The size of their letters, as a factor of the parent's.
SMALLER = {
    **dict.fromkeys(("small", "sub", "sup", "h5", "big"), 0.83),
    **dict.fromkeys(("code", "tt", "kbd", "samp", "pre", "listing", "xmp", "plaintext", "textarea"), 0.81),
    "h6": 0.67,
}
LARGER = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "big": 1.2}
# How they keep the line ends and blanks of the source, in the words of `white-space`.
PREFORMATTED = {
    "nobr": "nowrap",
    **dict.fromkeys(("pre", "listing", "xmp", "plaintext"), "pre"),
    "textarea": "pre-wrap",
}
INDENTED = frozenset(("ul", "ol", "blockquote", "dd", "menu", "dir"))
STRUCK_OUT = frozenset(("s", "strike", "del"))
# Elements that look unlike their parent without any attribute.
REMARKABLE = (
    frozenset((*SMALLER, *LARGER, *PREFORMATTED, "mark", "a", "table", "body")) | INDENTED | STRUCK_OUT
)


_SIGNATURES = frozenset(
    words(
        "signature gmail_signature gmail_signature_prefix moz-signature ms-outlook-mobile-signature"
        " msoautosig applemailsignature ymail_android_signature composer_signature mobile_signature"
        " ymail_ios_signature"
    )
)
# How mail programs rename classes and ids of what they quote: x_ (Outlook on the web), m_-12345 (Gmail),
# yiv12345 (Yahoo), ecx (Hotmail), x_-123 and zm_-123_parse_-45 (Zoho).
_RENAMED = re.compile(r"(?:x_-?\d*_?|m_-?\d+_?|yiv\d+_?|ecx|zm_-?\d+_parse_-?\d*_?)+", re.IGNORECASE)


def is_signature(attributes: dict[str, str | None]) -> bool:
    for name in ("id", "class"):
        value = attributes.get(name)
        if value and ("ignature" in value or "utosig" in value.lower()):
            for word in value.split():
                bare = _RENAMED.sub("", word, count=1) if _RENAMED.match(word) else word
                if bare.lower() in _SIGNATURES:
                    return True
    return False
