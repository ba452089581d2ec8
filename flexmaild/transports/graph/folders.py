"""Graph's id of a folder from its name in the settings: by path, by displayed name, by well-known name.

Resolved once per folder and connection. Well-known names are the same in every language ("inbox", "archive"),
displayed ones are the mailbox's.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from flexmaild.core.errors import GiveUp, Reason
from flexmaild.transports.graph.api import GraphApi

# Microsoft, "mailFolder resource type": the well-known names that can hold mail.
WELL_KNOWN = frozenset(
    {"archive", "clutter", "conversationhistory", "deleteditems", "drafts", "inbox", "junkemail"}
)
WELL_KNOWN |= {
    "msgfolderroot",
    "outbox",
    "recoverableitemsdeletions",
    "scheduled",
    "searchfolders",
    "sentitems",
}
# Folders are listed 100 at a time; a mailbox with more pages than this on one level is searched no further.
_PAGE, _PAGES = 100, 20


def resolve(api: GraphApi, name: str) -> str:
    """The id of the folder called `name` ("INBOX", "Approvals", "Inbox/Prod"). Raises GiveUp, which names the
    existing folders.

    A displayed name takes precedence over a well-known one, since the operator sees it; INBOX alone always
    means the inbox (RFC 9051 section 5.1).
    """
    if name.casefold() == "inbox":
        return "inbox"
    parent, here = "", [p for p in name.split("/") if p]
    for depth, part in enumerate(here):
        if depth == 0 and part.casefold() == "inbox":
            parent = "inbox"
            continue
        there = list(_children(api, parent))
        found = _named(there, part)
        if found is None and depth == 0:
            found = _named(there, name)
            if found is not None:
                return found
            found = _well_known(part)
        if found is None:
            raise _absent(api, name, part, there)
        parent = found
    if not parent:
        raise GiveUp(Reason.CLIENT, f"{name!r} names no folder", step="folder", server=api.server)
    return parent


def _children(api: GraphApi, parent: str) -> Iterator[Mapping[str, Any]]:
    root = f"/mailFolders/{quote(parent)}/childFolders" if parent else "/mailFolders"
    link = f"{root}?$top={_PAGE}&$select=id,displayName"
    seen: set[str] = set()
    while link and link not in seen and len(seen) < _PAGES:
        seen.add(link)
        page = api.get_json(link, step="folder")
        yield from (one for one in api.listed(page, step="folder") if one.get("id"))
        link = str(page.get("@odata.nextLink") or "")


def _named(folders: list[Mapping[str, Any]], name: str) -> str | None:
    exact = [f for f in folders if f.get("displayName") == name]
    alike = [f for f in folders if str(f.get("displayName", "")).casefold() == name.casefold()]
    found = exact or alike
    return str(found[0]["id"]) if found else None


def _well_known(part: str) -> str | None:
    plain = part.casefold().replace(" ", "")
    return plain if plain in WELL_KNOWN else None


def _absent(api: GraphApi, name: str, part: str, there: list[Mapping[str, Any]]) -> GiveUp:
    names = ", ".join(sorted(repr(str(f.get("displayName"))) for f in there)[:20]) or "none"
    text = f"there is no folder {part!r} of {name!r} in mailbox {api.mailbox}"
    return GiveUp(Reason.CLIENT, text, step="folder", server=api.server, cure=f"Folders there: {names}.")
