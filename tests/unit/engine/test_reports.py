"""Incidents: each trouble is one entry, told when it begins, when its cause changes and when it is over."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from flexmaild.core.documents import as_json
from flexmaild.core.ports import FolderState, Unreadable
from flexmaild.core.timing import iso
from flexmaild.core.work import Job, JobEnd, JobState, Queue
from flexmaild.engine.reports import Reports
from flexmaild.oauth.grants import ApplicationState, ApplicationStatus
from flexmaild.observe.conditions import socket_gone
from flexmaild.observe.health import LONG_JOB, LONGEST_SILENCE, Health, PollEnded, WentBack
from flexmaild.observe.incidents import Kind, not_ready
from flexmaild.observe.metrics import Metrics
from flexmaild.store import Counts, StoreBusy, StoreConflict, StoreFull
from flexmaild.system.clock import TrustedClock
from flexmaild.system.notify import Manager
from tests.support.manual_clock import START, ManualClock


class Watch:
    """Reports on a clock that is moved by hand, and what they told."""

    def __init__(self) -> None:
        self.hands = ManualClock()
        clock = TrustedClock(self.hands)
        self.metrics = Metrics(components=["publish"], heartbeats=["timers"])
        self.health = Health(clock, clock.now())
        self.reports = Reports(clock, self.metrics, self.health, Manager())
        self.metrics.on_bug = self.health.bug_met
        self.health.watch(["outbox", "poller", "sink folder"], ["folder"])
        self.health.watch_mailbox(timedelta(minutes=5))

    def open(self) -> list[tuple[str, str]]:
        found = [as_json(one.document()) for one in self.reports.look()]
        for kind in Kind:
            gauge = self.metrics.registry.get_sample_value("flexmaild_incidents", {"kind": kind.value})
            assert gauge == (kind.value in {one["kind"] for one in found})
        return [(one["kind"], one["subject"]) for one in found]

    def only(self) -> dict[str, Any]:
        (incident,) = self.reports.look()
        return dict(as_json(incident.document()))


@pytest.fixture
def watch() -> Iterator[Watch]:
    yield Watch()


def job(target: str = "outgoing") -> Job:
    queue = Queue.OUTBOX if target == "outgoing" else Queue.DELIVERY
    return Job("m-1", queue, target, "notification", "k", {}, START, START)


def end(result: str, error: str = "", reason: str = "", closed: str = "") -> JobEnd:
    return JobEnd("m-1", 1, result, START, reason, error, closed=closed)


def polled(fault: str = "", reason: str = "", *, can_delete: bool = True) -> PollEnded:
    folder = None if fault else FolderState(0, can_delete)
    return PollEnded("imap", 0.1, folder, START, 0, 0, fault, reason, step="connect" if fault else "")


def counts(**jobs: int) -> Counts:
    """Deliveries by sink that wait; given_up: those that were given up on."""
    given_up = jobs.pop("given_up", 0)
    found = {(Queue.DELIVERY, sink, JobState.QUEUED): n for sink, n in jobs.items()}
    if given_up:
        found[(Queue.OUTBOX, "outgoing", JobState.FAILED)] = given_up
    return Counts(found, {}, 0)


def application(state: ApplicationState, error: str = "", **more: Any) -> ApplicationStatus:
    code = "AADSTS7000222" if error else ""
    return ApplicationStatus("m365", "microsoft", "device_code", state, error=error, error_code=code, **more)


def test_a_server_that_is_down_is_one_incident_told_once_until_it_is_over(watch: Watch) -> None:
    with capture_logs() as told:
        for _ in range(5):
            watch.reports.job_ended(job(), end("later", "mail.x:25 refused", "network", "connect"))
            watch.hands.pass_(60)
    assert [one["event"] for one in told if one["log_level"] != "debug"] == ["incident"]
    shown = watch.only()
    assert (shown["kind"], shown["subject"], shown["count"]) == ("outgoing_failed", "outgoing", 5)
    assert "mail.x:25 refused" in shown["said"] and shown["since"] < shown["last"]
    with capture_logs() as told:
        watch.reports.job_ended(job(), end("ok"))
    assert [(one["event"], one.get("count")) for one in told][-1] == ("incident is over", 5)
    assert watch.open() == []


def test_another_cause_is_told_and_another_kind_is_another_incident(watch: Watch) -> None:
    with capture_logs() as told:
        watch.reports.job_ended(job(), end("later", "no route", "network", "connect"))
        watch.reports.job_ended(job(), end("later", "no greeting", "timeout", "greeting"))
        watch.reports.job_ended(job(), end("later", "535 no", "auth", "login"))
    events = [(one["event"], one["kind"]) for one in told if one["log_level"] != "debug"]
    assert events[:2] == [("incident", "outgoing_failed")] * 2
    assert sorted(events[2:]) == [("incident", "login_refused"), ("incident is over", "outgoing_failed")]
    assert watch.open() == [("login_refused", "outgoing")]


def test_mail_that_waited_leaves_when_the_way_is_open_again_and_not_before(watch: Watch) -> None:
    calls: list[int] = []
    watch.reports.on_recovery = lambda: calls.append(1)
    watch.reports.job_ended(job(), end("later", "450 greylisted", "server"))
    watch.reports.job_ended(job(), end("ok"))
    assert calls == []
    watch.reports.job_ended(job(), end("later", "no route", "network", "connect"))
    watch.reports.job_ended(job(), end("later", "450 greylisted", "server"))
    watch.reports.job_ended(job(), end("ok"))
    assert calls == [1]


def test_a_mailbox_that_is_not_read_for_three_intervals_makes_the_daemon_not_ready(watch: Watch) -> None:
    watch.reports.poll_ended(polled("cannot connect", "network"))
    assert (watch.open(), not_ready(watch.reports.look())) == ([("mailbox_unreadable", "replies")], [])
    watch.hands.pass_(16 * 60)
    (reason,) = not_ready(watch.reports.look())
    assert "replies have not been read for 960 seconds: cannot connect" in reason
    assert watch.only()["since"] == iso(START)
    watch.reports.poll_ended(polled())
    assert (watch.open(), not_ready(watch.reports.look())) == ([], [])


def test_a_login_that_is_refused_and_a_folder_that_keeps_its_mails_are_named(watch: Watch) -> None:
    watch.reports.poll_ended(polled("NO [AUTHENTICATIONFAILED]", "auth"))
    assert watch.open() == [("login_refused", "replies")]
    watch.reports.poll_ended(polled(can_delete=False))
    assert watch.open() == [("mailbox_not_deletable", "replies")]
    assert watch.only()["cure"]


def test_an_application_without_token_is_told_once_for_all_that_needs_it(watch: Watch) -> None:
    calls: list[int] = []
    watch.reports.on_recovery = lambda: calls.append(1)
    error = "the secret is not valid"
    watch.reports.tokens = lambda: [application(ApplicationState.DEAD, error, cure="Make a new one.")]
    watch.reports.job_ended(job(), end("later", f"no token: {error}", "auth", "token"))
    watch.reports.poll_ended(polled(f"no token: {error}", "auth"))
    assert watch.open() == [("login_refused", "OAuth application m365")]
    assert watch.only()["said"].endswith("Make a new one.")
    watch.reports.tokens = lambda: [application(ApplicationState.READY)]
    watch.reports.applications()
    watch.reports.poll_ended(polled())
    watch.reports.job_ended(job(), end("ok"))
    assert (watch.open(), calls) == ([], [1, 1])


WITHHELD = Unreadable(2, "INBOX", "the server refused (I/O error)")
WENT_BACK = WentBack("imap://u@h/INBOX", 3, 7, 9)


def test_mails_that_are_not_handed_out_and_numbers_that_went_back_are_told_until_they_are_not(
    watch: Watch,
) -> None:
    watch.reports.poll_ended(replace(polled(), unreadable=WITHHELD, went_back=WENT_BACK))
    withheld, back = watch.reports.look()
    assert withheld.condition.said == (
        "mails in INBOX that the server does not hand out: 2 (the server refused (I/O error)); they are not"
        " judged, stay there, and are tried again"
    )
    assert back.condition.said == (
        "numbers of mails went back in imap://u@h/INBOX: mails with the numbers of others that were read"
        " before: 3; the next mail will get number 7, and 9 was given before"
    )
    assert (withheld.condition.count, back.condition.count) == (2, 3)
    watch.reports.poll_ended(polled("no answer"))
    assert len(watch.open()) == 3
    watch.reports.poll_ended(polled())
    assert watch.open() == []


def alarm(watch: Watch) -> None:
    more = {"alarm_at": START, "alarm": "its certificate ends", "clock_skew": 1000.0}
    soon = application(ApplicationState.READY, **more)
    watch.reports.tokens = lambda: [soon]
    watch.reports.applications()


def behind(watch: Watch) -> None:
    watch.hands.pass_(1, jump=-7200)


def silent(watch: Watch) -> None:
    for component in ("outbox", "poller", "sink folder", "timers", "gone"):
        watch.health.beat(component)
    watch.hands.pass_(LONGEST_SILENCE + 1)
    watch.reports.poll_ended(polled())


def held_up(watch: Watch) -> None:
    for component in ("outbox", "poller", "sink folder", "timers", "gone"):
        watch.health.beat(component)
    watch.hands.pass_(LONG_JOB + 1)
    watch.reports.look()


def no_socket(watch: Watch) -> None:
    watch.health.socket_gone = socket_gone("gone", "bind it")


def unread_for_open_requests(watch: Watch) -> None:
    watch.health.watch_mailbox(None)
    watch.health.open_requests = 2


def given_up(watch: Watch) -> None:
    watch.reports.counted(counts(given_up=3), {})


def sink_fails(watch: Watch) -> None:
    watch.reports.job_ended(job("folder"), end("later", "full", "server"))


def every_mail_is_put_off_for_long(watch: Watch) -> None:
    watch.health.watch_mailbox(None)
    for _ in range(4):
        watch.reports.job_ended(job(), end("later", "451 try again", "server"))
        watch.hands.pass_(400)


def greylisted(watch: Watch) -> None:
    for _ in range(4):
        watch.reports.job_ended(job(), end("later", "450 greylisted", "server"))
        watch.hands.pass_(60)


def single_mail_is_put_off(watch: Watch) -> None:
    watch.reports.job_ended(job(), end("later", "450 greylisted", "server"))


def border_matches_nothing(watch: Watch) -> None:
    watch.reports.borders([("mx", "matches nothing", "name it")])


def polls(watch: Watch, **found: Any) -> None:
    watch.reports.poll_ended(replace(polled(), **found))
    watch.reports.poll_ended(polled("no answer"))  # which ends neither
    watch.reports.poll_ended(replace(polled(), **found))


STATES: dict[str, tuple[Callable[[Watch], object], list[tuple[str, str]]]] = {
    "certificate": (alarm, [(kind, "OAuth application m365") for kind in ("settings_at_risk", "clock")]),
    "clock": (behind, [("clock", "system clock")]),
    "silent threads": (
        silent,
        [
            *(("outgoing_failed", "outbox"), ("mailbox_unreadable", "poller")),
            *(("sink_hung", "sink folder"), ("bug", "timers")),
        ],
    ),
    "held up": (held_up, [("outgoing_failed", "outbox"), ("sink_hung", "sink folder")]),
    "switched off": (unread_for_open_requests, [("settings_at_risk", "incoming")]),
    "sink gone": (lambda w: w.reports.counted(counts(other=2), {}), [("settings_at_risk", "sink other")]),
    "sink of requests gone": (
        lambda w: setattr(w.health, "unserved", {"other": 1}),
        [("settings_at_risk", "sink other")],
    ),
    "given up": (given_up, [("outgoing_failed", "outgoing, given up")]),
    "sink": (sink_fails, [("sink_failed", "sink folder")]),
    "put off for long": (every_mail_is_put_off_for_long, [("outgoing_failed", "outgoing")]),
    "greylisted": (greylisted, []),
    "put off": (single_mail_is_put_off, []),
    "metrics": (lambda w: setattr(w.health, "metrics_fault", "taken"), [("settings_at_risk", "metrics")]),
    "control": (no_socket, [("socket_gone", "control socket")]),
    "reload": (lambda w: setattr(w.health, "settings_fault", "line 3"), [("reload_refused", "settings")]),
    "hung": (lambda w: setattr(w.health, "hung_transaction", 61.0), [("transaction_hung", "store")]),
    "locked": (lambda w: w.reports.store_failed(StoreBusy("held")), [("store_locked", "store")]),
    "full": (lambda w: w.reports.store_failed(StoreFull("no space")), [("disk", "store")]),
    "conflict": (lambda w: w.reports.store_failed(StoreConflict("stale")), []),
    "bug": (lambda w: w.metrics.unhandled("publish"), [("bug", "in publish")]),
    "withheld": (lambda w: polls(w, unreadable=WITHHELD), [("mail_unreadable", "replies")]),
    "went back": (lambda w: polls(w, went_back=WENT_BACK), [("uids_went_back", "replies")]),
    "border": (border_matches_nothing, [("border_unmatched", "mx")]),
}  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_whatever_is_wrong_is_an_incident_with_its_kind(watch: Watch, name: str) -> None:
    bring_about, wanted = STATES[name]
    assert watch.open() == []
    bring_about(watch)
    assert sorted(watch.open()) == sorted(wanted)
    assert all(one.condition.said for one in watch.reports.look())


def test_a_bug_is_remembered_for_a_day(watch: Watch) -> None:
    watch.metrics.unhandled("publish")
    watch.metrics.unhandled("publish")
    assert watch.only()["count"] == 2
    watch.health.watch_mailbox(None)
    watch.hands.pass_(86401)
    assert watch.open() == []


def test_sinks_named_as_parts_of_the_daemon_hide_nothing(watch: Watch) -> None:
    watch.health.watch(["outbox", "sink incoming", "sink replies"], ["replies"])
    unread_for_open_requests(watch)
    watch.reports.counted(counts(incoming=1), {})
    watch.health.open_requests = 2
    watch.reports.job_ended(job("replies"), end("later", "401", "auth", "login"))
    assert len(not_ready(watch.reports.look())) == 2
    assert sorted(watch.open()) == [
        *(("login_refused", "sink replies"), ("settings_at_risk", "incoming")),
        ("settings_at_risk", "sink incoming"),
    ]


def test_an_outage_whose_reasons_alternate_is_one_incident(watch: Watch) -> None:
    watch.hands.pass_(16 * 60)
    with capture_logs() as told:
        for reason in ("auth", "network", "auth"):
            watch.reports.poll_ended(polled("it fails", reason))
        watch.reports.job_ended(job(), end("later", "no route", "network", "connect"))
        watch.reports.job_ended(job(), end("give_up", "550 no such user", "server"))
        watch.reports.job_ended(job(), end("later", "no route", "network", "connect"))
    assert watch.open() == [("mailbox_unreadable", "replies"), ("outgoing_failed", "outgoing")]
    assert [one for one in told if one["event"] == "incident is over"] == []


def test_a_way_for_which_nothing_waits_any_more_is_no_incident(watch: Watch) -> None:
    watch.reports.job_ended(job("folder"), end("later", "full", "server", "write"))
    watch.reports.counted(counts(folder=1), {})
    assert watch.open() == [("sink_failed", "sink folder")]
    watch.reports.counted(counts(), {})
    assert watch.open() == []


def test_a_sink_that_a_reload_took_away_begins_no_incident(watch: Watch) -> None:
    watch.health.watch(["outbox", "poller"], [])
    watch.reports.job_ended(job("folder"), end("later", "full", "server", "write"))
    assert watch.open() == []


def test_a_look_asks_no_application_and_waits_for_none(watch: Watch) -> None:
    def hangs() -> list[ApplicationStatus]:
        raise AssertionError("asked")

    watch.reports.tokens = hangs
    assert watch.reports.look() == ()
