"""All the words and links of a page, whether they are seen or not: of the pages that we sent ourselves.

Called by `mail.understand`, which subtracts these words from a reply. Nothing is judged, because a reply may
quote what was hidden as well. Raises only TooComplex; the cost is linear in the size of the page.
"""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from flexmaild.mail.parse.elements import BLOCKS, CELLS
from flexmaild.mail.parse.tree import tree_of

_NO_WORDS = frozenset(("script", "style", "title"))


def html_text(page: str) -> str:
    """All text of a page, hidden text too, its blocks separated by line ends."""
    root = tree_of(page).root
    pieces: list[str] = []
    node, above = root, list[LexborNode]()
    while node is not None:
        tag = node.tag or ""
        if tag == "-text":
            pieces.append(node.text_content or "")
        elif tag in BLOCKS or tag == "br":
            pieces.append("\n")
        elif tag in CELLS:
            pieces.append(" ")
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
    return "\n".join(line for line in lines if line)


def link_targets(page: str) -> list[str]:
    """Where the links of a page lead, in their order."""
    found = (node.attributes.get("href") for node in tree_of(page).css("a[href],area[href]"))
    return [target for target in found if target]
