"""Run as a process of its own by the tests of the store: `store_child.py WHAT DIRECTORY [ARGUMENT]`.

What happened is printed, one word or sentence a line.
"""

import os
import resource
import sys
import tempfile
from itertools import count
from pathlib import Path

from store_samples import full_change

from flexmaild.store import StoreBroken, StoreFault, StoreFull
from tests.support.stores import commit, opened


def say(text: str) -> None:
    print(text, flush=True)


def commit_for_ever(directory: Path, prefix: str) -> None:
    """Acknowledge each commit by a line, until killed."""
    store = opened(directory)
    for number in count():
        commit(store, full_change(f"{prefix}-{number}"))
        say(f"{prefix}-{number}")


def commit_until_broken(directory: Path, most: str) -> None:
    store = opened(directory)
    try:
        for number in range(int(most)):
            commit(store, full_change(str(number)))
            say(str(number))
    except StoreBroken as fault:
        say(f"broken: {fault}")
    try:
        store.request("0")
    except StoreBroken:
        say("refused")


def commit_until_full(directory: Path, limit: str) -> None:
    """Under a file size limit; then without it, in the same process."""
    store = opened(directory)
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), hard))
    try:
        for number in count():
            commit(store, full_change(str(number), raw=os.urandom(20_000)))
            say(str(number))
    except StoreFull:
        say("full")
    say(f"readable {store.request('0') is not None}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    commit(store, full_change("after"))
    say("after")


def open_once(directory: Path, uid: str = "") -> None:
    if uid and os.getuid() == 0:
        # Python itself may lie where that user cannot read: load what a start needs beforehand.
        with tempfile.TemporaryDirectory() as elsewhere:
            opened(Path(elsewhere)).close()
        os.setgroups([])
        os.setgid(int(uid))
        os.setuid(int(uid))
    try:
        opened(directory)
        say("opened")
    except StoreFault as fault:
        say(f"{type(fault).__name__}: {fault}")


def hold(directory: Path) -> None:
    opened(directory)
    say(str(os.getpid()))
    sys.stdin.read()


def modules(directory: Path) -> None:
    """Which heavy packages a start needs."""
    opened(directory).close()
    say(str("alembic" in sys.modules))


if __name__ == "__main__":
    what, where, *rest = sys.argv[1:]
    globals()[what](Path(where), *rest)
