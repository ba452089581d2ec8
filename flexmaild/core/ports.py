"""The interfaces of transports and sinks.

An adapter is a class with one of these interfaces; the daemon knows the interface and the adapter table,
never the class. An adapter object belongs to the one thread that uses it. All of
them raise `core.errors.TryLater` or `GiveUp` and nothing else, never retry by themselves, and bound
every step by a deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from flexmaild.core.identity import Identity
from flexmaild.core.redacted import redacted, without_known


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail ready to go: the envelope (RFC 5321) and the message bytes (RFC 5322, CRLF line ends).

    sender: the address for MAIL FROM; a transport's settings may replace it (mail.smtp.from).
    uncertain: an earlier try may have succeeded; a transport that can look whether it did looks first.
    """

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    data: bytes
    uncertain: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A recipient the server refused while it took others; `permanent` for 5xx."""

    recipient: str
    permanent: bool
    answer: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "answer", redacted(self.answer))


@dataclass(frozen=True, slots=True)
class Receipt:
    """The server has taken the mail for all recipients but those in `refused`.

    answer: the server's last words ("250 2.0.0 Ok: queued as …"). tls: "TLSv1.3" or empty for none.
    """

    answer: str
    tls: str = ""
    refused: tuple[Refusal, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "answer", redacted(self.answer))


class Outbox(Protocol):
    """Sends mails. `send` raises TryLater/GiveUp when no recipient at all was accepted."""

    def send(self, envelope: Envelope) -> Receipt: ...

    def close(self) -> None:
        """Disconnect; never raises. A closed outbox may be used again: it connects anew."""


@dataclass(frozen=True, slots=True)
class MessageUid:
    """The UID of a mail: IMAP's UIDVALIDITY and UID, Graph's immutable id, Maildir's name. A mailbox that
    is restored from a copy may reuse it: an `Identity` tells the mails apart."""

    mailbox: str
    validity: str
    uid: str


@dataclass(frozen=True, slots=True)
class FolderPosition:
    """The position of a mail in the order in which its folder is read; only mails of one folder are compared.

    folder: what was made anew is another one (IMAP's UIDVALIDITY). order: may be equal for several mails.
    """

    folder: str
    order: tuple[int, ...]

    def is_behind(self, other: FolderPosition) -> bool:
        """Whether it is read after the other, and so after everything that stands no further than that."""
        return self.folder == other.folder and self.order > other.order


@dataclass(frozen=True, slots=True)
class Fetched:
    """One mail taken from the folder. `data` is None when it is larger than the limit.

    partial: a large attachment was left on the server; `data` is a mail of the same header with the
        text parts only. `size` is the size on the server, in bytes.
    is_cut: text of it is missing in `data`, or may be; such a mail decides nothing.
    position: None for a mail that comes from no folder. arrived, name: see `Identity`.
    """

    uid: MessageUid
    size: int
    data: bytes | None
    partial: bool = False
    is_cut: bool = False
    position: FolderPosition | None = None
    arrived: str = ""
    name: str = ""

    @property
    def identity(self) -> Identity:
        return Identity(self.size, self.arrived, self.name)


@dataclass(frozen=True, slots=True)
class FolderState:
    """The state of the folder: how many mails wait, and whether this login may delete there.

    next: the UID that the next mail will get, where UIDs are numbers that grow.
    """

    messages: int
    can_delete: bool
    detail: str = ""
    next: MessageUid | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "detail", without_known(self.detail))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Mails that lie in the folder and that the server does not hand out. said: why, of the last one.
    is_recent: one of them came to light so lately that it may take back an answer that has yet to settle."""

    number: int
    folder: str
    said: str
    is_recent: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "said", without_known(self.said))


IsKnown = Callable[[Sequence[MessageUid]], Mapping[MessageUid, Identity]]
"""Which of these UIDs were committed before, and for which mails."""


class Inbox(Protocol):
    """Reads mails. The order of calls in a poll: `open`, then `fetch` and `delete` by turns, then `rest`."""

    def open(self) -> FolderState:
        """Connect, log in and open the folder where that is not so already; cheap when it is."""

    def fetch(self, limit: int, is_known: IsKnown) -> list[Fetched]:
        """The oldest mails not yet handled, at most `limit`, oldest first; an empty list when none is left.

        Those that were committed before (their deletion failed or was cut off) are not fetched again, but
        are deleted at the next `delete`, if they are the same mails and not others with their UIDs. Those
        that are known as left (`Identity.is_left`) are neither fetched nor deleted, nor is more asked of them
        than the list tells.
        A mail that the server does not hand out, or has put a text of its own in the place of, is left out.
        """

    def unreadable(self) -> Unreadable | None:
        """The mails that were left out so. They are tried again at later polls, less and less often."""

    def newest(self) -> FolderPosition | None:
        """The position of the mail in the folder that would be read last; None without any."""

    def delete(self, uids: Sequence[MessageUid]) -> int:
        """Delete (or move, as the settings say) these mails, which were fetched in this poll; a mail already
        gone counts. Returns how many are certainly gone; the rest is tried again at the next poll."""

    def rest(self) -> None:
        """The poll is over; keep or drop the connection. Deletes nothing, and never raises."""

    def close(self) -> None:
        """Disconnect; never raises."""


class Sink(Protocol):
    """Receives decisions. `deliver` is called with the same key and the same bytes on every try."""

    def deliver(self, key: str, event: bytes) -> str:
        """Deliver one CloudEvents JSON event; returns a short note for the log ("204", the file's name)."""

    def retry_now(self) -> None:
        """An operator says that the receiver works again."""

    def close(self) -> None: ...
