"""What a reply is made of: the mail of ours that it answers, what a person typed and where, and a client.

An `Original` is read from the bytes of our mail by the standard library alone, so that nothing here shares
code with the reader that is tested.
"""

from __future__ import annotations

import email
import email.policy
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from functools import lru_cache
from html import unescape
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Original:
    """Our mail as a client has it before it makes a reply of it."""

    sender_name: str
    sender: str
    reply_to: str
    to_name: str
    to: str
    subject: str
    message_id: str
    date: datetime
    text: tuple[str, ...]
    html: str
    raw: bytes = b""

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, data: bytes) -> Original:
        mail = email.message_from_bytes(data, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        sender, to = mail["From"].addresses[0], mail["To"].addresses[0]
        reply_to = mail["Reply-To"].addresses[0] if mail["Reply-To"] else sender
        return cls(
            sender_name=sender.display_name or sender.addr_spec,
            sender=sender.addr_spec,
            reply_to=reply_to.addr_spec,
            to_name=to.display_name or to.addr_spec,
            to=to.addr_spec,
            subject=str(mail["Subject"]),
            message_id=str(mail["Message-ID"]).strip(),
            date=parsedate_to_datetime(str(mail["Date"])),
            text=tuple(_content(mail, "plain").strip("\n").split("\n")),
            html=_content(mail, "html"),
            raw=data,
        )

    @property
    def body(self) -> str:
        """What stands between the tags of the page's body."""
        found = re.search(r"<body[^>]*>(.*)</body>", self.html, re.S)
        return found[1].strip() if found else self.html

    @property
    def drafts(self) -> tuple[tuple[str, ...], ...]:
        """The answers that the links of our mail open, as lines: approve, reject."""
        links = re.findall(r'href="mailto:[^"]*?body=([^"&]*)', self.html)
        return tuple(tuple(unquote(unescape(link)).split("\r\n")) for link in links)

    @property
    def reference(self) -> str:
        """The last word of our text: what a reply is known by."""
        return self.text[-1].split()[-1]


def _content(mail: EmailMessage, subtype: str) -> str:
    part = mail.get_body((subtype,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person typed. slots: lines by the place in the window where they were typed.

    anchor: for slots inside the quote, how far down in it (0 its first line, 1 its last).
    reject: the answer says no; a prefilled answer begins with the other word.
    """

    place: str
    slots: Mapping[str, tuple[str, ...]]
    anchor: float = 0.5
    signature: bool = False
    reject: bool = False

    def at(self, slot: str) -> tuple[str, ...]:
        return self.slots.get(slot, ())

    @property
    def typed(self) -> tuple[str, ...]:
        return tuple(line for lines in self.slots.values() for line in lines if line)


Build = Callable[[Original, Draft, str], bytes]


@dataclass(frozen=True, slots=True)
class Client:
    """A mail program in one of its modes. build: from our mail, the typed text and the program's language."""

    name: str
    build: Build
    slots: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as it arrives. typed: the lines a person typed, in the order in which they stand."""

    client: str
    place: str
    data: bytes
    typed: tuple[str, ...]


def chance(*keys: object) -> int:
    """A number that is always the same for the same keys."""
    return zlib.crc32("\0".join(map(str, keys)).encode())
