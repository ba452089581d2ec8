"""Finds out whether open requests still need the former reference keys.

Used by `flexmaild check` and by both doctors.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from flexmaild.core.errors import Failure
from flexmaild.core.references import ReferenceKeys
from flexmaild.core.steps import Step
from flexmaild.engine.keys.reference_key import FormerKey, former_keys, known_reference_keys
from flexmaild.settings.schema import Settings
from flexmaild.store import StoreFault
from flexmaild.store.read_only import open_read_only


class OpenRequests(Protocol):
    def open_requests(self) -> list[str]: ...


def steps(settings: Settings, store: OpenRequests) -> Iterator[Step]:
    """One step for each former key; a warning where no request needs it. Raises StoreFault."""
    tried = "look for open requests that were made with a former key of references"
    try:
        keys, every = former_keys(settings), known_reference_keys(settings)
    except (Failure, OSError) as fault:
        yield Step("former_key", False, tried, str(fault), getattr(fault, "cure", ""))
        return
    open_ids = store.open_requests() if keys else []
    for former in keys:
        number = _open_count(former, every, open_ids)
        if number:
            yield Step("former_key", True, f"{tried} ({former.place})", f"{number} open requests need it")
        else:
            answer = "no open request needs it any more"
            yield Step("former_key", True, f"{tried} ({former.place})", answer, f"{_cure(former)}.")


def unneeded(settings: Settings) -> list[str]:
    """A sentence for each former key that no request needs, where this user may read the store."""
    try:
        keys, every = former_keys(settings), known_reference_keys(settings)
        open_ids = open_read_only(settings).open_requests() if keys else []
    except (Failure, OSError, StoreFault):
        return []  # faults of keys and of the store are reported elsewhere
    return [
        f"{former.place}: no open request needs this former key of references any more: {_cure(former)}"
        for former in keys
        if not _open_count(former, every, open_ids)
    ]


def _open_count(former: FormerKey, every: ReferenceKeys, open_ids: Iterable[str]) -> int:
    """How many of these requests may need this key."""
    return sum(former.key in every.of(identifier) for identifier in open_ids)


def _cure(former: FormerKey) -> str:
    how = "remove the file" if former.is_file else "take it out of the settings"
    return f"{how} and reload, and no copy of it opens anything"
