"""The table of sinks: each kind that `sinks.NAME.kind` may name, its settings, and what is built from them.

`daemon.wiring` passes `SINKS` to `settings.load`, so that an unknown kind is a fault of the settings, and
calls `build_sink` for each configured sink. To add one: its file, and its line. Apart, so that a sink stays
one file.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from flexmaild.core.ports import Sink
from flexmaild.core.steps import Step
from flexmaild.settings.schema import SinkSettings
from flexmaild.sinks.dropfile import Dropfile, DropfileSettings
from flexmaild.sinks.exec import Exec, ExecSettings
from flexmaild.sinks.webhook.settings import WebhookSettings


class ExaminedSink(Sink, Protocol):
    """What each kind of sink is."""

    def examine(self) -> Step:
        """Whether an event could be delivered now; delivers none. For `doctor`."""


def _webhook(settings: WebhookSettings) -> ExaminedSink:
    # With it come requests and urllib3, 7 MB that a daemon without webhooks need not load.
    from flexmaild.sinks.webhook.sink import Webhook

    return Webhook(settings)


_TABLE: tuple[tuple[str, type[SinkSettings], Callable[[Any], ExaminedSink]], ...] = (
    ("dropfile", DropfileSettings, Dropfile),
    ("exec", ExecSettings, Exec),
    ("webhook", WebhookSettings, _webhook),
)

SINKS: Mapping[str, type[SinkSettings]] = {kind: settings for kind, settings, _ in _TABLE}


def examine_sinks(sinks: Mapping[str, SinkSettings]) -> list[Step]:
    """For each sink, whether it could deliver now. Delivers nothing."""
    return [replace(build_sink(settings).examine(), name=f"sink {name}") for name, settings in sinks.items()]


def build_sink(settings: SinkSettings) -> ExaminedSink:
    """The sink that these settings describe. No I/O: a sink that cannot work says so when it delivers."""
    for _, kind, build in _TABLE:
        if isinstance(settings, kind):
            return build(settings)
    raise TypeError(f"no sink is built from {type(settings).__name__}")
