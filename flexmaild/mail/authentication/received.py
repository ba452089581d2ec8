"""Received fields (RFC 5321 section 4.4): which host took a mail over, from whom, and how. Pure."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flexmaild.mail.authentication.structured import Piece, Unreadable, decoded, pieces

_CLAUSES = ("from", "by", "via", "with", "id", "for")
_LITERAL = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]+)\]", re.IGNORECASE)
# RFC 3848 and 6531: the transmission types whose last letter says that the client had logged in.
_AUTHENTICATED = re.compile(r"(?:e|utf8)smtps?a", re.IGNORECASE)
# What Exim repeats of the client's greeting and of the answer of its ident server, behind the address: either
# may hold blanks and brackets, so nothing is read to the end of that comment.
_SAID_BY_CLIENT = re.compile(r"\b(?:helo|ident)=.*")
_EXIM = re.compile(r"Exim \d")
# Exim's log_selector incoming_port; qmail's word for a greeting, its steps that no user can begin, and those
# that any program of the host can.
_PORT = re.compile(r"(?:port=\d+ ?)?")
_GREETING = re.compile(r"(?:HELO|EHLO) ")
_WITHIN_QMAIL = re.compile(r"qmail \d+ invoked (?:from network|by alias)")
_HANDED_IN = re.compile(r"qmail \d+ invoked by uid \d+")
_FETCHING = re.compile(r"POP\d|IMAP", re.IGNORECASE)
# A client's name is trusted from servers that write it only where it resolves to the client's address:
# Postfix, which else writes "unknown", and sendmail, which else adds "(may be forged)". The owner of an
# address chooses its reverse name, which other servers (OpenSMTPD) write.
_VERIFYING = re.compile(r"Postfix|\d+(?:\.\d+)+/\S+")
_CLIENT = re.compile(r"([A-Za-z0-9._-]+) \[(?:IPv6:)?[0-9A-Fa-f:.]+\]")
_LONGEST = 4_096
# The addresses by which a host hands mail to itself.
_LOCAL = frozenset(("127.0.0.1", "::1"))


@dataclass(frozen=True, slots=True)
class Hop:
    """One Received field. by: the host that wrote it, lower case, empty where the field cannot be read.

    names, addresses: of the host it came from, as the receiving host itself wrote them in parentheses (the
    name before them is what the client called itself); of names only those that it had verified.
    protocol: what follows `with`, or the program where that is LMTP's. is_within: one of a cluster had
    it from another (Google), or a program from another (qmail): no client, and no name of its own.
    greeting: what the client called itself, where it stands before the parenthesis.
    """

    by: str = ""
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    protocol: str = ""
    is_within: bool = False
    greeting: str = ""

    @property
    def is_local_step(self) -> bool:
        """Whether a host handed the mail to itself: to its mailboxes, or back from a filter. Who logs
        in hands a mail in, from a webmail on the same host too."""
        if self.is_within or self.protocol.lower().startswith("lmtp"):
            return True
        is_from_itself = bool(self.addresses) and _LOCAL.issuperset(self.addresses)
        return is_from_itself and bool(self.by) and not self.is_authenticated

    @property
    def is_authenticated(self) -> bool:
        return _AUTHENTICATED.fullmatch(self.protocol) is not None


def hop(value: bytes) -> Hop:
    """The hop of one Received field; an empty Hop if it can be read in more than one way."""
    try:
        return _hop(pieces(decoded(value[: _LONGEST + 1])), len(value))
    except Unreadable:
        return Hop()


def _hop(found: Sequence[Piece], length: int) -> Hop:
    if length > _LONGEST:
        raise Unreadable("too long")
    words, comments = _clauses(found)
    if not words:
        return _of_qmail(comments.get("", []))
    if fetched := _fetched_from(words, comments):
        words["from"] = words["from"][:1]
    if any(len(words.get(name, ["one"])) != 1 for name in ("from", "by")):
        raise Unreadable("a host of several words")
    if any(map(_AUTHENTICATED.fullmatch, words.get("with", [])[1:])):
        raise Unreadable("a login behind another protocol")
    is_exim = any(map(_EXIM.match, comments.get("with", [])))
    places, addresses = _client(words.get("from", []), comments.get("from", []), is_exim=is_exim)
    is_verifying = any(map(_VERIFYING.fullmatch, comments.get("by", [])))
    named = [_CLIENT.fullmatch(place) for place in places if is_verifying]
    by = words.get("by", [""])[0].lower().rstrip(".")
    programs = [comment for comment in comments.get("by", []) if comment.lower().startswith("lmtp")]
    return Hop(
        by=by,
        names=tuple(match[1].lower().rstrip(".") for match in named if match),
        addresses=(fetched,) if fetched else addresses,
        protocol=(words.get("with") or programs or [""])[0],
        is_within=_is_within_cluster(words) and not comments,
        greeting="".join(words.get("from", [])),
    )


def _clauses(found: Sequence[Piece]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The words and the comments of each clause.

    In the standard's order, as far as `from` and `by` go, each once and with something in it, and behind the
    `;` a date alone: else it may be the word of a client that calls itself `x via y`, or `x by HOST via`, or
    `x by HOST with LMTP; y`.
    """
    end = next((at for at, piece in enumerate(found) if piece.kind == ";"), len(found))
    if any(piece.kind == ";" or _is_clause(piece) for piece in found[end + 1 :]):
        raise Unreadable("more than a date at its end")
    words: dict[str, list[str]] = {}
    comments: dict[str, list[str]] = {}
    clause = ""
    for piece in found[:end]:
        if piece.kind == "comment":
            comments.setdefault(clause, []).append(piece.text)
        elif _is_clause(piece):
            # `with ESMTP with STARTTLS` (Mimecast) is one clause of two words.
            is_continued = clause == "with" == piece.text.lower()
            clause = piece.text.lower()
            if clause in words and not is_continued:
                raise Unreadable(f"{clause} twice")
            if clause in ("from", "by") and not words.keys() <= {"from"}:
                raise Unreadable(f"{clause} behind other clauses")
            words.setdefault(clause, [])
        elif not clause:
            raise Unreadable("it does not begin with a clause")
        else:
            words[clause].append(piece.text)
    if not all(words.values()):
        raise Unreadable("a clause that says nothing")
    return words, comments


def _is_clause(piece: Piece) -> bool:
    return piece.kind == "word" and piece.text.lower() in _CLAUSES


def _is_within_cluster(words: Mapping[str, Sequence[str]]) -> bool:
    """Whether it is Google's `by ADDRESS with SMTP id X`."""
    return set(words) == {"by", "with", "id"} and words["with"] == ["SMTP"] and bool(_address(words["by"][0]))


def _of_qmail(comments: Sequence[str]) -> Hop:
    """A hop of qmail, which notes that it passed on what arrived by network. What a program of the host
    handed in (vpopmail forwards mail so, and a web form sends it) came from the host itself, and the field
    names no
    host."""
    if len(comments) != 1:
        return Hop()
    if _HANDED_IN.fullmatch(comments[0]):
        return Hop(addresses=("127.0.0.1",))
    return Hop(is_within=_WITHIN_QMAIL.fullmatch(comments[0]) is not None)


def _fetched_from(words: Mapping[str, Sequence[str]], comments: Mapping[str, Sequence[str]]) -> str:
    """The address of the mailbox from which a program of ours fetched it (fetchmail: `from NAME [ADDRESS]`).

    There is no greeting, so no word of it comes from a client.
    """
    client = words.get("from", [])
    if len(client) != 2 or "from" in comments or not _FETCHING.fullmatch("".join(words.get("with", []))):
        return ""
    literal = _LITERAL.fullmatch(client[1])
    return _address(literal[1]) if literal else ""


def _client(
    greeting: Sequence[str], comments: Sequence[str], *, is_exim: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The comment on the client, as the server saw it, if any, and its addresses.

    What stands before the parenthesis is the client's own word, `[127.0.0.1]` as well. Exim alone writes the
    address there, of a client without a name, and the greeting into the parenthesis. Exchange writes
    `(ADDRESS)`, and qmail `(HELO greeting) (ADDRESS)`.
    """
    if comments and _GREETING.match(comments[0]):
        comments = comments[1:]
        if len(comments) != 1:
            return (), ()
    seen = [_SAID_BY_CLIENT.sub("", comment) for comment in comments]
    if seen != list(comments) and not is_exim:
        return (), ()
    places = [comment for comment in seen if _LITERAL.search(comment) or _address(comment)]
    if seen != list(comments) and len(comments) > 1:  # a client's word may end a comment and begin another
        return (), ()
    if is_exim and not places and len(comments) == 1 and comments[0] and _PORT.fullmatch(seen[0]):
        return (), tuple(filter(None, map(_address, _LITERAL.findall(" ".join(greeting)))))
    if len(places) != 1:
        return (), ()
    if bare := _address(places[0]):
        return (), (bare,) if len(comments) == 1 else ()
    return (places[0],), tuple(filter(None, map(_address, _LITERAL.findall(places[0]))))


def _address(text: str) -> str:
    """In its plain form; of IPv4 mapped into IPv6 (RFC 4291 section 2.5.5.2) the IPv4 one."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)
