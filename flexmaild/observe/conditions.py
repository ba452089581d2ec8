"""Finds out what is wrong now, from the daemon's health: every incident begins here.

Pure: `engine.reports` calls it whenever something has changed, and for status requests. Sentences name the
component, its error, and the cure where there is one.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from flexmaild.core import timing
from flexmaild.core.errors import Reason, printable
from flexmaild.core.jobs import OUTGOING
from flexmaild.core.left_in_folder import LeftMails
from flexmaild.oauth.grants import ApplicationStatus
from flexmaild.oauth.status import SKEW_SECONDS
from flexmaild.observe.health import DOUBTED, LONG_JOB, Health, Mailbox
from flexmaild.observe.incidents import Condition, Kind

REPLIES, CLOCK = "replies", "system clock"
# Rows named in a sentence.
MOST_NAMED = 5
# "has not been read for three intervals" makes the daemon not ready.
_MISSED_INTERVALS = 3
# A clock that was set back by more is reported; time servers correct less by themselves.
_CLOCK_BEHIND = timedelta(seconds=60)
# A bug is reported until it has not occurred for so long.
_BUG_REMEMBERED = timedelta(days=1)


def conditions(health: Health, applications: Sequence[ApplicationStatus]) -> Iterator[Condition]:
    """All conditions that are present. applications: the states of the OAuth applications."""
    yield from _thread_conditions(health)
    yield from _long_job_conditions(health)
    yield from _store_conditions(health)
    yield from _settings_conditions(health)
    yield from _application_conditions(health, applications)
    reported = [one.error for one in applications if one.error]
    if doubt := health.clock.doubt():
        said = f"{doubt.said}: nothing is decided, nothing expires, and replies are not read"
        yield Condition(Kind.CLOCK, CLOCK, said, doubt.cure, stops=True)
    yield from _mailbox_conditions(health, reported)
    yield from _delivery_conditions(health, reported)
    behind = health.clock.behind()
    if behind >= _CLOCK_BEHIND and not doubt:
        said = (
            f"the system clock is {int(behind.total_seconds())} seconds behind what it was before; times are"
            " counted on from there: set the clock right (timedatectl)"
        )
        yield Condition(Kind.CLOCK, CLOCK, said, "Set the clock right (timedatectl).")
    yield from health.unmatched_borders
    if health.replies_refused is not None and not health.unmatched_borders:  # which say why
        yield health.replies_refused


def _thread_conditions(health: Health) -> Iterator[Condition]:
    for component in health.silent():
        said = f"{component} has sent no heartbeat"
        cure = "See the journal; a restart starts it anew."
        if component == "poller":
            yield Condition(Kind.MAILBOX_UNREADABLE, component, said, cure, stops=True)
        elif component == "outbox":
            yield Condition(Kind.OUTGOING_FAILED, component, said, cure, stops=True)
        elif component.startswith("sink "):
            yield Condition(Kind.SINK_HUNG, component, said, cure, stops=True)
        else:
            yield Condition(Kind.BUG, component, said, cure, stops=True)
    for component, (number, last) in list(health.bugs.items()):
        if health.clock.now() - last < _BUG_REMEMBERED:
            said = f"flexmaild met a bug in {component}, {number} times since its start"
            yield Condition(
                Kind.BUG, f"in {component}", said, "See the journal, and please report it.", number
            )


def _long_job_conditions(health: Health) -> Iterator[Condition]:
    for component in health.held_up():
        said = f"{component} has sent no heartbeat for {int(LONG_JOB)} seconds while it delivers:"
        if component == "outbox":
            cure = "See the mail server's log; the limits are mail.smtp.timeout and its like."
            said = f"{said} the server may be silent"
            yield Condition(Kind.OUTGOING_FAILED, component, said, cure)
        else:
            cure = "Look whether the file system of its directory answers (journalctl -k)."
            said = f"{said} what it delivers to may hang"
            yield Condition(Kind.SINK_HUNG, component, said, cure)


def _store_conditions(health: Health) -> Iterator[Condition]:
    if health.hung_transaction:
        said = f"a transaction has not ended for {int(health.hung_transaction)} seconds"
        cure = "Look whether the disk answers (journalctl -k)."
        yield Condition(Kind.TRANSACTION_HUNG, "store", said, cure, stops=True)
    if health.store_fault is not None:
        yield health.store_fault
    yield from health.damaged_rows


def damaged_row(table: str, number: int, ids: Sequence[str]) -> Condition:
    """ids: what names these rows, where that may be shown."""
    named = f" ({', '.join(ids[:MOST_NAMED])}{', …' if len(ids) > MOST_NAMED else ''})" if ids else ""
    said = f"rows of the store's table {table} that cannot be read: {number}{named}; all others go on"
    cure = (
        "Stop the daemon, keep a copy of the store, and put the rows back from a backup; nothing of them was"
        " deleted. Look for disk errors (journalctl -k)."
    )
    return Condition(Kind.DAMAGED_ROW, table, said, cure, number, cause=" ".join(ids))


def replies_refused(number: int, reason: str, read: str) -> Condition:
    said = f"the last {number} replies were refused for their sender's proof, and none was believed: {read}"
    cure = (
        "See flexmailctl quarantine show, doctor and self-test for what your border writes, correct"
        " incoming.sender_authentication, then release them (flexmailctl quarantine release)."
    )
    return Condition(Kind.REPLIES_REFUSED, REPLIES, said, cure, number, cause=reason)


def socket_gone(why: str, cure: str) -> Condition:
    said = f"no command reaches the daemon: {why}"
    return Condition(Kind.SOCKET_GONE, "control socket", said, cure, stops=True)


def _settings_conditions(health: Health) -> Iterator[Condition]:
    if health.settings_fault:
        said = f"the settings file has faults, the old settings stay in force: {health.settings_fault}"
        cure = "Correct the file and reload."
        yield Condition(Kind.RELOAD_REFUSED, "settings", said, cure, cause=health.settings_fault)
    if health.socket_gone is not None:
        yield health.socket_gone
    if health.metrics_fault:
        said = f"there are no metrics and no health checks: {health.metrics_fault}"
        cure = "Free the address, or give metrics.listen another; it is tried again by itself."
        yield Condition(Kind.SETTINGS_AT_RISK, "metrics", said, cure)
    if health.mailbox is None and health.open_requests:
        said = (
            "replies are not read (incoming.enabled is false) while open requests wait for them: "
            f"{health.open_requests}"
        )
        cure = "Set incoming.enabled: true and reload."
        yield Condition(Kind.SETTINGS_AT_RISK, "incoming", said, cure, stops=True)
    for name in sorted({*health.orphaned, *health.unserved}):
        waiting, wanting = health.orphaned.get(name, 0), health.unserved.get(name, 0)
        said = (
            f"{waiting} deliveries and {wanting} open requests need the sink {name}, which is no longer in"
            " the settings: put it back, or drop the deliveries (flexmailctl delivery list)"
        )
        cure = "Put the sink back and reload, or drop the deliveries."
        yield Condition(Kind.SETTINGS_AT_RISK, _subject(name), said, cure, stops=True)


def _application_conditions(health: Health, applications: Sequence[ApplicationStatus]) -> Iterator[Condition]:
    for one in applications:
        subject = f"OAuth application {one.application}"
        if one.error:
            said = f"{subject}: {one.error} {one.cure}".strip()
            yield Condition(Kind.LOGIN_REFUSED, subject, said, one.cure, cause=one.error_code)
        if one.alarm_at is not None and one.alarm_at <= health.clock.now():
            yield Condition(Kind.SETTINGS_AT_RISK, subject, f"{subject}: {one.alarm}")
        if abs(one.clock_skew or 0.0) > SKEW_SECONDS:
            said = f"{subject}: its clock and this machine's differ by minutes: set this one right (chrony)"
            yield Condition(Kind.CLOCK, subject, said, "Set this machine's clock right (chrony).")


def _mailbox_conditions(health: Health, reported: Sequence[str]) -> Iterator[Condition]:
    """reported: faults of OAuth applications, which are incidents of their own."""
    box = health.mailbox
    if box is None:
        return
    last = box.last
    fault = last.fault if last else ""
    unread = _unread_seconds(health, box)
    kind = Kind.LOGIN_REFUSED if last and last.reason == Reason.AUTH else Kind.MAILBOX_UNREADABLE
    cause = f"{last.reason} {last.step}" if last else ""
    if unread:
        said = f"replies have not been read for {int(unread)} seconds: {fault or 'no poll has ended'}"
        number = max(1, box.failures_in_a_row)
        yield Condition(Kind.MAILBOX_UNREADABLE, REPLIES, said, count=number, cause=cause, stops=True)
    elif fault and last and last.step != DOUBTED and not any(error in fault for error in reported):
        said = f"the last reading of replies failed: {fault}"
        yield Condition(kind, REPLIES, said, count=box.failures_in_a_row, cause=cause)
    if last and last.folder and not last.folder.can_delete:
        said = "mails in the reply folder cannot be deleted, so each stays there after it was read"
        cure = "Give the daemon's user the right to delete in that folder."
        detail = f": {last.folder.detail}" if last.folder.detail else ""
        yield Condition(Kind.MAILBOX_NOT_DELETABLE, REPLIES, said + detail, cure)
    yield from _mail_conditions(box)


def _mail_conditions(box: Mailbox) -> Iterator[Condition]:
    if withheld := box.unreadable:
        said = (
            f"mails in {withheld.folder} that the server does not hand out: {withheld.number}"
            f" ({printable(withheld.said)}); they are not judged, stay there, and are tried again"
        )
        cure = "See the mail server's log and the rights of its files, or remove those mails."
        yield Condition(Kind.MAIL_UNREADABLE, REPLIES, said, cure, withheld.number)
    if box.left:
        yield from _left_mail_conditions(box.left)
    if back := box.went_back:
        seen = []
        if back.reused:
            seen.append(f"mails with the numbers of others that were read before: {back.reused}")
        if back.next:
            seen.append(f"the next mail will get number {back.next}, and {back.highest} was given before")
        said = f"numbers of mails went back in {back.folder}: {'; '.join(seen)}"
        cure = (
            "Was the mailbox restored from a copy? Then look whether replies of the time since the copy are"
            " missing. It is over when new mails get numbers that no mail had; no mail is lost by it."
        )
        yield Condition(Kind.UIDS_WENT_BACK, REPLIES, said, cure, max(1, back.reused))


def _left_mail_conditions(left: LeftMails) -> Iterator[Condition]:
    full = "; no more of them are marked, so that each start reads the others again" if left.is_full else ""
    if left.unknown and left.since:
        said = (
            "replies to requests of ours that the store does not know, left in the folder:"
            f" {left.unknown}, the first read {timing.iso(left.since, 'seconds')}; to {', '.join(left.named)}"
        )
        cure = (
            "The store is older than these requests: stop the daemon and restore the newer store, with which"
            " it reads them by itself. Where there is none (`flexmaild store adopt` has given them up), ask"
            " again and remove these mails."
        )
        yield Condition(Kind.STORE_OLDER, REPLIES, said + full, cure, left.unknown)
    if left.foreign and left.newest:
        said = (
            f"replies to requests of another installation, left in the folder: {left.foreign}, the newest"
            f" read {timing.iso(left.newest, 'seconds')}"
        )
        cure = (
            "Give each installation a mailbox of its own, or a reply_address of its own (replies+test@…)"
            " whose mails the mail server sorts into a folder of its own. Remove what nobody reads."
        )
        yield Condition(Kind.FOREIGN_REPLIES, REPLIES, said + full, cure, left.foreign)


def _unread_seconds(health: Health, box: Mailbox) -> float:
    """For how many seconds the folder has not been read, if that is too long; else 0."""
    since = box.since if box.last_success_steady is None else box.last_success_steady
    unread = health.clock.steady() - since
    return unread if unread > _MISSED_INTERVALS * box.interval.total_seconds() else 0.0


def _delivery_conditions(health: Health, reported: Sequence[str]) -> Iterator[Condition]:
    """Conditions of targets that fail. A single deferred mail is none: other mails are sent."""
    for target, health_of_target in list(health.target_health.items()):
        if health_of_target.closed and not any(error in health_of_target.closed_by for error in reported):
            failed = Kind.OUTGOING_FAILED if target == OUTGOING else Kind.SINK_FAILED
            kind = Kind.LOGIN_REFUSED if health_of_target.closed_reason == Reason.AUTH else failed
            said = f"{target}: {health_of_target.closed_by}"
            yield Condition(
                kind, _subject(target), said, count=health_of_target.failures, cause=health_of_target.cause
            )
    for target, number in health.given_up.items():
        kind = Kind.OUTGOING_FAILED if target == OUTGOING else Kind.SINK_FAILED
        queue = "outbox" if target == OUTGOING else "delivery"
        said = f"{target}: {number} jobs were given up on (see flexmailctl {queue} list)"
        cure = f"Cure the cause, then flexmailctl {queue} retry --all, or drop them."
        yield Condition(kind, f"{_subject(target)}, given up", said, cure, number)


def _subject(target: str) -> str:
    """The subject of a target's incidents. A sink may have the name of a component, so it gets a prefix."""
    return target if target == OUTGOING else f"sink {target}"
