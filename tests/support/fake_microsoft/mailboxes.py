"""Mailboxes in memory: folders, messages, ids that change on a move and such that do not, delivery."""

import email.parser
import email.policy
import email.utils
import itertools
import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

WELL_KNOWN = ("inbox", "drafts", "sentitems", "deleteditems", "archive", "junkemail", "outbox")
HIDDEN = "recoverableitemsdeletions"


@dataclass
class Message:
    immutable_id: str
    raw: bytes
    folder: str
    received: datetime
    is_draft: bool = False
    moves: int = 0
    properties: dict[str, str] = field(default_factory=dict)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    draft: dict[str, Any] = field(default_factory=dict)

    @property
    def regular_id(self) -> str:
        """Outlook's default id: another one after each move."""
        return f"AAMk{self.immutable_id[4:]}={self.moves}"

    def parsed(self) -> EmailMessage:
        return email.parser.BytesParser(policy=email.policy.default).parsebytes(self.raw)


@dataclass
class Folder:
    id: str
    name: str
    parent: str = ""
    well_known: str = ""


class Mailbox:
    def __init__(self, address: str, names: dict[str, str]) -> None:
        self.address = address
        self.enabled = True
        self.folders: dict[str, Folder] = {}
        self.messages: dict[str, Message] = {}
        self.in_flight = 0
        self.peak = 0
        self.lock = threading.RLock()
        self._clock = itertools.count()
        self._start = datetime(2026, 1, 1, tzinfo=UTC)
        for known in (*WELL_KNOWN, HIDDEN):
            self.add_folder(names.get(known, known), well_known=known)

    def add_folder(self, name: str, parent: str = "", well_known: str = "") -> str:
        """Makes a folder; its id. parent: an id or a well-known name."""
        folder = Folder(
            "AAMkF" + secrets.token_hex(12), name, self.folder_id(parent) if parent else "", well_known
        )
        self.folders[folder.id] = folder
        return folder.id

    def folder_id(self, key: str) -> str:
        """The id for an id or a well-known name; KeyError without."""
        if key in self.folders:
            return key
        for folder in self.folders.values():
            if folder.well_known and folder.well_known == key.casefold():
                return folder.id
        raise KeyError(key)

    def put(self, raw: bytes, folder: str = "inbox", **more: Any) -> Message:
        """A mail arrives (received one second after the one before)."""
        with self.lock:
            received = self._start + timedelta(seconds=next(self._clock))
            message = Message("AAkA" + secrets.token_hex(20), raw, self.folder_id(folder), received, **more)
            self.messages[message.immutable_id] = message
            return message

    def find(self, key: str) -> Message:
        """By immutable or present regular id; KeyError for others. Ids are case-sensitive."""
        if key in self.messages:
            return self.messages[key]
        for message in self.messages.values():
            if message.regular_id == key:
                return message
        raise KeyError(key)

    def listing(self, folder: str) -> list[Message]:
        key = self.folder_id(folder)
        with self.lock:
            return [m for m in self.messages.values() if m.folder == key]

    def move(self, message: Message, folder: str) -> None:
        message.folder, message.moves = self.folder_id(folder), message.moves + 1


class PostOffice:
    """All mailboxes of the tenant. Mail to an address without one goes to `outside`."""

    def __init__(self) -> None:
        self.mailboxes: dict[str, Mailbox] = {}
        self.outside: list[tuple[str, bytes]] = []
        self.aliases: dict[str, str] = {}

    def add(self, address: str, **names: str) -> Mailbox:
        """A mailbox; names: displayed names of well-known folders (inbox="Posteingang")."""
        box = self.mailboxes[address.casefold()] = Mailbox(address, names)
        return box

    def box(self, address: str) -> Mailbox:
        key = address.casefold()
        return self.mailboxes[self.aliases.get(key, key)]

    def deliver(self, raw: bytes) -> list[str]:
        """Brings a sent mail to every recipient of its header; Bcc is taken out. Returns the recipients."""
        mail = email.parser.BytesParser(policy=email.policy.SMTP).parsebytes(raw)
        fields = [str(v) for name in ("To", "Cc", "Bcc") for v in mail.get_all(name, [])]
        recipients = list(dict.fromkeys(a for _, a in email.utils.getaddresses(fields) if a))
        if mail["Bcc"]:
            del mail["Bcc"]
            raw = mail.as_bytes()
        for recipient in recipients:
            local, _, domain = recipient.rpartition("@")
            plain = f"{local.partition('+')[0]}@{domain}"
            try:
                self.box(plain).put(raw)
            except KeyError:
                self.outside.append((recipient, raw))
        return recipients
