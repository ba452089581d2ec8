"""Whether a mailing list sent the mail (RFC 2369, RFC 2919), unless the list is our own group.

For `automatic`. The reply address may be a group, which writes such fields on every member's reply. Then each
field that names a list has to name ours and no other: what only mentions it, in a list's name, in a comment
or as one more address, is another list's. Never raises.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from flexmaild.mail.parse.address_list import QUOTED, entries, without_comments
from flexmaild.mail.parse.header import Header, raw_text
from flexmaild.mail.understand.identification.addressees import is_ours
from flexmaild.mail.understand.words.rules import Rules

_FIELDS = (
    b"list-id",
    b"list-post",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"list-subscribe",
    b"list-owner",
    b"list-help",
    b"list-archive",
    b"mailing-list",
    b"x-mailing-list",
    b"x-mailman-version",
)
_PRECEDENCES = (b"precedence", b"x-precedence")

_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_SCHEME = "mailto:"
# "list all@corp.test; contact x@corp.test", as ezmlm, Yahoo and Google write it.
_OLD_LIST = re.compile(r"(?:^|;)\s*list\s+([^\s;]+)", re.IGNORECASE)


def list_field(header: Header, rules: Rules) -> str:
    """The field that shows a mailing list, empty for none and for our own group."""
    shown = [name.decode() for name in _FIELDS if header.has(name)]
    for name in _PRECEDENCES:
        if any(value.strip().lower() == b"list" for value in header.all(name)):
            shown.append(f"{name.decode()}: list")
    if not shown:
        return ""
    named = list(_named(header, rules))
    return "" if named and all(named) else shown[0]


def _named(header: Header, rules: Rules) -> Iterator[bool]:
    """For each list that a field names, whether it is ours."""
    identities = {address.replace("@", ".") for address in rules.own_addresses}
    for text in _texts(header, b"list-id"):
        yield _identity(text) in identities
    for text in _texts(header, b"list-post"):
        yield from _posts(text, rules)
    for text in _texts(header, b"mailing-list"):
        found = _OLD_LIST.findall(text)
        yield bool(found) and all(is_ours(address, rules) for address in found)
    for text in _texts(header, b"x-mailing-list"):  # Debian's: "<address> archive/latest/1"
        found = _IN_BRACKETS.findall(text) or list(entries(text))
        yield bool(found) and all(is_ours(address, rules) for address in found)


def _texts(header: Header, name: bytes) -> Iterator[str]:
    """The fields of this name without comments; "" for one with a comment that never ends."""
    for value in header.all(name):
        text, is_whole = without_comments(raw_text(value)[0])
        yield text if is_whole else ""


def _identity(text: str) -> str:
    """The list's id, which stands last and in brackets, behind its name; "" where that is not certain."""
    text = QUOTED.sub('"', text).strip().lower()
    found = _IN_BRACKETS.findall(text)
    if len(found) == 1 and text.endswith(">"):
        return str(found[0]).strip()
    return "" if "<" in text or ">" in text else text


def _posts(text: str, rules: Rules) -> Iterator[bool]:
    """Whether each address to post to is ours; a page is neither ours nor another's."""
    if text.strip().lower() == "no":  # RFC 2369 section 3.4: posting is not allowed
        return
    addresses = [
        unquote(uri[len(_SCHEME) :].partition("?")[0])
        for uri in map(str.strip, _IN_BRACKETS.findall(text))
        if uri.lower().startswith(_SCHEME)
    ]
    if not addresses:
        yield False
    for address in addresses:
        yield is_ours(address, rules)
