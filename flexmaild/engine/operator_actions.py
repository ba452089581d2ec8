"""Operators' actions as entries of the event log, named as `flexmailctl` names them. Apart from `decide`,
since actions without a decision are recorded here too.

Where an action changes the store, its entry is written in the same transaction (`entry`). Otherwise the
entry follows (`record`): an action that was carried out is not reported as refused because the store cannot
be written, and its entry is written later.
"""

from datetime import datetime
from typing import Any

import structlog

from flexmaild.core.work import AuditEntry, Change
from flexmaild.engine.services import Services
from flexmaild.store import StoreFault

_log = structlog.get_logger("flexmaild")

# How long `record` waits for the store, seconds.
WAIT_SECONDS = 1.0


def entry(now: datetime, act: str, by: str, approval_id: str = "", **data: Any) -> AuditEntry:
    """by: the name of the operating system's user, or SIGHUP."""
    return AuditEntry(now, approval_id, act, {"by": by, **data})


def record(services: Services, act: str, by: str, **data: Any) -> None:
    """Write the entry. At a fault of the store it is kept for `engine.due.write_time`, and nothing is
    raised."""
    done = entry(services.store.now(), act, by, **data)
    try:
        with services.store.transaction(WAIT_SECONDS) as transaction:
            transaction.write(Change(audit=(done,)))
    except StoreFault as fault:
        services.unlogged.append(done)
        _log.warning("not yet in the event log", act=act, by=by, fault=str(fault))
