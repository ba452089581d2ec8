"""The style sheets of a page: which elements have a rule that changes what is seen of their text.

Called by `mail.parse.html` with the parsed page. A selector is made wider, never narrower, before the parser
matches it: pseudo-classes and combinators are left out, classes and ids match in any case, and where an
ancestor is asked for, one anywhere in the page will do. What cannot be read makes the whole page unsure.
Bounded in size and number, so that 80,000 rules cost nothing; never raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import tinycss2
from selectolax.lexbor import LexborHTMLParser, SelectolaxError
from tinycss2.ast import Node
from tinycss2.serializer import serialize_identifier

from flexmaild.mail.parse.shown import words
from flexmaild.mail.parse.styles.visibility import DOUBTFUL, Judgment, judge

# Word writes one sheet of 3 to 40 kB; a thread in which five people used Word has five.
_MOST_SHEETS, _MOST_CHARACTERS, _MOST_RULES = 50, 100_000, 2_000
_LARGEST_CACHED = 32_000
# How many characters of the page all the selectors together may look through.
_MOST_LOOKED_THROUGH = 20_000_000
_LONGEST_SELECTOR = 400
_MOST_FOR_ONE, _MOST_FOUND = 40, 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A rule that does something; of each selector the compounds that must be found, the subject last."""

    selectors: tuple[tuple[str, ...], ...]
    judgment: Judgment
    conditional: bool = False  # within @media or @supports: it may apply
    dark: bool = False  # within @media (prefers-color-scheme: dark)
    writes: bool = False  # `content`: it shows text that is not in the page


_ANYTHING = (Rule((("*",),), DOUBTFUL),)


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rules` are those that do something; `flush` those that do nothing but set a left margin of 0."""

    rules: tuple[Rule, ...] = ()
    flush: tuple[Rule, ...] = ()
    unsure: bool = False


@dataclass(slots=True)
class Styles:
    """What the sheets of one page say, by the identity of its elements."""

    unsure: bool = False
    dark: bool = False
    found: int = 0
    rules: dict[int, tuple[Rule, ...]] = field(default_factory=dict)


def styles_of(tree: LexborHTMLParser, page: str) -> Styles:
    """The rules of the sheets of this page, by element."""
    styles = Styles()
    sheets = tree.css("style")
    if tree.css_first('link[rel*="stylesheet" i]') is not None or len(sheets) > _MOST_SHEETS:
        styles.unsure = True
        return styles
    texts = [sheet.text() for sheet in sheets]
    if sum(map(len, texts)) > _MOST_CHARACTERS:
        styles.unsure = True
        return styles
    matcher = _Matcher(tree, _MOST_LOOKED_THROUGH // (len(page) + 1))
    # Left margins of 0 count only where a first line hangs out to the left.
    hangs = "text-indent" in page
    for node, text in zip(sheets, texts, strict=True):
        sheet = _cached(text) if len(text) <= _LARGEST_CACHED else _read(text)
        styles.unsure = styles.unsure or sheet.unsure
        medium = (node.attributes.get("media") or "all").strip().lower()
        if medium == "print":
            continue
        conditional = medium not in ("all", "screen")
        for rule in (*sheet.rules, *sheet.flush) if hangs else sheet.rules:
            _apply(rule, conditional, matcher, styles)
    styles.unsure = styles.unsure or matcher.failed
    return styles


def _apply(rule: Rule, conditional: bool, matcher: _Matcher, styles: Styles) -> None:
    if conditional and not rule.conditional:
        rule = Rule(rule.selectors, rule.judgment, True, False, rule.writes)
    for compounds in rule.selectors:
        if not all(matcher.find(compound) for compound in compounds):
            continue
        styles.dark = styles.dark or rule.dark
        styles.unsure = styles.unsure or rule.writes
        found = matcher.find(compounds[-1])
        styles.found += len(found)
        if styles.found > _MOST_FOUND:
            styles.unsure = True
            return
        for identity in found:
            rules = styles.rules.get(identity, ())
            if rule not in rules[-1:]:
                # Long lists are copied for each rule; beyond a few the winner is anyone's guess.
                styles.rules[identity] = (*rules, rule) if len(rules) < _MOST_FOR_ONE else _ANYTHING


class _Matcher:
    """Matches selectors by the parser, each compound once."""

    def __init__(self, tree: LexborHTMLParser, budget: int) -> None:
        self._tree = tree
        self._left = budget
        self._found: dict[str, frozenset[int]] = {}
        self.failed = False

    def find(self, compound: str) -> frozenset[int]:
        found = self._found.get(compound)
        if found is None:
            found = self._found[compound] = self._search(compound)
        return found

    def _search(self, compound: str) -> frozenset[int]:
        self._left -= 1
        if self._left < 0:
            self.failed = True
            return frozenset()
        try:
            return frozenset(node.mem_id for node in self._tree.css(compound))
        except SelectolaxError:
            self.failed = True
            return frozenset()


@lru_cache(maxsize=16)
def _cached(text: str) -> Sheet:
    return _read(text)


def _read(text: str) -> Sheet:
    try:
        reader = _Reader()
        reader.rules_in(
            tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True), False, False
        )
    except (ValueError, RecursionError, ArithmeticError):
        return Sheet(unsure=True)
    return Sheet(tuple(reader.rules), tuple(reader.flush), reader.unsure)


# At-rules without effect on whether text is seen; @list is Word's.
_HARMLESS = frozenset(
    words("charset page list keyframes -webkit-keyframes -moz-keyframes -o-keyframes viewport -ms-viewport")
)
_GROUPING = frozenset(("media", "supports", "layer", "container"))
_EVERYWHERE = frozenset(("all", "screen", "only", "and"))


class _Reader:
    """Reads one sheet into rules."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.flush: list[Rule] = []
        self.unsure = False
        self._seen = 0

    def rules_in(self, nodes: Iterable[Node], conditional: bool, dark: bool) -> None:
        for node in nodes:
            self._seen += 1
            if self._seen > _MOST_RULES:
                self.unsure = True
                return
            if node.type == "qualified-rule":
                self._rule(node, conditional, dark)
            elif node.type == "at-rule":
                self._at_rule(node, conditional, dark)
            else:
                self.unsure = True  # a fault: what a browser makes of what follows is not for us to guess

    def _at_rule(self, node: Node, conditional: bool, dark: bool) -> None:
        name = node.lower_at_keyword
        content = [token for token in node.content or () if token.type not in ("whitespace", "comment")]
        if name in _HARMLESS or (node.content is not None and not content):
            return
        if name == "font-face":
            # A font of the sender's own can show any letter for any other.
            names = [d.lower_name for d in _declarations(node.content) if d.type == "declaration"]
            self.unsure = self.unsure or "src" in names
        elif name in _GROUPING and node.content is not None:
            words = {token.lower_value for token in _flat(node.prelude) if token.type == "ident"}
            if name == "media" and words == {"print"}:
                return
            is_dark = name == "media" and {"prefers-color-scheme", "dark"} <= words <= _DARK
            inside = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
            self.rules_in(inside, conditional or not (is_dark or words <= _EVERYWHERE), dark or is_dark)
        else:
            self.unsure = True

    def _rule(self, node: Node, conditional: bool, dark: bool) -> None:
        content = _declarations(node.content)
        if any(n.type != "declaration" for n in content):
            content = [n for n in content if n.type != "error"]
            self.unsure = self.unsure or any(n.type != "declaration" for n in content)
        declared = [n for n in content if n.type == "declaration"]
        judgment = _of_a_rule(judge(declared))
        selectors = _selectors(node.prelude)
        if judgment.plain:
            if judgment.left is not None:
                self.flush.append(Rule(selectors or ((("*",)),), judgment))
            return
        if selectors is None:
            self.unsure = True
            return
        writes = any(n.lower_name == "content" and _has_text(n.value) for n in declared)
        self.rules.append(Rule(selectors, judgment, conditional, dark, writes))


_DARK = frozenset(("prefers-color-scheme", "dark", "all", "screen", "only", "and"))


def _declarations(content: Iterable[Node]) -> list[Node]:
    return list(tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True))


def _of_a_rule(judgment: Judgment) -> Judgment:
    """The first line hangs out further than the rule itself makes room for: the room may be another's."""
    if judgment.indent > (judgment.left or 0.0) + 8:
        return Judgment(doubt=True)
    return judgment


def _has_text(value: Iterable[Node]) -> bool:
    return any(
        token.type not in ("whitespace", "comment")
        and not (token.type == "ident" and token.lower_value in ("none", "normal", "initial"))
        and not (token.type == "string" and not token.value.strip())
        for token in value
    )


def _flat(tokens: Iterable[Node]) -> Iterator[Node]:
    """The component values, also those within brackets; media conditions have no more than two levels."""
    for token in tokens:
        if token.type in ("() block", "[] block"):
            for inner in token.content:
                if inner.type == "() block":
                    yield from inner.content
                else:
                    yield inner
        else:
            yield token


def _selectors(prelude: list[Node]) -> tuple[tuple[str, ...], ...] | None:
    """The selectors of a rule as compounds; None where one is of a form we do not read."""
    if len(prelude) > _LONGEST_SELECTOR:
        return None
    found: list[tuple[str, ...]] = []
    current: list[Node] = []
    for node in [*prelude, None]:
        if node is not None and node != ",":
            current.append(node)
            continue
        compounds = _compounds(current)
        if not compounds:
            return None
        found.append(compounds)
        current = []
    return tuple(found)


def _compounds(tokens: list[Node]) -> tuple[str, ...] | None:
    """The compounds of one selector, wide enough to match all that it may match."""
    found: list[str] = []
    parts: list[str] = []
    at, tokens = 0, [token for token in tokens if token.type != "comment"]
    while at < len(tokens):
        token = tokens[at]
        if token.type == "whitespace" or token in (">", "+", "~"):
            if parts:
                found.append("".join(parts))
            parts = []
            at += 1
            continue
        taken = _simple(tokens, at, parts)
        if not taken:
            return None
        at += taken
    if parts:
        found.append("".join(parts))
    return tuple(found)


def _simple(tokens: list[Node], at: int, parts: list[str]) -> int:
    """Add the simple selector at this place to the compound; how many tokens it takes, 0 if not readable."""
    node = tokens[at]
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if node.type == "ident" and not parts:
        parts.append(serialize_identifier(node.lower_value))
        return 1
    if node == "*" and not parts:
        parts.append("*")
        return 1
    if not parts:
        parts.append("*")
    if node == "." and following is not None and following.type == "ident":
        parts.append(f'[class~="{_quoted(following.value)}" i]')
        return 2
    if node.type == "hash":
        parts.append(f'[id="{_quoted(node.value)}" i]')
        return 1
    if node.type == "[] block":
        parts.append(_attribute(node.content))
        return 1
    if node == ":":
        return _pseudo(tokens, at)
    return 0


def _pseudo(tokens: list[Node], at: int) -> int:
    """A pseudo-class or -element is left out: what it asks for only makes the match smaller."""
    taken = 2 if tokens[at + 1 : at + 2] == [":"] else 1
    following = tokens[at + taken] if at + taken < len(tokens) else None
    return taken + 1 if following is not None and following.type in ("ident", "function") else 0


_OPERATORS = ("=", "~=", "|=", "^=", "$=", "*=")


def _attribute(content: list[Node]) -> str:
    """`[name]` or `[name="value" i]`; empty, so wider, where it is anything else."""
    tokens = [t for t in content if t.type not in ("whitespace", "comment")]
    if not tokens or tokens[0].type != "ident":
        return ""
    name = serialize_identifier(tokens[0].lower_value)
    if len(tokens) == 1:
        return f"[{name}]"
    if len(tokens) in (3, 4) and tokens[1] in _OPERATORS and tokens[2].type in ("ident", "string"):
        return f'[{name}{tokens[1].value}"{_quoted(tokens[2].value)}" i]'
    return ""


def _quoted(value: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else f"\\{ord(c):x} " for c in value)
