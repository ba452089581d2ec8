"""Is this the mail we know? A number may be used again: by a mailbox that was restored from a copy, a replica
that lagged behind, a file of the same name.

The one place for this rule: the ways in ask before they delete what an earlier poll left, `engine.decide` and
the store before they take a mail for one that has its outcome. Pure.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """What a mail is known by beside its number; what nobody told is 0 or empty.

    size: bytes on the server, 0 where that may change. arrived: when it came into the folder, in the words
    of its transport. name: its Message-ID, or the digest of a header that has none. is_left: it was read
    and is to stay where it lies, neither fetched nor deleted.
    """

    size: int = 0
    arrived: str = ""
    name: str = ""
    is_left: bool = False


def differs(kept: Identity, found: Identity) -> bool:
    """Whether something shows that it is another mail."""
    return (
        _differ(kept.size, found.size)
        or _differ(kept.arrived, found.arrived)
        or _differ(kept.name, found.name)
    )


def is_same(kept: Identity, found: Identity) -> bool:
    """Whether it is certainly that mail. A size alone is too little: a mail is rather read twice, and is then
    known by its content, than deleted unread. Older versions kept no time of arrival."""
    told = (kept.arrived and found.arrived) or (kept.name and found.name)
    return bool(told) and not differs(kept, found)


def stays(kept: Identity, found: Identity) -> bool:
    """Whether it is a mail that was left where it lies. Nothing is deleted by it, so that size and time are
    enough, and nothing has to be fetched of it at each poll."""
    return kept.is_left and not differs(kept, found)


def _differ(one: int | str, other: int | str) -> bool:
    return bool(one and other) and one != other
