"""Which properties of CSS leave text readable: the list of what may certainly be seen.

Called by `mail.parse.styles.visibility` for each declaration; what has no judge is accepted only with a
keyword that undoes it. Lists from the mail programs' own sources and from the CSS specifications. Values that
need a look of their own are judged in `box_properties`, `colour_properties` and `text_properties`. Linear;
never raises for what tinycss2 parsed.
"""

from typing import Final

from tinycss2.ast import Declaration

from flexmaild.mail.parse.shown import words
from flexmaild.mail.parse.styles.box_properties import BOX_JUDGES
from flexmaild.mail.parse.styles.colour_properties import COLOUR_JUDGES
from flexmaild.mail.parse.styles.css_values import (
    Judge,
    Values,
    by_property,
    coloured,
    harmless,
    is_neutral,
    word_of,
    words_only,
)
from flexmaild.mail.parse.styles.declared import AWAY, DISPLAY, OPACITY, STRUCK, VISIBILITY, Declared
from flexmaild.mail.parse.styles.text_properties import TEXT_JUDGES


def _behaviour(declared: Declared, name: str, values: Values) -> bool:
    """Word's `v\\:* {behavior:url(#default#VML)}`; only the Internet Explorer of old knew it."""
    return all(v.type in ("url", "function") for v in values)


_SIMPLE_JUDGES: Final = by_property(
    {
        harmless: words(
            "font-style font-weight font-stretch text-align text-align-last text-justify"
            " text-transform text-underline-position text-rendering text-overflow text-wrap-style"
            " text-size-adjust -webkit-text-size-adjust -ms-text-size-adjust -moz-text-size-adjust"
            " text-autospace text-spacing-trim word-break word-wrap overflow-wrap hyphens"
            " -webkit-hyphens -ms-hyphens -moz-hyphens -epub-hyphens line-break -webkit-line-break"
            " -khtml-line-break -webkit-nbsp-mode widows orphans page page-break-before"
            " page-break-after page-break-inside break-before break-after break-inside size"
            " panose-1 cursor border-collapse border-radius box-sizing -webkit-box-sizing"
            " empty-cells caption-side user-select -webkit-user-select -moz-user-select"
            " -ms-user-select pointer-events touch-action resize clear transition"
            " transition-property transition-duration transition-delay transition-timing-function"
            " -webkit-font-smoothing -moz-osx-font-smoothing text-kashida-space punctuation-wrap"
            " layout-grid-mode tab-stops tab-interval nav-index gap row-gap flex-direction"
            " align-items align-self justify-content justify-items flex-wrap -webkit-box-align"
            " font-optical-sizing font-synthesis -webkit-touch-callout vertical-align-last"
            " text-combine object-fit object-position scroll-behavior -ms-interpolation-mode"
            " font-variant-east-asian font-variant-numeric font-variant-ligatures"
            " font-variant-caps font-kerning font-language-override"
        ),
        coloured: words(
            "caret-color text-decoration-style text-decoration-skip text-decoration-skip-ink"
            " text-decoration-color border-color border-top-color border-right-color"
            " border-bottom-color border-left-color column-rule-color -webkit-tap-highlight-color"
            " accent-color scrollbar-color"
        ),
        words_only: words("list-style list-style-type list-style-position quotes font-variant border-style"),
        _behaviour: ("behavior",),
    }
)
_JUDGES: Final[dict[str, Judge]] = _SIMPLE_JUDGES | TEXT_JUDGES | BOX_JUDGES | COLOUR_JUDGES
_GROUPS: Final = {
    "display": DISPLAY,
    "visibility": VISIBILITY,
    "opacity": OPACITY,
    "text-decoration": STRUCK,
    "text-decoration-line": STRUCK,
    "float": STRUCK,
    "position": AWAY | STRUCK,
    "left": AWAY,
    "top": AWAY,
    "right": AWAY,
    "bottom": AWAY,
    "inset": AWAY,
}
# Whatever they say, text does not leave its place by them.
_STAYING = words(
    "table-layout text-transform text-overflow text-wrap text-decoration text-underline -webkit-text-"
    " font- list- column flex order mask clip content grid block-size inline-size max-block-size"
    " max-inline-size background all writing-mode mso- color"
)
# Office's own, which browsers do not know and which change no text in Outlook either. Not mso-hide,
# mso-font-width, mso-text-raise, mso-style-textfill-…, and what we do not know.
_OFFICE = words(
    "mso-style- mso-fareast- mso-bidi- mso-ansi- mso-ascii- mso-hansi- mso-list mso-ligatures"
    " mso-themecolor mso-themeshade mso-themetint mso-margin- mso-line-height- mso-border-"
    " mso-padding- mso-yfti- mso-cellspacing mso-table- mso-no-proof mso-pagination mso-outline-level"
    " mso-highlight mso-symbol-font-family mso-char-type mso-font-kerning mso-font-charset"
    " mso-font-pitch mso-font-signature mso-level- mso-layout-grid mso-width- mso-height-"
    " mso-generic-font-family mso-font-alt mso-default- mso-para-margin mso-header-margin"
    " mso-footer-margin mso-paper-source mso-add-space mso-cell-special mso-row-margin mso-displayed-"
    " mso-effects- mso-spacerun mso-tab-count mso-font-format mso-number-format"
    " mso-background-themecolor mso-shading mso-pattern mso-element- mso-wrap- mso-position-"
    " mso-comment- mso-footnote- mso-break-type"
)


def _office(name: str) -> bool:
    return name.startswith(_OFFICE) and not name.startswith("mso-style-text")


def apply_declaration(declared: Declared, node: Declaration) -> None:
    """Adds the effects of a declaration."""
    name = node.lower_name
    if name.startswith("--"):
        return  # does nothing until var() uses it, and var() is on no list
    values = [v for v in node.value if v.type not in ("whitespace", "comment")]
    if not values:
        return  # browsers drop it; Outlook on the web leaves "background:" behind
    judged = _JUDGES.get(name)
    if judged is not None:
        declared.names.add(name)
        accepted = judged(declared, name, values)
    elif name.startswith("mso-"):
        accepted = _office(name) or (name == "mso-element" and word_of(values[0]) == "para-border-div")
    else:
        declared.names.add(name)
        accepted = name != "all" and all(is_neutral(v) for v in values)
        if not accepted and not name.startswith(_STAYING):
            # What we do not know may move its element onto others, some of it what follows as well.
            declared.moves = True
            declared.paints = declared.paints or "margin" in name or "spacing" in name
    if not accepted:
        declared.doubt = True
    if node.important:
        declared.important |= _GROUPS.get(name, 0)
        declared.colour_important |= name == "color"
        declared.ground_important |= name.startswith("background")
        declared.size_important |= name in ("font", "font-size")
