"""All the words and links of a page, whether they are seen or not: of the pages that we sent ourselves.

Called by `mail.understand`, which subtracts these words from a reply. Nothing is judged, because a reply may
quote what was hidden as well. Raises only TooComplex; the cost is linear in the size of the page.
"""

from typing import NamedTuple

from selectolax.lexbor import LexborNode

from flexmaild.mail.parse.elements import BLOCKS, CELLS
from flexmaild.mail.parse.html_tree import tree_of

_LINKS = frozenset(("a", "area"))
_NO_WORDS = frozenset(("script", "style", "title"))


class PageText(NamedTuple):
    """text: all of it, hidden text too, its blocks separated by line ends. links: where they lead."""

    text: str
    links: tuple[str, ...]


def _note(node: LexborNode, tag: str, pieces: list[str], links: list[str]) -> None:
    if tag in BLOCKS or tag == "br":
        pieces.append("\n")
    elif tag in CELLS:
        pieces.append(" ")
    elif tag in _LINKS and (target := node.attributes.get("href")):
        links.append(target)


def page_text(page: str) -> PageText:
    root = tree_of(page).root
    pieces: list[str] = []
    links: list[str] = []
    node, above = root, list[LexborNode]()
    while node is not None:
        tag = node.tag or ""
        child = None
        if tag == "-text":
            pieces.append(node.text_content or "")
        else:
            _note(node, tag, pieces, links)
            child = node.first_child if tag not in _NO_WORDS else None
        if child is not None:
            above.append(node)
            node = child
            continue
        following = node.next if above else None
        while following is None and above:
            node = above.pop()
            if node.tag in BLOCKS:
                pieces.append("\n")
            following = node.next if above else None
        node = following
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return PageText("\n".join(line for line in lines if line), tuple(links))
