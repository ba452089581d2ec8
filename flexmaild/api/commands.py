"""The commands of the control socket: their table, and how a call reaches its function in `api.handlers`.

Each runs in a thread of the API: it prepares what is slow, changes something in one transaction, or only
reads. Those that wait or stream run in the event loop. Holds no rule about approvals.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

from flexmaild.api.call import Answer, CommandRequest, Run
from flexmaild.api.handlers import (
    approvals,
    events,
    notifications,
    oauth,
    probes,
    queues,
    self_test,
    service,
)
from flexmaild.api.handlers.files import Incoming
from flexmaild.api.handlers.once import AnsweredBefore
from flexmaild.api.problems import AGAIN_SOON, Problem
from flexmaild.engine.services import Services
from flexmaild.store import DamagedRow, StoreFault, StorePassing

COMMANDS: Mapping[str, Callable[[Services, CommandRequest], Answer]] = {
    "status": service.status,
    "process": service.process,
    "reload": service.reload,
    "log_level": service.log_level,
    "clock.accept": service.accept_clock,
    "audit.verify": service.verify_audit,
    "approval.request": approvals.request,
    "approval.list": approvals.listed,
    "approval.show": approvals.show,
    "approval.reply": approvals.reply,
    "approval.cancel": approvals.cancel,
    "approval.remind": approvals.remind,
    "approval.resend": approvals.resend,
    "notification.send": notifications.send,
    "notification.show": queues.show_mail,
    **queues.commands_of("outbox"),
    **queues.commands_of("deliveries"),
    "quarantine.list": queues.quarantine_list,
    "quarantine.show": queues.quarantine_show,
    "quarantine.raw": queues.quarantine_raw,
    "quarantine.drop": queues.quarantine_drop,
    "quarantine.release": queues.quarantine_release,
    "test_email": probes.try_outgoing,
    "test_incoming": probes.try_incoming,
    "doctor": probes.doctor,
    "self_test": self_test.self_test,
    "oauth.status": oauth.status,
    "oauth.authorize": oauth.authorize,
    "oauth.forget": oauth.forget,
}
WAITING: Mapping[str, Callable[[Services, CommandRequest, Run], Awaitable[Answer]]] = {
    "approval.wait": approvals.wait,
    "oauth.progress": oauth.progress,
}


_STREAMING: Mapping[str, Callable[[Services, CommandRequest, Run], AsyncIterator[bytes]]] = {
    "events": events.stream,
}

# Commands that need a correct clock.
_BY_THE_CLOCK = frozenset(
    {
        "process",
        "approval.request",
        "approval.cancel",
        "approval.remind",
        "approval.resend",
        "notification.send",
        "quarantine.release",
    }
)


class Handlers:
    """The API's `Handlers`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def handle(self, command: str, call: CommandRequest) -> Answer:
        if command in _BY_THE_CLOCK and (doubt := self._services.clock.doubt()):
            detail, headers = f"{doubt.said}; nothing was done", AGAIN_SOON
            raise Problem(
                503, "The time is not known", detail, cure=doubt.cure, kind="clock", headers=headers
            )
        with _store_faults():
            try:
                return COMMANDS[command](self._services, call)
            except AnsweredBefore as before:
                return before.answer

    def receive(self, call: CommandRequest, declared: int) -> Incoming:
        return Incoming(self._services, call, declared)

    async def stream(self, command: str, call: CommandRequest, run: Run) -> AsyncGenerator[bytes]:
        with _store_faults():
            async for piece in _STREAMING[command](self._services, call, run):
                yield piece

    async def wait(self, command: str, call: CommandRequest, run: Run) -> Answer:
        with _store_faults():
            return await WAITING[command](self._services, call, run)


@contextmanager
def _store_faults() -> Iterator[None]:
    try:
        yield
    except StoreFault as fault:
        raise _of_store(fault) from fault


def _of_store(fault: StoreFault) -> Problem:
    """The problem for a fault of the store; nothing was carried out."""
    if isinstance(fault, DamagedRow):  # asking again is no use
        return Problem(500, "A row of the store is damaged", fault.text, cure=fault.cure, kind="damaged-row")
    headers = AGAIN_SOON if isinstance(fault, StorePassing) else {}
    return Problem(503, "The store failed", fault.text, cure=fault.cure, kind="store", headers=headers)
