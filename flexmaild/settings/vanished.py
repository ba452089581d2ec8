"""What runs and is not in the new file: a file that was emptied, cut, or lost a section by mistake.

Asked by `daemon.reload` before anything is replaced. What is switched off in words is no mistake.
"""

from collections.abc import Iterator

from flexmaild.settings.faults import Fault
from flexmaild.settings.mail import Outgoing
from flexmaild.settings.schema import Settings


def vanished(file: str, running: Settings, wanted: Settings) -> tuple[Fault, ...]:
    """A fault for each section that runs and that the file says nothing of."""
    return tuple(
        Fault.of_file(file, f"{name} runs and is not in the file any more: {cure}")
        for name, cure in _missing(running, wanted)
    )


def _missing(running: Settings, wanted: Settings) -> Iterator[tuple[str, str]]:
    if _is_given(running.outgoing) and not _is_given(wanted.outgoing):
        yield "outgoing", "put it back"
    if running.incoming.enabled and "enabled" not in wanted.incoming.model_fields_set:
        yield "incoming", "put it back, or write incoming: {enabled: false} to read no replies"
    if running.sinks and "sinks" not in wanted.model_fields_set:
        yield "sinks", "put it back, or write sinks: {} to deliver no decisions"
    if running.oauth_applications and "oauth_applications" not in wanted.model_fields_set:
        yield "oauth_applications", "put it back, or write oauth_applications: {}"


def _is_given(outgoing: Outgoing) -> bool:
    """Whether a file said anything of it; `resolved_outgoing` fills in the mailbox."""
    return bool(outgoing.model_fields_set - {"mailbox"})
