"""The metrics are those of the contract, all there from the start, and hold nothing that names a person."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from flexmaild.api.routes import RESULTS
from flexmaild.core.errors import Reason
from flexmaild.core.model import MailKind, Outcome, State
from flexmaild.core.work import JobState
from flexmaild.observe.metric_definitions import METRICS, Named
from flexmaild.observe.metrics import Metrics

ROOT = Path(__file__).parents[3]


@pytest.fixture
def metrics() -> Metrics:
    made = Metrics(components=["intake"], heartbeats=["loop"], commands=["status"])
    made.configure(incoming=["imap"], outgoing=["smtp"], sinks=["folder", "hook"], applications=["m365"])
    return made


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def children(metrics: Metrics, name: str) -> list[dict[str, str]]:
    return [s.labels for family in metrics.registry.collect() for s in family.samples if s.name == name]


def test_every_child_is_there_at_0_from_the_start(metrics: Metrics) -> None:
    """A rate over a counter sees its first increment, because the series existed before."""
    assert {c["outcome"] for c in children(metrics, "flexmaild_messages_received_total")} == set(Outcome)
    assert {c["kind"] for c in children(metrics, "flexmaild_messages_sent_total")} == set(MailKind)
    assert {c["state"] for c in children(metrics, "flexmaild_approvals")} == set(State)
    for name in ("poll_failures", "message_send_failures", "delivery_failures"):
        assert {c["reason"] for c in children(metrics, f"flexmaild_{name}_total")} == set(Reason)
    assert value(metrics, "flexmaild_deliveries_total", sink="hook") == 0
    assert value(metrics, "flexmaild_decisions_total", decision="rejected") == 0
    assert value(metrics, "flexmaild_config_reloads_total", result="failure") == 0
    assert value(metrics, "flexmaild_control_requests_total", command="status", result="refused") == 0


def test_a_removed_sink_leaves_no_series_and_a_kept_one_keeps_its_count(metrics: Metrics) -> None:
    """A reload drops the children of what is gone, and nothing that ends late brings them back."""
    metrics.delivery_ended("folder")
    metrics.delivery_ended("hook", Reason.TIMEOUT)
    metrics.configure(incoming=["imap"], outgoing=["graph"], sinks=["folder"])
    metrics.delivery_ended("hook")
    metrics.mail_sent("smtp", MailKind.TEST)
    assert value(metrics, "flexmaild_deliveries_total", sink="folder") == 1
    assert {c["sink"] for c in children(metrics, "flexmaild_delivery_failures_total")} == {"folder"}
    assert {c["transport"] for c in children(metrics, "flexmaild_messages_sent_total")} == {"graph"}
    assert children(metrics, "flexmaild_token_expiry_timestamp_seconds") == []


def test_only_success_moves_the_freshness_signal(metrics: Metrics) -> None:
    """A failed poll counts as a poll and as a failure, and leaves the last success where it was."""
    metrics.poll_ended("imap", seconds=0.2, at=1000.0)
    metrics.poll_ended("imap", seconds=30.0, at=2000.0, failed=Reason.TIMEOUT)
    assert value(metrics, "flexmaild_polls_total", transport="imap") == 2
    assert value(metrics, "flexmaild_poll_failures_total", transport="imap", reason="timeout") == 1
    assert value(metrics, "flexmaild_poll_last_success_timestamp_seconds") == 1000.0
    assert value(metrics, "flexmaild_poll_duration_seconds_count") == 2


def test_a_bad_reload_is_seen_and_the_good_one_before_it_remembered(metrics: Metrics) -> None:
    """The gauge says how the last reload went, the timestamp since when the settings are in force."""
    metrics.settings_in_force(ok=True, at=10.0)
    assert value(metrics, "flexmaild_config_reloads_total", result="success") == 0
    metrics.reloaded(ok=False, at=20.0)
    assert value(metrics, "flexmaild_config_last_reload_successful") == 0
    assert value(metrics, "flexmaild_config_last_reload_success_timestamp_seconds") == 10.0
    assert value(metrics, "flexmaild_config_reloads_total", result="failure") == 1


def test_counts_taken_from_the_store_replace_those_before(metrics: Metrics) -> None:
    """A state that is not mentioned has no jobs any more, and unknown sinks make no series."""
    metrics.job_counts({JobState.QUEUED: 3}, {"hook": {JobState.FAILED: 2}, "gone": {JobState.QUEUED: 9}})
    metrics.job_counts({JobState.DONE: 7}, {"hook": {JobState.FAILED: 1}})
    assert value(metrics, "flexmaild_outbox_messages", state="queued") == 0
    assert value(metrics, "flexmaild_delivery_queue_events", sink="hook", state="failed") == 1
    assert {c["sink"] for c in children(metrics, "flexmaild_delivery_queue_events")} == {"folder", "hook"}
    assert {c["state"] for c in children(metrics, "flexmaild_outbox_messages")} == {
        "queued",
        "deferred",
        "held",
        "failed",
    }


def test_only_a_person_s_decision_has_a_latency(metrics: Metrics) -> None:
    """An expiry is counted, but its latency is the setting's and not an approver's."""
    metrics.decision(State.APPROVED, 120.0)
    metrics.decision(State.EXPIRED, 604800.0)
    assert value(metrics, "flexmaild_decisions_total", decision="expired") == 1
    assert value(metrics, "flexmaild_decision_latency_seconds_count") == 1


def test_a_control_request_is_counted_by_how_it_ended(metrics: Metrics) -> None:
    """The words for the end of a request are the control socket's own."""
    for result in RESULTS:
        metrics.control_request("status", result)
        assert value(metrics, "flexmaild_control_requests_total", command="status", result=result) == 1


def test_what_no_label_set_knows_is_not_counted(metrics: Metrics) -> None:
    """A made-up command or component raises nothing and makes no series, so that nobody can flood us."""
    before = len(list(metrics.registry.collect()))
    metrics.control_request("../../etc", "ok")
    metrics.control_request("status", "whatever")
    metrics.unhandled("nobody")
    metrics.heartbeat("nobody", 1.0)
    metrics.token_expires("alice@example.com", 1.0)
    assert len(list(metrics.registry.collect())) == before
    assert b"alice" not in metrics.exposition()[0]


def test_each_method_reaches_the_metric_of_its_name(metrics: Metrics) -> None:
    """The small methods set what they say."""
    metrics.poll_interval(300.0)
    metrics.mailbox(12)
    metrics.mail_received(Outcome.LATE)
    metrics.mails_deleted(5)
    metrics.quarantined(2)
    metrics.mail_sent("smtp", MailKind.REMINDER)
    metrics.mail_failed("smtp", Reason.TLS)
    metrics.approval_counts({State.PENDING: 4})
    metrics.token_expires("m365", 99.0)
    metrics.heartbeat("loop", 77.0)
    metrics.unhandled("intake")
    assert value(metrics, "flexmaild_poll_interval_seconds") == 300.0
    assert value(metrics, "flexmaild_mailbox_messages") == 12
    assert value(metrics, "flexmaild_messages_received_total", outcome="late") == 1
    assert value(metrics, "flexmaild_messages_deleted_total") == 5
    assert value(metrics, "flexmaild_messages_quarantined") == 2
    assert value(metrics, "flexmaild_messages_sent_total", transport="smtp", kind="reminder") == 1
    assert value(metrics, "flexmaild_message_send_failures_total", transport="smtp", reason="tls") == 1
    assert value(metrics, "flexmaild_approvals", state="pending") == 4
    assert value(metrics, "flexmaild_token_expiry_timestamp_seconds", application="m365") == 99.0
    assert value(metrics, "flexmaild_component_last_heartbeat_timestamp_seconds", component="loop") == 77.0
    assert value(metrics, "flexmaild_unhandled_exceptions_total", component="intake") == 1


def test_the_scrape_is_readable_and_holds_process_and_python_metrics(metrics: Metrics) -> None:
    """Prometheus' own parser reads the scrape, in either format, and there are no _created series."""
    body, content_type = metrics.exposition("text/plain")
    names = {s.name for family in text_string_to_metric_families(body.decode()) for s in family.samples}
    assert {"process_resident_memory_bytes", "python_info", "python_gc_collections_total"} <= names
    assert "flexmaild_build_info" in names and not [n for n in names if n.endswith("_created")]
    assert content_type.startswith("text/plain")
    body, content_type = metrics.exposition("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text") and body.endswith(b"# EOF\n")


def test_two_sets_of_metrics_live_in_one_process(metrics: Metrics) -> None:
    """Nothing is registered globally."""
    Metrics()


def table_row(name: str, labels: str, text: str) -> str:
    return f"| `{name}{labels}` | {text} |"


def test_the_page_for_operators_lists_exactly_these_metrics() -> None:
    """docs/operating.md and the list in the code are equal, in order, labels and words."""
    rows = [table_row(m.name, "{" + ",".join(m.labels) + "}" if m.labels else "", m.help) for m in METRICS]
    page = (ROOT / "docs" / "operating.md").read_text()
    assert [line for line in page.splitlines() if line.startswith("| `flexmaild_")] == rows, "\n".join(rows)


def test_no_metric_can_take_a_free_text_as_a_label() -> None:
    """A label's values are a closed list of the code or names of the settings, nothing else."""
    for metric in METRICS:
        for values in metric.labels.values():
            assert isinstance(values, Named) or len(list(values)) < 30
