"""What operators do, as entries of the event log: each act's name is how `flexmailctl` calls it.

Where an act changes the store, its entry is written in the same transaction (`entry`). Where it does not,
the entry follows (`record`): an act that was carried out is not called refused because the store cannot be
written, and the entry is written when it can be.
"""

from datetime import datetime
from typing import Any

import structlog

from flexmaild.core.work import AuditEntry, Change
from flexmaild.engine.services import Services
from flexmaild.store import StoreFault

_log = structlog.get_logger("flexmaild")

# How long a finished act waits for its turn, seconds; that it did not come is no fault of the store's.
WAIT_SECONDS = 1.0


def entry(now: datetime, act: str, by: str, approval_id: str = "", **data: Any) -> AuditEntry:
    """by: the name of the operating system's user, or SIGHUP."""
    return AuditEntry(now, approval_id, act, {"by": by, **data})


def record(services: Services, act: str, by: str, **data: Any) -> None:
    """Never raises for a fault of the store: then the entry waits, and `moments.write_time` writes it."""
    done = entry(services.store.now(), act, by, **data)
    try:
        with services.store.transaction(WAIT_SECONDS) as transaction:
            transaction.write(Change(audit=(done,)))
    except StoreFault as fault:
        services.unlogged.append(done)
        _log.warning("not yet in the event log", act=act, by=by, fault=str(fault))
