"""Commands about the daemon itself: status, process, reload, log level, the audit chain."""

import json
from collections import Counter
from concurrent.futures import CancelledError
from itertools import islice
from typing import cast

from flexmaild import __version__
from flexmaild.api import problems, request_models, visibility
from flexmaild.api.call import Answer, CommandRequest
from flexmaild.api.problems import Fault, Problem
from flexmaild.core import line_pattern
from flexmaild.core.access import Viewer
from flexmaild.core.approval import quorum
from flexmaild.core.documents import facts_of
from flexmaild.core.documents.service import (
    AuditVerified,
    ClockAccepted,
    IncomingStatus,
    LogLevelSet,
    OutgoingStatus,
    PolledStatus,
    Processed,
    Reloaded,
    SettingsStatus,
    Status,
)
from flexmaild.core.jobs import OUTGOING
from flexmaild.core.model import State
from flexmaild.core.timing import iso
from flexmaild.core.work import JobState, Queue
from flexmaild.engine import operator_actions
from flexmaild.engine.services import Services
from flexmaild.observe.health import PollEnded
from flexmaild.observe.incidents import readiness
from flexmaild.settings.faults import SettingsError

# How long a caller waits for a poll, seconds; the poll goes on.
POLL_SECONDS = 240.0
# The newest open requests whose approvers `status` looks at.
_MOST_LOOKED_AT = 200
# A line in the replies to so many requests may be a mail gateway's; how many replies are looked at, and how
# many lines named.
REQUESTS_OF_A_GATEWAY, MOST_REPLIES_LOOKED_AT, MOST_LINES_NAMED = 3, 1000, 10


def status(services: Services, call: CommandRequest) -> Answer:
    """The whole status; `issues` lists what needs an operator. Callers who may not see others' requests get
    no addresses from servers' texts."""
    services.count()
    viewer, incidents = call.viewer, services.reports.look()
    if not viewer.sees_all:
        incidents = tuple(one.without_people() for one in incidents)
    shown = Status(
        **facts_of(readiness(incidents)),
        healthy=not incidents,
        version=__version__,
        warnings=[
            *services.health.warnings,
            *_unreachable(services, viewer),
            *_unknown_lines(services, viewer),
        ],
        started_at=services.health.started_at,
        settings=_settings(services),
        incoming=_incoming(services, viewer),
        outgoing=_outgoing(services, viewer),
        approvals={state.value: n for state, n in services.counts.requests.items()},
        deliveries=_deliveries(services),
        quarantined=services.counts.quarantined,
        components=dict(services.health.beats_at()),
    )
    return Answer(200, shown)


def _unreachable(services: Services, viewer: Viewer) -> list[str]:
    """Open requests some of whose approvers' mails came back; of those that the caller may see."""
    found = []
    for request in services.store.list_requests(State.PENDING, _MOST_LOOKED_AT):
        if viewer.sees(request.terms.belonging) and (gone := quorum.unreachable(request)):
            rest = "can still decide" if quorum.can_still_be_met(request) else "are too few to decide"
            found.append(f"{request.id}: mail to {', '.join(gone)} came back; the others {rest}")
    return found


def _unknown_lines(services: Services, viewer: Viewer) -> list[str]:
    """Lines that stood in the replies to several requests: a mail gateway's, for an operator to name. They
    are text of replies, whosever."""
    if not viewer.sees_all:
        return []
    ignored = services.components.settings.approvals.ignore_lines
    found = services.store.unknown_lines(MOST_REPLIES_LOOKED_AT).most_common()
    named = (
        (line, number)
        for line, number in found
        if number >= REQUESTS_OF_A_GATEWAY and not any(line_pattern.fits(known, line) for known in ignored)
    )
    return [
        f"the line {json.dumps(line, ensure_ascii=False)} stood in the replies to {number} requests, and"
        f" flexmaild did not send it: if your mail gateway writes it, add it to approvals.ignore_lines"
        for line, number in islice(named, MOST_LINES_NAMED)
    ]


def _settings(services: Services) -> SettingsStatus:
    health = services.health
    return SettingsStatus(
        file=str(services.components.settings_file),
        loaded_at=health.loaded_at,
        last_reload="failed" if health.settings_fault else "ok",
        fault=health.settings_fault,
    )


def _incoming(services: Services, viewer: Viewer) -> IncomingStatus | PolledStatus:
    incoming, box = services.components.settings.incoming, services.health.mailbox
    proof = incoming.sender_authentication.require
    shown = IncomingStatus(
        enabled=incoming.enabled,
        transport=incoming.transport,
        folder=incoming.reply_folder,
        reply_address=incoming.reply_address,
        sender_authentication=proof,
        sender_authentication_strength="weak" if proof == "reference" else "strong",
        interval_seconds=incoming.process_interval.total_seconds(),
        count=incoming.process_count,
    )
    if box is None:
        return shown
    return PolledStatus(
        **facts_of(shown),
        polls=box.polls,
        failures_in_a_row=box.failures_in_a_row,
        last_success=box.last_success,
        last_fault=visibility.visible_text(box.last.fault if box.last else "", viewer),
        waiting=max(0, box.last.folder.messages - box.last.deleted) if box.last and box.last.folder else None,
    )


def _outgoing(services: Services, viewer: Viewer) -> OutgoingStatus:
    outgoing = services.components.settings.outgoing
    way = services.health.target_health.get(OUTGOING)
    jobs: Counter[str] = Counter()
    for (queue, _, state), number in services.counts.jobs.items():
        if queue is Queue.OUTBOX:
            jobs[state.value] += number
    return OutgoingStatus(
        transport=outgoing.transport,
        from_address=outgoing.from_address,
        last_success=way.last_success if way else None,
        last_fault=visibility.visible_text(way.fault if way else "", viewer),
        messages={state.value: jobs[state.value] for state in JobState},
    )


def _deliveries(services: Services) -> dict[str, dict[str, int]]:
    shown: dict[str, dict[str, int]] = {name: {} for name in services.components.settings.sinks}
    for (queue, target, state), number in services.counts.jobs.items():
        if queue is Queue.DELIVERY:
            shown.setdefault(target, {})[state.value] = number
    return shown


def process(services: Services, call: CommandRequest) -> Answer:
    """Read the replies now; answers when that is done."""
    ended = _polled(services)
    if ended.fault:
        extra = {"reason": ended.reason}
        said = visibility.visible_text(ended.fault, call.viewer)
        raise Problem(502, "Reading replies failed", said, kind="server", extra=extra)
    waiting = max(0, ended.folder.messages - ended.deleted) if ended.folder else 0
    detail = f"{ended.read} read, {ended.deleted} deleted, {waiting} left in the folder"
    shown = Processed(
        messages=ended.read,
        deleted=ended.deleted,
        waiting=waiting,
        detail=detail,
        outcomes=dict(ended.outcomes),
        seconds=round(ended.seconds, 3),
    )
    return Answer(200, shown)


def _polled(services: Services) -> PollEnded:
    """The end of a poll; begun anew with the poller that a reload puts in the place of the one asked."""
    components, asked = services.components, None
    while components.poller is not None:
        if components.poller is asked:
            raise problems.stopping()
        components.retry_tokens()
        try:
            return components.poller.poll().result(POLL_SECONDS)
        except CancelledError:
            components, asked = services.components, components.poller
    cure = "Set incoming.enabled: true and reload."
    raise Problem(409, "Nothing to read", "reading replies is switched off", kind="off", cure=cure)


def reload(services: Services, call: CommandRequest) -> Answer:
    """Reload the settings; 422 with every fault when the file has any."""
    try:
        outcome = services.reload(call.peer.user)
    except SettingsError as error:
        faults = tuple(Fault(f.path, f"{f.file}:{f.line}:{f.column}: {f.text}") for f in error.faults)
        detail = "the old settings stay in force: " + "; ".join(map(str, error.faults))
        raise Problem(422, "The settings have faults", detail, faults, kind="bad-settings") from None
    shown = Reloaded(
        reloaded=True,
        changed=list(outcome.changed),
        needs_restart=list(outcome.needs_restart),
        warnings=list(outcome.warnings),
    )
    return Answer(200, shown)


def log_level(services: Services, call: CommandRequest) -> Answer:
    body = cast(request_models.LogLevel, call.body)
    services.logs.set_level(body.level, body.for_.total_seconds() if body.for_ else None)
    until = services.clock.now() + body.for_ if body.for_ else None
    operator_actions.record(services, "log-level", call.peer.user, level=body.level, until=iso(until))
    return Answer(200, LogLevelSet(level=body.level, until=until))


def accept_clock(services: Services, call: CommandRequest) -> Answer:
    """What waited for the right time goes on at once."""
    doubt, before = services.clock.doubt(), services.clock.now()
    now = services.clock.accept()
    operator_actions.record(services, "clock accept", call.peer.user, went_by=iso(before), accepted=iso(now))
    services.reports.look()
    services.components.poll_when_due()
    return Answer(200, ClockAccepted(doubted=doubt.said if doubt else "", before=before, now=now))


def verify_audit(services: Services, call: CommandRequest) -> Answer:
    broken = services.store.verify_audit()
    detail = "" if broken is None else f"entry {broken} is missing or was changed after it was written"
    shown = AuditVerified(
        ok=broken is None, entries=services.store.audit_length(), broken_at=broken, detail=detail
    )
    return Answer(200, shown)
