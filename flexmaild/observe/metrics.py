"""Counts: one small method for each thing worth counting.

`Metrics` is made once by `daemon.main` from the list in `observe.metric_definitions`; every method may be
called from any thread. It never raises for a value it does not know, and nothing reads it back to decide
anything.
"""

import platform
from collections.abc import Callable, Iterable, Mapping
from itertools import product

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from flexmaild import __version__
from flexmaild.core.errors import Reason
from flexmaild.core.model import MailKind, Outcome, State
from flexmaild.core.work import JobState
from flexmaild.observe.incidents import Kind
from flexmaild.observe.metric_definitions import METRICS, OPEN_JOBS, Metric, Named


class Metrics:
    """Counts what happens. Times are seconds since the epoch, durations seconds.

    Every child of every label set exists at 0 from the start. A value that is in no label set (a sink
    that a reload has just removed, an unknown command) is not counted rather than made a new child.
    on_bug: is told of each unhandled exception, by component.
    """

    def __init__(
        self,
        *,
        components: Iterable[str] = (),
        heartbeats: Iterable[str] = (),
        commands: Iterable[str] = (),
    ) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the series and are not used
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.on_bug: Callable[[str], object] = lambda component: None
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        self._children: dict[str, frozenset[tuple[str, ...]]] = {}
        for metric in METRICS:
            self._create(metric)
        self._heartbeats = tuple(heartbeats)
        self._lasting = (*self._heartbeats, *components)
        self._names = {Named.COMMANDS: tuple(commands)}
        self.configure()
        self._gauge("flexmaild_build_info", __version__, platform.python_version(), value=1)

    def configure(
        self,
        *,
        incoming: Iterable[str] = (),
        outgoing: Iterable[str] = (),
        sinks: Iterable[str] = (),
        applications: Iterable[str] = (),
        components: Iterable[str] = (),
    ) -> None:
        """Take over the names of new settings: new children at 0, those of removed names dropped.

        components: threads that are there beside those given at construction.
        """
        self._names |= {
            Named.COMPONENTS: (*self._lasting, *components),
            Named.HEARTBEATS: (*self._heartbeats, *components),
            Named.INCOMING: tuple(incoming),
            Named.OUTGOING: tuple(outgoing),
            Named.SINKS: tuple(sinks),
            Named.APPLICATIONS: tuple(applications),
        }
        for metric in METRICS:
            if metric.labels:
                self._renew_children(metric)

    def reloaded(self, *, ok: bool, at: float) -> None:
        """A reload was asked for and ended so."""
        self._count("flexmaild_config_reloads_total", "success" if ok else "failure")
        self.settings_in_force(ok=ok, at=at)

    def settings_in_force(self, *, ok: bool, at: float) -> None:
        """The start counts as a success of the settings without being a reload."""
        self._gauge("flexmaild_config_last_reload_successful", value=ok)
        if ok:
            self._gauge("flexmaild_config_last_reload_success_timestamp_seconds", value=at)

    def poll_interval(self, seconds: float) -> None:
        self._gauge("flexmaild_poll_interval_seconds", value=seconds)

    def poll_ended(self, transport: str, *, seconds: float, at: float, failed: Reason | None = None) -> None:
        self._count("flexmaild_polls_total", transport)
        self._histograms["flexmaild_poll_duration_seconds"].observe(seconds)
        if failed is None:
            self._gauge("flexmaild_poll_last_success_timestamp_seconds", value=at)
        else:
            self._count("flexmaild_poll_failures_total", transport, failed)

    def mailbox(self, messages: int) -> None:
        self._gauge("flexmaild_mailbox_messages", value=messages)

    def mail_received(self, outcome: Outcome) -> None:
        self._count("flexmaild_messages_received_total", outcome)

    def mails_deleted(self, number: int) -> None:
        self._count("flexmaild_messages_deleted_total", by=number)

    def quarantined(self, number: int) -> None:
        self._gauge("flexmaild_messages_quarantined", value=number)

    def incidents(self, kinds: Iterable[Kind]) -> None:
        """Those of which any is open."""
        open_ = set(kinds)
        for kind in Kind:
            self._gauge("flexmaild_incidents", kind, value=kind in open_)

    def mail_sent(self, transport: str, kind: MailKind) -> None:
        self._count("flexmaild_messages_sent_total", transport, kind)

    def mail_failed(self, transport: str, reason: Reason) -> None:
        self._count("flexmaild_message_send_failures_total", transport, reason)

    def decision(self, state: State, latency: float) -> None:
        """A request reached its final state `latency` seconds after it was made; the latency is that of
        people, so an expiry or a cancellation is not observed."""
        self._count("flexmaild_decisions_total", state)
        if state in (State.APPROVED, State.REJECTED):
            self._histograms["flexmaild_decision_latency_seconds"].observe(latency)

    def approval_counts(self, counts: Mapping[State, int]) -> None:
        for state in State:
            self._gauge("flexmaild_approvals", state, value=counts.get(state, 0))

    def job_counts(
        self, outbox: Mapping[JobState, int], deliveries: Mapping[str, Mapping[JobState, int]]
    ) -> None:
        """How many jobs stand in which state: mails, and deliveries by sink; what is missing is 0."""
        for state in OPEN_JOBS:
            self._gauge("flexmaild_outbox_messages", state, value=outbox.get(state, 0))
        for sink, state in product(self._names[Named.SINKS], OPEN_JOBS):
            number = deliveries.get(sink, {}).get(state, 0)
            self._gauge("flexmaild_delivery_queue_events", sink, state, value=number)

    def delivery_ended(self, sink: str, failed: Reason | None = None) -> None:
        self._count("flexmaild_deliveries_total", sink)
        if failed is not None:
            self._count("flexmaild_delivery_failures_total", sink, failed)

    def token_expires(self, application: str, at: float) -> None:
        self._gauge("flexmaild_token_expiry_timestamp_seconds", application, value=at)

    def heartbeat(self, component: str, at: float) -> None:
        self._gauge("flexmaild_component_last_heartbeat_timestamp_seconds", component, value=at)

    def control_request(self, command: str, result: str) -> None:
        """A request on the control socket ended; `result` is a word of `api.routes.RESULTS`."""
        self._count("flexmaild_control_requests_total", command, result)

    def unhandled(self, component: str) -> None:
        self._count("flexmaild_unhandled_exceptions_total", component)
        self.on_bug(component)

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """The scrape's body and its Content-Type, in the format that the Accept header prefers."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def _create(self, metric: Metric) -> None:
        labels = tuple(metric.labels)
        if metric.kind is Counter:
            self._counters[metric.name] = Counter(metric.name, metric.help, labels, registry=self.registry)
        elif metric.kind is Gauge:
            self._gauges[metric.name] = Gauge(metric.name, metric.help, labels, registry=self.registry)
        else:
            self._histograms[metric.name] = Histogram(
                metric.name, metric.help, labels, registry=self.registry, buckets=metric.buckets
            )

    def _renew_children(self, metric: Metric) -> None:
        values = [self._names[v] if isinstance(v, Named) else v for v in metric.labels.values()]
        wanted = list(product(*values))
        family = self._counters.get(metric.name) or self._gauges[metric.name]
        for child in self._children.get(metric.name, frozenset()).difference(wanted):
            family.remove(*child)
        for child in wanted:
            family.labels(*child)
        self._children[metric.name] = frozenset(wanted)

    def _count(self, name: str, *labels: str, by: float = 1) -> None:
        counter = self._counters[name]
        if not labels:
            counter.inc(by)
        elif labels in self._children[name]:
            counter.labels(*labels).inc(by)

    def _gauge(self, name: str, *labels: str, value: float) -> None:
        gauge = self._gauges[name]
        if not labels:
            gauge.set(value)
        elif labels in self._children[name]:
            gauge.labels(*labels).set(value)
