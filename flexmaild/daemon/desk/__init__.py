"""Answers the control socket: one function for each command of `control.routes`, in the files of this folder.

Two tables: what is answered by the loop (it owns the store), and what the caller's own thread does because
it talks to a server or waits. The desk holds no rule about approvals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flexmaild.control.call import Answer, Call
from flexmaild.control.problems import Problem
from flexmaild.daemon.desk import (
    approvals,
    arrivals,
    notifications,
    oauth,
    probes,
    queues,
    self_test,
    service,
)
from flexmaild.daemon.house import House
from flexmaild.daemon.items import Asked, Item

# How long the loop may take for a command, seconds; it answers in milliseconds unless the disk hangs.
LOOP_SECONDS = 30.0

BY_LOOP: Mapping[str, Callable[[House, Call], Answer]] = {
    "status": service.status,
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
    "quarantine.release": queues.quarantine_mark_released,
    "audit.verify": service.verify_audit,
    "self_test.arrived": self_test.arrived,
    "doctor.arrived": arrivals.last,
    "doctor.headers": arrivals.headers,
    "quarantine.header": queues.quarantine_header,
}

BY_CALLER: Mapping[str, Callable[[Desk, Call], Answer]] = {
    "test_email": probes.try_outgoing,
    "test_incoming": probes.try_incoming,
    "doctor": probes.doctor,
    "self_test": self_test.self_test,
    "process": service.process,
    "reload": service.reload,
    "log_level": service.log_level,
    "approval.wait": approvals.wait,
    "quarantine.show": queues.quarantine_show_with_results,
    "quarantine.release": queues.quarantine_release,
    "oauth.status": oauth.status,
    "oauth.authorize": oauth.authorize,
    "oauth.progress": oauth.progress,
    "oauth.forget": oauth.forget,
}


class Desk:
    """The server's `Desk`; called from its threads."""

    def __init__(self, house: House, put: Callable[[Item], None]) -> None:
        self.house = house
        self.put = put

    def handle(self, command: str, call: Call) -> Answer:
        own = BY_CALLER.get(command)
        return own(self, call) if own else self.ask(command, call)

    def ask(self, command: str, call: Call) -> Answer:
        """Have the loop answer. Raises TimeoutError when it is too slow."""
        item = Asked(command, call)
        self.put(item)
        return item.answer.result(LOOP_SECONDS)


def answer(house: House, command: str, call: Call) -> Answer:
    """The loop's side of `Desk.ask`."""
    function = BY_LOOP.get(command)
    if function is None:
        raise Problem(404, detail=f"{command} is not a command of this daemon")
    return function(house, call)
