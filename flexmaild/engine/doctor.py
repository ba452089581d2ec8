"""The steps of `flexmaild doctor`, run by another process than the daemon, which may run or not.

Nothing is written, created or removed: a folder or token that root created would stop the daemon. The store
is opened for reading only, and no fetched mail is marked.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from flexmaild.core.documents import diagnosis as documents
from flexmaild.core.documents import facts_of
from flexmaild.core.documents.diagnosis import Diagnosis, StepOfWay, Way
from flexmaild.core.errors import Failure
from flexmaild.core.ports import Fetched
from flexmaild.core.steps import Step
from flexmaild.core.work import KeptHeader
from flexmaild.engine import results_seen
from flexmaild.engine.keys import former_keys
from flexmaild.engine.policies import rules_without_dns
from flexmaild.mail.authentication.kept_header import stored_header
from flexmaild.mail.format import OWN_MAIL_HEADER
from flexmaild.mail.parse.header import parse_header
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.message import split_header
from flexmaild.mail.understand.identification.sender import sender as sender_of
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.schema import Settings
from flexmaild.sinks import examine_sinks
from flexmaild.store import StoreFault
from flexmaild.store.read_only import open_read_only
from flexmaild.transports import build_inbox, examine_incoming, examine_outgoing
from flexmaild.transports.context import AdapterContext


def examine(settings: Settings) -> Diagnosis:
    adapter_context, incoming, looked = AdapterContext(), settings.incoming, results_seen.Look()
    of_way = _transport_steps(settings.outgoing, lambda: examine_outgoing(settings.outgoing, adapter_context))
    steps: list[documents.Step] = [*of_way]
    if incoming.enabled:
        of_way = _transport_steps(incoming, lambda: examine_incoming(incoming, adapter_context))
        is_open = all(step.result in ("ok", "warning") for step in of_way)
        waiting = _waiting_headers(incoming, adapter_context) if is_open else []
        read, keys, without = _stored_headers(settings)
        last = [*waiting, *read][: results_seen.LAST]
        looked = results_seen.look(last, rules_without_dns(settings), "that were read or wait")
        steps += [*of_way, *(step.document() for step in (*without, *looked.steps, *keys))]
    steps += [step.document() for step in examine_sinks(settings.sinks)]
    return results_seen.diagnosis(steps, looked)


def _transport_steps(section: Outgoing | Incoming, examined: Callable[[], list[Step]]) -> list[StepOfWay]:
    """The steps for one direction; skipped where only the daemon may run them."""
    way: Way = "incoming" if isinstance(section, Incoming) else "outgoing"
    if section.uses_oauth:
        said = "the daemon keeps the sign-in, which a second program would renew: ask flexmailctl doctor"
        return [_skipped(Step("oauth", True, f"look at {way}", said), way)]
    path = getattr(section, "path", None)
    if isinstance(path, Path) and not all((path / part).is_dir() for part in ("new", "cur", "tmp")):
        said = f"{path} is no Maildir, or this user may not look into it; the daemon makes one where it may"
        return [_skipped(Step("folder", True, f"open {path}", said), way)]
    return [StepOfWay(**facts_of(step.document()), way=way) for step in examined()]


def _skipped(step: Step, way: Way) -> StepOfWay:
    return replace(StepOfWay(**facts_of(step.document()), way=way), result="skipped")


def _stored_headers(settings: Settings) -> tuple[list[KeptHeader], list[Step], list[Step]]:
    """Headers of the last mails that the daemon read, steps about former keys, and a step in case neither
    can be read."""
    try:
        store = open_read_only(settings)
        return store.headers(results_seen.LAST), [*former_keys.steps(settings, store)], []
    except StoreFault as fault:
        tried = "look into the store for the last mails that were read"
        return [], [], [Step("store", True, tried, str(fault), "Until then only mails that wait are listed.")]


def _waiting_headers(incoming: Incoming, adapter_context: AdapterContext) -> list[KeptHeader]:
    """Headers of the mails in the folder, newest first; none where it cannot be read, which a step
    reports."""
    inbox = build_inbox(incoming, adapter_context)
    try:
        inbox.open()
        fetched = inbox.fetch(results_seen.LAST, lambda marks: {})
    except Failure:
        return []
    finally:
        inbox.close()
    found = [_header(one) for one in fetched]
    return [one for one in reversed(found) if one is not None]


def _header(one: Fetched) -> KeptHeader | None:
    """The header of a fetched mail; None where it was not fetched, or is one of ours."""
    if one.data is None:
        return None
    header = parse_header(split_header(one.data)[0])
    if header.has(OWN_MAIL_HEADER.lower().encode()):
        return None
    sender = sender_of(header, Limits()).address
    digest = hashlib.sha256(one.data).hexdigest()
    return KeptHeader(datetime.now(UTC), sender, None, digest, stored_header(header))
