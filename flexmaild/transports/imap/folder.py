"""Opening a folder, and how processed mails are removed from it on this server.

Only the named mails are removed: by UID EXPUNGE (RFC 4315) or UID MOVE (RFC 6851). A plain EXPUNGE or CLOSE
would remove what other clients have marked as deleted, so a server that has neither of the two is refused.
"""

import imaplib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imapclient import imap_utf7

from flexmaild.core.errors import Failure, GiveUp, Reason, printable
from flexmaild.core.redacted import redacted
from flexmaild.transports.imap.client import Client, joined
from flexmaild.transports.imap.errors import translated

_DELETED = b"\\Deleted"


@dataclass(frozen=True, slots=True)
class Removal:
    """How mails are removed on this connection. `move_to` is empty where they are expunged."""

    client: Client
    possible: bool
    detail: str
    move_to: str = ""

    def remove(self, uids: set[int]) -> set[int]:
        """Remove these mails. Returns those that are certainly gone. Raises TryLater/GiveUp."""
        if not self.possible or not uids:
            return set()
        ordered = sorted(uids)
        self.client.begin("dispose", most=len(ordered) * 200)
        with translated("dispose", self.client.connection.server):
            if self.move_to:
                self._move(ordered)
            else:
                self.client.add_flags(ordered, [_DELETED], silent=True)
                self.client.uid_expunge(ordered)
            # OK to EXPUNGE is no proof (Dovecot may leave mails after it), so a search tells what is left.
            return uids - set(self.client.search(["UID", joined(ordered)]))

    def _move(self, uids: list[int]) -> None:
        try:
            self.client.move(uids, self.move_to)
        except self.client.Error as error:
            if "[TRYCREATE]" not in str(error).upper():
                raise
            self.client.create_folder(self.move_to)
            self.client.move(uids, self.move_to)


def select(client: Client, folder: str) -> Mapping[bytes, Any]:
    """The server's answer to SELECT, or to EXAMINE where the folder can only be read. For a folder that does
    not exist the failure names those that do."""
    client.begin("select")
    try:
        with translated("select", client.connection.server):
            try:
                return dict(client.select_folder(folder))
            except imaplib.IMAP4.readonly:
                return dict(client.select_folder(folder, readonly=True)) | {b"READ-ONLY": True}
    except GiveUp as error:
        if error.reason is Reason.CLIENT:
            error.text = f"the folder {folder!r} cannot be opened; there are: {_folders(client)}"
        raise


def _folders(client: Client) -> str:
    try:
        with translated("select", client.connection.server):
            names = [str(name) for _, _, name in client.list_folders()]
    except Failure:
        return "?"
    return redacted(printable(", ".join(sorted(names)[:30])))


def plan_removal(client: Client, folder: str, move_to: str, answer: Mapping[bytes, Any]) -> Removal:
    """How mails are removed from this folder. `answer` is the server's to SELECT. Raises GiveUp where the
    server has no safe command for it."""
    with translated("select", client.connection.server):
        obstacle = _obstacle(client, folder, answer)
        if move_to or client.has("X-GM-EXT-1") or not client.has("UIDPLUS"):
            move_to = move_to or _trash(client, folder)
    if move_to and not client.has("MOVE"):
        raise _unsupported(
            client, "has no MOVE, so mails cannot be moved without risk of doubling them (RFC 6851)"
        )
    if not move_to and not client.has("UIDPLUS"):
        raise _unsupported(
            client, "has neither UIDPLUS nor MOVE, so no mail can be deleted without touching others"
        )
    return Removal(client, not obstacle, obstacle, move_to)


def _obstacle(client: Client, folder: str, answer: Mapping[bytes, Any]) -> str:
    """Why this login may not remove mails here, empty where it may."""
    if b"READ-ONLY" in answer:
        return "the folder can only be read, so processed mails stay in it"
    flags = answer.get(b"PERMANENTFLAGS")
    if flags is not None and not any(_DELETED in flag for flag in flags):
        return "the server does not let this user mark mails as deleted here"
    rights = set(_rights(client, folder))
    # RFC 4314 section 2.1.1: "d" is listed with any of t, e and x; alone it comes from an older server.
    if rights and not ({"t", "e"} <= rights or (rights & set("dtex") == {"d"})):
        held = "".join(sorted(rights))
        return f"this user's rights here ({held}) lack t and e, to delete and expunge (RFC 4314)"
    return ""


def _rights(client: Client, folder: str) -> str:
    if not client.has("ACL"):
        return ""
    status, lines = client.protocol.myrights(quoted(folder))
    said = lines[-1] if status == "OK" and lines else None
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else ""
    return text.rpartition(" ")[2]


def _trash(client: Client, folder: str) -> str:
    """The trash folder: Gmail only archives what is expunged elsewhere."""
    for flags, _, name in client.list_folders():
        if b"\\Trash" in flags:
            return "" if name == folder else str(name)
    return ""


def _unsupported(client: Client, what: str) -> Failure:
    return GiveUp(
        Reason.CLIENT,
        f"this server {what}",
        step="select",
        server=client.connection.server,
        cure="Read replies from a mailbox on another server, or by transport: graph or maildir.",
    )


def quoted(folder: str) -> str:
    """The folder's name as in commands: modified UTF-7 (RFC 3501 section 5.1.3) in quotes."""
    name = str(imap_utf7.encode(folder), "ascii")
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
