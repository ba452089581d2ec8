"""Every metric of flexmaild in one list: name, help, labels and their closed values, in the operator's words.

`observe.metrics` makes its families from it, and the table in docs/operating.md is tested against it. No
label ever takes an address, a subject, a reference or a token: values are closed lists of the code, or
names that stand in the settings.
"""

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from prometheus_client import Counter, Gauge, Histogram

from flexmaild import __version__
from flexmaild.core.errors import Reason
from flexmaild.core.model import MailKind, Outcome, State
from flexmaild.core.work import JobState
from flexmaild.observe.incidents import Kind

# Half a poll's deadline is the last bucket but one; a decision takes minutes to the 7 days of `expire_after`.
POLL_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 150.0, 300.0)
_LATENCY_SECONDS = (60.0, 300.0, 900.0, 3600.0, 14400.0, 28800.0, 86400.0, 172800.0, 259200.0, 604800.0)

# The states of jobs that are not finished; `done` and `dropped` only grow.
OPEN_JOBS = (JobState.QUEUED, JobState.DEFERRED, JobState.HELD, JobState.FAILED)
DECIDED = tuple(state for state in State if state is not State.PENDING)


class Named(Enum):
    """Where a label's values come from when they are not a closed list of the code."""

    INCOMING = "the transports that read mail"
    OUTGOING = "the transports that send mail"
    SINKS = "the names under sinks"
    APPLICATIONS = "the names under oauth_applications"
    COMPONENTS = "the daemon's threads"
    HEARTBEATS = "those of them that give heartbeats"
    COMMANDS = "the control commands"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it is scraped. `labels` maps a label's name to its values or to where they come from;
    `buckets` are a histogram's, in seconds."""

    kind: type[Counter] | type[Gauge] | type[Histogram]
    name: str
    help: str
    labels: Mapping[str, Iterable[str] | Named] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()


METRICS = (
    Metric(
        Gauge,
        "flexmaild_build_info",
        "Always 1; the labels say what is running.",
        {"version": (__version__,), "python_version": (platform.python_version(),)},
    ),
    Metric(Gauge, "flexmaild_config_last_reload_successful", "1 if the last reload was applied, else 0."),
    Metric(
        Gauge,
        "flexmaild_config_last_reload_success_timestamp_seconds",
        "When the settings in force were applied.",
    ),
    Metric(
        Counter,
        "flexmaild_config_reloads_total",
        "Reloads by result.",
        {"result": ("success", "failure")},
    ),
    Metric(Gauge, "flexmaild_poll_interval_seconds", "The configured process_interval."),
    Metric(
        Counter,
        "flexmaild_polls_total",
        "Polls of the reply folder, failed ones included.",
        {"transport": Named.INCOMING},
    ),
    Metric(
        Counter,
        "flexmaild_poll_failures_total",
        "Polls that failed.",
        {"transport": Named.INCOMING, "reason": Reason},
    ),
    Metric(
        Gauge,
        "flexmaild_poll_last_success_timestamp_seconds",
        "When the reply folder was last read successfully; 0 if never.",
    ),
    Metric(
        Histogram,
        "flexmaild_poll_duration_seconds",
        "Duration of polls, failed ones included.",
        buckets=POLL_SECONDS,
    ),
    Metric(Gauge, "flexmaild_mailbox_messages", "Messages left in the reply folder by the last poll."),
    Metric(
        Counter,
        "flexmaild_messages_received_total",
        "Incoming mails by outcome.",
        {"outcome": Outcome},
    ),
    Metric(
        Counter,
        "flexmaild_messages_deleted_total",
        "Mails deleted from (or moved out of) the reply folder.",
    ),
    Metric(Gauge, "flexmaild_messages_quarantined", "Mails in quarantine."),
    Metric(
        Gauge,
        "flexmaild_incidents",
        "1 while an incident of this kind is open (see the command status).",
        {"kind": Kind},
    ),
    Metric(
        Counter,
        "flexmaild_messages_sent_total",
        "Mails accepted by a server.",
        {"transport": Named.OUTGOING, "kind": MailKind},
    ),
    Metric(
        Counter,
        "flexmaild_message_send_failures_total",
        "Attempts to send that failed.",
        {"transport": Named.OUTGOING, "reason": Reason},
    ),
    Metric(Gauge, "flexmaild_outbox_messages", "Mails not yet sent.", {"state": OPEN_JOBS}),
    Metric(Gauge, "flexmaild_approvals", "Approval requests in the store.", {"state": State}),
    Metric(
        Counter, "flexmaild_decisions_total", "Requests that reached a final state.", {"decision": DECIDED}
    ),
    Metric(
        Histogram,
        "flexmaild_decision_latency_seconds",
        "Time from the request to its approval or rejection.",
        buckets=_LATENCY_SECONDS,
    ),
    Metric(
        Counter,
        "flexmaild_deliveries_total",
        "Attempts to deliver a decision, failed ones included.",
        {"sink": Named.SINKS},
    ),
    Metric(
        Counter,
        "flexmaild_delivery_failures_total",
        "Attempts to deliver that failed.",
        {"sink": Named.SINKS, "reason": Reason},
    ),
    Metric(
        Gauge,
        "flexmaild_delivery_queue_events",
        "Decisions not yet delivered.",
        {"sink": Named.SINKS, "state": OPEN_JOBS},
    ),
    Metric(
        Gauge,
        "flexmaild_token_expiry_timestamp_seconds",
        "When the access token expires; 0 if there is none.",
        {"application": Named.APPLICATIONS},
    ),
    Metric(
        Gauge,
        "flexmaild_component_last_heartbeat_timestamp_seconds",
        "When the component sent its last heartbeat.",
        {"component": Named.HEARTBEATS},
    ),
    Metric(
        Counter,
        "flexmaild_control_requests_total",
        "Requests on the control socket.",
        {"command": Named.COMMANDS, "result": ("ok", "refused", "failed")},
    ),
    Metric(
        Counter,
        "flexmaild_unhandled_exceptions_total",
        "Bugs caught at the top of a thread.",
        {"component": Named.COMPONENTS},
    ),
)
