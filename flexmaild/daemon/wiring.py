"""Builds the components from the settings. Tests of a server (`engine.doctor`, `api.handlers`) build adapters
of their own.

`load_settings` reads the file; `build` makes all components, and keeps those whose settings did not change.
Nothing is started here, and a failure leaves nothing behind.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from flexmaild.core import jobs
from flexmaild.core.addresses import domain_of, normal
from flexmaild.core.approval.admission import SenderPolicy
from flexmaild.core.errors import Failure
from flexmaild.core.references import ReferenceKeys
from flexmaild.core.work import Queue
from flexmaild.daemon.applications import build_tokens
from flexmaild.engine.changes import Context
from flexmaild.engine.components import Components
from flexmaild.engine.delivery import delivery
from flexmaild.engine.delivery.delivery import Delivery
from flexmaild.engine.delivery.job_handlers import EventHandler, MailHandler
from flexmaild.engine.delivery.sent_mails import SentMails
from flexmaild.engine.keys.reference_key import reference_keys, remember_key
from flexmaild.engine.limiter import Limiter
from flexmaild.engine.operator_templates import operator_templates
from flexmaild.engine.policies import policy_of, rules_of
from flexmaild.engine.polling import poller
from flexmaild.engine.polling.poller import Poller
from flexmaild.engine.sandbox.parent import Sandbox
from flexmaild.mail.compose.render import Renderer
from flexmaild.mail.compose.write import ComposeSettings
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.oauth.manager import TokenManager
from flexmaild.oauth.refresher import TokenRefresher
from flexmaild.settings import describe
from flexmaild.settings.faults import Finding
from flexmaild.settings.load import Kinds, load
from flexmaild.settings.schema import Settings, SinkSettings
from flexmaild.sinks import SINKS, build_sink
from flexmaild.store import Store
from flexmaild.system.clock import TrustedClock
from flexmaild.transports import INCOMING, OUTGOING, build_inbox, build_outbox
from flexmaild.transports.context import AdapterContext

# How long decisions are delivered before they count as failed (Standard Webhooks: days, not hours).
_DELIVERIES_GIVE_UP = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What components work with. tokens_changed: called when the state of an OAuth application has
    changed."""

    clock: TrustedClock
    store: Store
    deliveries: delivery.Work
    poller: poller.Work
    trace: Callable[[str], None]
    child_died: Callable[[str], None]
    tokens_changed: Callable[[], object]


def load_settings(path: str | os.PathLike[str], *, check_secrets: bool = True) -> Settings:
    """Read and check the settings file. Raises SettingsError with every fault."""
    return load(
        path, outgoing=OUTGOING, incoming=INCOMING, sinks=SINKS, check_secrets=check_secrets, built=_built
    )


def _built(settings: Settings) -> Iterator[Finding]:
    """Faults that a start would find although each setting is valid by itself. Opens nothing."""
    parts: list[tuple[tuple[str, ...], Callable[[], object]]] = [
        (("approvals", "words"), lambda: rules_of(settings)),
        (("approvals",), lambda: policy_of(settings)),
        (("outgoing",), lambda: build_outbox(settings.outgoing, AdapterContext())),
        (("incoming",), lambda: build_inbox(settings.incoming, AdapterContext())),
    ]
    parts += [(("sinks", name), partial(build_sink, sink)) for name, sink in settings.sinks.items()]
    for path, build_part in parts:
        try:
            build_part()
        except (Failure, ValueError) as fault:
            yield Finding(path, str(fault))


def schema() -> dict[str, Any]:
    """The JSON Schema of the settings file, with every kind there is."""
    return describe.schema(Kinds(OUTGOING, INCOMING, SINKS))


def build(path: Path, settings: Settings, into: Surroundings, old: Components | None = None) -> Components:
    """The components of these settings. Raises SettingsError, Failure or OSError; then nothing was
    changed."""
    same = _same_sections(settings, old)
    tokens = build_tokens(settings, into.clock, old)
    adapter_context = old.adapter_context if old and old.tokens is tokens else _adapter_context(tokens, into)
    keys = reference_keys(settings)
    sources = operator_templates(settings.notifications.templates)
    compose_settings = _compose_settings(settings, sources, old)
    rules = rules_of(settings)
    context = Context(
        keys=keys,
        domain=compose_settings.message_id_domain,
        senders=SenderPolicy(settings.incoming.sender_authentication.require),
        limiter=old.context.limiter
        if old and "approvals" in same
        else Limiter(settings.approvals.answers_per_hour),
        id_keys=remember_key(settings, keys),
    )
    return Components(
        settings_file=path,
        settings=settings,
        rules=rules,
        context=context,
        policy=policy_of(settings),
        compose_settings=compose_settings,
        template_sources=sources,
        deliveries=_deliveries(settings, into, adapter_context, keys, compose_settings, same, old),
        poller=_poller(settings, into, adapter_context, rules, keys, same, old),
        tokens=tokens,
        refresher=_refresher(tokens, into, old),
        adapter_context=adapter_context,
        poll_interval=settings.incoming.process_interval if settings.incoming.enabled else None,
    )


def _refresher(
    tokens: TokenManager | None, into: Surroundings, old: Components | None
) -> TokenRefresher | None:
    if old and old.tokens is tokens:
        return old.refresher
    return TokenRefresher(tokens, into.tokens_changed, into.deliveries.died) if tokens else None


def _adapter_context(tokens: TokenManager | None, into: Surroundings) -> AdapterContext:
    return AdapterContext(
        token=tokens.token if tokens else None,
        trace=into.trace,
        graph_root=tokens.graph_root if tokens else None,
    )


def _same_sections(settings: Settings, old: Components | None) -> frozenset[str]:
    """The sections that are equal to those in force."""
    if old is None:
        return frozenset()
    names = type(settings).model_fields
    return frozenset(n for n in names if getattr(settings, n) == getattr(old.settings, n))


def _deliveries(
    settings: Settings,
    into: Surroundings,
    adapter_context: AdapterContext,
    keys: ReferenceKeys,
    compose_settings: ComposeSettings,
    same: frozenset[str],
    old: Components | None,
) -> Mapping[tuple[Queue, str], Delivery]:
    deliveries: dict[tuple[Queue, str], Delivery] = {}
    place = (Queue.OUTBOX, jobs.OUTGOING)
    if (
        old
        and "outgoing" in same
        and old.adapter_context.token is adapter_context.token
        and (old.compose_settings, old.context.keys) == (compose_settings, keys)
    ):
        deliveries[place] = old.deliveries[place]
    else:
        handler = MailHandler(build_outbox(settings.outgoing, adapter_context), compose_settings, keys)
        deliveries[place] = Delivery(into.deliveries, *place, handler, settings.outgoing.give_up_after)
    for name, sink in settings.sinks.items():
        place = (Queue.DELIVERY, name)
        if old and old.settings.sinks.get(name) == sink and place in old.deliveries:
            deliveries[place] = old.deliveries[place]
        else:
            deliveries[place] = _sink(into, name, sink)
    return deliveries


def _sink(into: Surroundings, name: str, sink: SinkSettings) -> Delivery:
    handler = EventHandler(build_sink(sink))
    return Delivery(into.deliveries, Queue.DELIVERY, name, handler, _DELIVERIES_GIVE_UP)


def _poller(
    settings: Settings,
    into: Surroundings,
    adapter_context: AdapterContext,
    rules: Rules,
    keys: ReferenceKeys,
    same: frozenset[str],
    old: Components | None,
) -> Poller | None:
    if not settings.incoming.enabled:
        return None
    # A key may come from a file whose content has changed while the settings have not.
    unchanged = {"incoming", "outgoing", "approvals"} <= same and old and old.context.keys == keys
    if old and old.poller and unchanged and old.adapter_context.token is adapter_context.token:
        return old.poller
    return Poller(
        into.poller,
        settings.incoming.transport,
        settings.incoming.process_count,
        build_inbox(settings.incoming, adapter_context),
        Sandbox(rules, into.child_died, SentMails(into.store, keys)),
    )


def _compose_settings(
    settings: Settings, sources: Mapping[str, str], old: Components | None
) -> ComposeSettings:
    unchanged = old is not None and old.template_sources == sources
    return ComposeSettings(
        from_address=settings.outgoing.from_address,
        reply_address=settings.incoming.reply_address,
        message_id_domain=domain_of(normal(settings.outgoing.from_address)),
        plus_address=settings.incoming.plus_address,
        language=settings.approvals.language,
        templates=old.compose_settings.templates if old and unchanged else Renderer(sources),
    )
