"""Commands that try the servers now, past every queue: test-email, test-incoming, doctor.

They run in the caller's thread with connections of their own, so that a worker that hangs cannot hide
behind them, nor they behind it.
"""

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from flexmaild.api import request_models
from flexmaild.api.call import Answer, CommandRequest
from flexmaild.api.handlers import arrivals
from flexmaild.api.problems import Problem
from flexmaild.core.addresses import normal
from flexmaild.core.documents.diagnosis import ArrivedMail
from flexmaild.core.documents.service import TestedEmail, TestedIncoming
from flexmaild.core.errors import NotAllowed
from flexmaild.core.masking import without_people
from flexmaild.core.model import Approver, MailKind
from flexmaild.core.ports import Envelope
from flexmaild.core.references import plain_message_id
from flexmaild.core.steps import Step
from flexmaild.core.work import KeptHeader, MailOrder
from flexmaild.engine import operator_actions, results_seen
from flexmaild.engine.components import Components
from flexmaild.engine.keys import former_keys
from flexmaild.engine.services import Services
from flexmaild.mail.compose.write import compose
from flexmaild.oauth.probe import examine_application
from flexmaild.sinks import examine_sinks
from flexmaild.transports import build_inbox, build_outbox, examine_incoming, examine_outgoing


def try_outgoing(services: Services, call: CommandRequest) -> Answer:
    """Send a test mail; a Failure becomes 502 with the failing step."""
    body = cast(request_models.TestEmail, call.body)
    try:
        to = normal(body.to)
    except ValueError as fault:
        raise NotAllowed("to", str(fault)) from None
    components, began = services.components, time.monotonic()
    components.retry_tokens()
    identifier = plain_message_id(f"test-{time.time_ns()}", components.context.domain)
    data = compose(
        MailOrder(MailKind.TEST, Approver(to)),
        None,
        "",
        components.compose_settings,
        date=datetime.now(UTC),
        message_id=identifier,
    )
    outbox, is_sent = build_outbox(components.settings.outgoing, components.adapter_context), False
    try:
        receipt = outbox.send(Envelope(identifier, components.compose_settings.from_address, (to,), data))
        is_sent = True
    finally:
        outbox.close()
        operator_actions.record(services, "test-email", call.peer.user, to=to, ok=is_sent)
    shown = TestedEmail(
        to=to,
        answer=receipt.answer,
        tls=receipt.tls,
        seconds=round(time.monotonic() - began, 3),
        server=_server(components.settings.outgoing),
        message_id=identifier,
    )
    return Answer(200, shown)


def try_incoming(services: Services, call: CommandRequest) -> Answer:
    """Log in, open the folder, count; nothing is read or deleted."""
    components, began = services.components, time.monotonic()
    components.retry_tokens()
    incoming = components.settings.incoming
    if not incoming.enabled:
        cure = "Set incoming.enabled: true and reload."
        raise Problem(409, "Nothing to test", "reading replies is switched off", kind="off", cure=cure)
    inbox = build_inbox(incoming, components.adapter_context)
    try:
        folder = inbox.open()
    finally:
        inbox.close()
    shown = TestedIncoming(
        folder=incoming.reply_folder,
        messages=folder.messages,
        can_delete=folder.can_delete,
        seconds=round(time.monotonic() - began, 3),
        server=_server(incoming),
        detail=folder.detail,
    )
    return Answer(200, shown)


def doctor(services: Services, call: CommandRequest) -> Answer:
    """Every step of both ways, with what was tried, what the server said, and the cure."""
    found = _steps(services.components)
    incoming = services.components.settings.incoming
    looked = results_seen.Look()
    if incoming.enabled:
        looked = results_seen.look(last_headers(services), services.components.rules, "that were read")
        found += looked.steps
        found.append(arrivals.last_step(arrivals.last(services), plus_address=incoming.plus_address))
        found += former_keys.steps(services.components.settings, services.store)
    shown = results_seen.diagnosis([step.document() for step in found], looked)
    return Answer(200, shown if call.viewer.sees_all else replace(shown, mails=_without_people(shown.mails)))


def _without_people(mails: Iterable[ArrivedMail]) -> list[ArrivedMail]:
    """Their results fields name the senders of others' replies."""
    return [
        replace(
            mail,
            fields=[
                replace(field, said=without_people(field.said), text=without_people(field.text))
                for field in mail.fields
            ],
        )
        for mail in mails
    ]


def last_headers(services: Services) -> list[KeptHeader]:
    """Of the last mails that were read, the newest first; our own are not among them."""
    return services.store.headers(results_seen.LAST)


def _steps(components: Components) -> list[Step]:
    settings, steps = components.settings, list[Step]()
    components.retry_tokens()
    if components.tokens is not None:
        for name in settings.oauth_applications:
            steps += examine_application(components.tokens, name)
    steps += examine_outgoing(settings.outgoing, components.adapter_context)
    if settings.incoming.enabled:
        steps += examine_incoming(settings.incoming, components.adapter_context)
    return steps + examine_sinks(settings.sinks)


def _server(section: Any) -> str:
    return f"{section.host}:{section.port}" if section.property_block else section.transport
