"""The faults of the store.

Raised by every method of `Store` and by `open_store`, and nothing else is (but `core.errors.NotAllowed` by
`Store.commit`, for JSON nested too deeply to be read again): exceptions of sqlite3 and SQLAlchemy are
translated in `flexmaild.store.faults`. The texts name the file and the cure, and never hold a value that was
being written.
"""

from flexmaild.core.errors import Failure, Reason

CLEAR = "free some space (or raise the quota or file size limit); work goes on by itself."


class StoreFault(Failure):
    """Base of all. `text` says what is wrong and where, `cure` what an operator can do (may be empty).

    Neither *later* nor *never* for what is being done: a job or a mail that met it is tried again, as
    after a fault of a server.
    """

    def __init__(self, text: str, cure: str = "") -> None:
        super().__init__(Reason.OTHER, text, cure=cure)


class StoreError(StoreFault):
    """A lasting fault: it stays until something is changed."""


class StoreRefused(StoreError):
    """The wrong store: empty, older, or of another installation or program."""


class StoreBroken(StoreError):
    """The store can no longer promise anything and refuses all further work; the process must end.

    After a failed fsync the kernel may have dropped the dirty pages, so that a second try would seem to
    succeed (PostgreSQL panics for the same reason since 2018); only a fresh process reads what is true.
    """


class StoreDamaged(StoreBroken):
    """The file is not a valid database."""


class StorePassing(StoreFault):
    """A passing fault: nothing was written, and the same call may succeed later."""


class StoreBusy(StorePassing):
    """Another program or transaction held the database for longer than allowed."""


class StoreFull(StorePassing):
    """No space, quota or file size left."""


class StoreConflict(StoreFault):
    """The change was made from a state that is no longer true; nothing was written. Read again, decide again.

    ids: the requests whose version was stale; empty when an idempotency key or an id was taken meanwhile.
    """

    def __init__(self, text: str, ids: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.ids = ids
