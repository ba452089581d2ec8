"""A page of HTML as a tree of elements, as browsers read it.

Called by `mail.parse.html` and `mail.parse.all_text`. Never fetches anything and runs no script; raises only
TooComplex.
"""

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

from flexmaild.mail.parse.nesting import refuse_the_complex


def tree_of(page: str) -> LexborHTMLParser:
    """The parsed page; TooComplex where it is beyond all that anyone types."""
    refuse_the_complex(page)
    # Without events: with them each <option> is copied into the list of all before it.
    return LexborHTMLParser(page, options=LexborDocumentOptions.WO_EVENTS)
