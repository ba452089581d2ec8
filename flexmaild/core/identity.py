"""Tells whether a mail is the known one. A UID may be reused: by a mailbox that was restored from a copy, a
replica that lagged behind, a file of the same name.

The one place for this rule: inboxes ask before they delete what an earlier poll left, `engine.decide` and
the store before they treat a mail as one that has its outcome. Pure.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """What identifies a mail besides its UID; what is not known is 0 or empty.

    size: bytes on the server, 0 where that may change. arrived: when it came into the folder, in the words
    of its transport. name: its Message-ID, or the digest of a header that has none. is_left: it was read
    and is to stay where it lies, neither fetched nor deleted.
    """

    size: int = 0
    arrived: str = ""
    name: str = ""
    is_left: bool = False


def differs(kept: Identity, found: Identity) -> bool:
    """Whether the facts show that it is another mail."""
    return (
        _differ(kept.size, found.size)
        or _differ(kept.arrived, found.arrived)
        or _differ(kept.name, found.name)
    )


def is_same(kept: Identity, found: Identity) -> bool:
    """Whether it is certainly that mail. An equal size is not enough: reading a mail twice, which its
    content shows, is better than deleting it unread. Older versions kept no time of arrival."""
    told = (kept.arrived and found.arrived) or (kept.name and found.name)
    return bool(told) and not differs(kept, found)


def stays(kept: Identity, found: Identity) -> bool:
    """Whether it is a mail that was left in the folder. Nothing is deleted by this, so size and time are
    enough, and polls need not fetch it."""
    return kept.is_left and not differs(kept, found)


def _differ(one: int | str, other: int | str) -> bool:
    return bool(one and other) and one != other
