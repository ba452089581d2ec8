"""Authentication-Results fields (RFC 8601): a reader for what servers really write.

Exchange's shapes are read too: no authserv-id, `;` at the end, `action=none` without a property type, and the
recipient's domain between the results. Pure.
"""

import re
from dataclasses import dataclass, field

from flexmaild.core.addresses import domain_of, normal_domain
from flexmaild.mail.authentication.structured import Piece, Unreadable, decoded, pieces

_SIGNER = ("header.d", "header.i")
_ODD = re.compile(r"[^!-~]+")


@dataclass(frozen=True, slots=True)
class Result:
    """One `method=result` with its properties by name ("header.d"), as written; the first of equal names."""

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def signer(self) -> str:
        """The domain that a DKIM result is about."""
        return self.domain(*_SIGNER)

    @property
    def names_signer(self) -> bool:
        return not self.properties.keys().isdisjoint(_SIGNER)

    def domain(self, *names: str) -> str:
        """The domain in the first of these properties that is there, as A-labels; empty where it is none."""
        text = next((self.properties[name] for name in names if name in self.properties), "")
        return normal(text)


def normal(text: str) -> str:
    """The domain of an address or of a domain, as A-labels; empty where it is neither."""
    text = text.strip().strip('"<>')
    try:
        return normal_domain(domain_of(text) or text.lstrip("@"))
    except ValueError:
        return ""


def loose_id(value: bytes) -> str:
    """The authserv-id as the most careless program would read it; empty where a result comes at once.

    A field that only looks like one of a trusted server is evidence against the mail.
    """
    text = value[:4_096].decode("utf-8", "replace").partition(";")[0]
    words = _without_comments(text).replace('"', " ").split()
    if not words or "=" in words[0]:
        return ""
    name = _ODD.sub("", words[0]).strip(".\\").lower()
    return name.partition("/")[0] or name  # opendkim may add the number of its job: "mail.example.org/4F2A"


def _without_comments(text: str) -> str:
    """A blank for each comment, with those in it; parentheses without a partner stay. Linear, even for a
    header of nothing but parentheses."""
    kept: list[str] = []
    open_at: list[int] = []
    for character in text:
        if character == ")" and open_at:
            del kept[open_at.pop() :]
            character = " "
        elif character == "(":
            open_at.append(len(kept))
        kept.append(character)
    return "".join(kept)


def read(value: bytes, longest: int) -> tuple[str, list[Result]]:
    """The authserv-id (empty for Exchange Online's fields) and the results. Raises Unreadable."""
    if len(value) > longest:
        raise Unreadable(f"more than {longest} bytes")
    segments: list[list[Piece]] = [[]]
    for piece in pieces(decoded(value)):
        if piece.kind == ";":
            segments.append([])
        elif piece.kind != "comment":
            segments[-1].append(piece)
    server = _server(segments[0])
    found = [_result(segment) for segment in (segments[1:] if server else segments)]
    return server, [result for result in found if result is not None]


def _server(segment: list[Piece]) -> str:
    """The id, with an optional version behind it (RFC 8601 section 2.2)."""
    if not segment or (segment[0].kind == "word" and "=" in segment[0].text):
        return ""
    if len(segment) > 2 or (len(segment) == 2 and not segment[1].text.isdigit()):
        raise Unreadable("an authserv-id of several words")
    return segment[0].text.lower()


def _result(segment: list[Piece]) -> Result | None:
    """None for `none`, for nothing at all, and for the domain that older servers of Exchange put between."""
    pairs = [pair.partition("=") for pair in _joined(segment)]
    pairs = [pair for pair in pairs if pair[1]]
    if not pairs:
        return None
    (method, _, result), *more = pairs
    properties: dict[str, str] = {}
    for name, _, value in more:
        properties.setdefault(name.lower(), value)
    return Result(method.partition("/")[0].lower(), result.lower(), properties)


def _joined(segment: list[Piece]) -> list[str]:
    """Words with the blanks around `=` gone and a quoted value in its place."""
    words: list[str] = []
    for piece in segment:
        opens = bool(words) and words[-1].endswith("=") and words[-1].count("=") == 1
        if words and (opens or piece.text.startswith("=") or (piece.kind == "quoted" and "=" in words[-1])):
            words[-1] += piece.text
        elif piece.kind == "quoted":
            raise Unreadable("a quoted string that is no value")
        elif words and piece.text.startswith("@") and "=" in words[-1]:  # behind a quoted local part
            words[-1] += piece.text
        else:
            words.append(piece.text)
    return words
