"""Lets a start wait, and say so, while something is missing that may come without a change of settings.

Room on a disk, a database that another program holds: if the process ended, the service manager would retry
a few times and give up, and the daemon would stay down. Used by `daemon.main`.
"""

import queue
import signal
import time
from collections.abc import Callable
from typing import TypeVar

import structlog

from flexmaild.core.errors import Failure
from flexmaild.store import StorePassing
from flexmaild.system.files import NO_ROOM
from flexmaild.system.notify import Manager

_log = structlog.get_logger("flexmaild")

Made = TypeVar("Made")

_AGAIN_SECONDS = 2.0
# What one try may take at most: waits for another program's lock, and a look through the whole store.
_ONE_TRY_SECONDS = 120.0


def once_possible(
    begin: Callable[[], Made], signals: queue.SimpleQueue[int], manager: Manager
) -> Made | None:
    """The result of `begin`, retried while it fails for a passing reason; None when a signal ended the
    wait. Raises what else it raises. SIGHUP retries at once, and is handled after the start as well."""
    said, since, hung_up = "", time.monotonic(), False
    while True:
        manager.extend_start(_ONE_TRY_SECONDS)
        try:
            made = begin()
        except (Failure, OSError) as fault:
            if not _may_pass(fault):
                raise
            if str(fault) != said:
                said = str(fault)
                _log.error("the start waits, and goes on by itself", fault=_text(fault), cure=_cure(fault))
            manager.status(f"waiting to start: {said}")
        else:
            if said:
                _log.warning("the start goes on", waited=round(time.monotonic() - since))
            if hung_up:
                signals.put(signal.SIGHUP)
            return made
        try:
            number = signals.get(timeout=_AGAIN_SECONDS)
        except queue.Empty:
            continue
        if number != signal.SIGHUP:
            manager.stopping()
            _log.info("stopping", signal=signal.Signals(number).name)
            return None
        hung_up = True


def _may_pass(fault: BaseException | None) -> bool:
    """Whether the fault, or its cause, may pass without a change of the settings."""
    if fault is None:
        return False
    lacks_room = isinstance(fault, OSError) and fault.errno in NO_ROOM
    return lacks_room or isinstance(fault, StorePassing) or _may_pass(fault.__cause__)


def _text(fault: Failure | OSError) -> str:
    return fault.text if isinstance(fault, Failure) else str(fault)


def _cure(fault: Failure | OSError) -> str:
    return fault.cure if isinstance(fault, Failure) else "make room there."
