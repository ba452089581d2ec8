"""From settings to parts: the only file that knows every adapter and builds them.

`load_settings` reads the file with the kinds there are; `build` makes one generation of parts, taking over
from the one before what did not change. Nothing is started here, and a failure leaves nothing behind.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from flexmaild.core import jobs
from flexmaild.core.addresses import domain_of, normal
from flexmaild.core.admission import SenderPolicy
from flexmaild.core.opening import Delegation, Policy
from flexmaild.core.work import Queue
from flexmaild.daemon.applications import build_tokens
from flexmaild.daemon.clock import Clock
from flexmaild.daemon.crafts import MailCraft, SinkCraft
from flexmaild.daemon.intake import Intake, IntakeSettings
from flexmaild.daemon.items import Item
from flexmaild.daemon.judge import Terms
from flexmaild.daemon.keeper import Keeper
from flexmaild.daemon.limiter import Limiter
from flexmaild.daemon.own_key import REFERENCE_KEY_FILE, kept_key, own_key
from flexmaild.daemon.parts import Parts
from flexmaild.daemon.reader import Reader
from flexmaild.daemon.sent_mails import SentMails
from flexmaild.daemon.templates import operator_templates
from flexmaild.daemon.worker import Worker
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.compose.render import Renderer
from flexmaild.mail.compose.write import Stationery
from flexmaild.mail.understand.rules import Rules
from flexmaild.net.clouds import Purpose
from flexmaild.net.oauth import TokenDesk
from flexmaild.settings import describe
from flexmaild.settings.load import Kinds, load
from flexmaild.settings.schema import Settings, SinkSettings
from flexmaild.settings.sender_authentication import SenderAuthentication, plain
from flexmaild.sinks import SINKS, build_sink
from flexmaild.store.beside import StoreBeside
from flexmaild.store.read_only import ReadOnlyStore
from flexmaild.transports import INCOMING, OUTGOING, build_inbox, build_outbox
from flexmaild.transports.tools import Tools

# How long decisions are delivered before they count as failed (Standard Webhooks: days, not hours).
DELIVERIES_GIVE_UP = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Tie:
    """What ties parts to the daemon: its queue, its clock, its heartbeats, its journal."""

    put: Callable[[Item], None]
    beat: Callable[[str], None]
    clock: Clock
    trace: Callable[[str], None]
    on_child_death: Callable[[str], None]
    keep_secret: Callable[[str], None]


def load_settings(path: str | os.PathLike[str], *, check_secrets: bool = True) -> Settings:
    """Read and check the settings file. Raises SettingsError with every fault."""
    return load(path, outgoing=OUTGOING, incoming=INCOMING, sinks=SINKS, check_secrets=check_secrets)


def schema() -> dict[str, Any]:
    """The JSON Schema of the settings file, with every kind there is."""
    return describe.schema(Kinds(OUTGOING, INCOMING, SINKS))


def build(path: Path, settings: Settings, tie: Tie, old: Parts | None = None) -> Parts:
    """All parts of these settings. Raises SettingsError, Failure or OSError; then nothing was changed."""
    same = _same_sections(settings, old)
    tokens = build_tokens(settings, tie.clock, old)
    tools = old.tools if old and old.tokens is tokens else _tools(tokens, tie)
    key = _reference_key(settings)
    sources = operator_templates(settings.notifications.templates)
    stationery = _stationery(settings, sources, old)
    rules = _rules(settings)
    terms = Terms(
        key=key,
        domain=stationery.message_id_domain,
        senders=SenderPolicy(settings.incoming.sender_authentication.require),
        limiter=old.terms.limiter
        if old and "approvals" in same
        else Limiter(settings.approvals.answers_per_hour),
    )
    return Parts(
        settings_file=path,
        settings=settings,
        rules=rules,
        terms=terms,
        policy=_policy(settings),
        stationery=stationery,
        template_sources=sources,
        workers=_workers(settings, tie, tools, key, stationery, same, old),
        intake=_intake(settings, tie, tools, rules, key, same, old),
        tokens=tokens,
        keeper=old.keeper if old and old.tokens is tokens else Keeper(tokens, tie.put) if tokens else None,
        tools=tools,
        poll_interval=settings.incoming.process_interval if settings.incoming.enabled else None,
    )


def _tools(tokens: TokenDesk | None, tie: Tie) -> Tools:
    return Tools(
        token=_supplier(tokens, tie) if tokens else None,
        trace=tie.trace,
        graph_root=tokens.graph_root if tokens else None,
    )


def _supplier(tokens: TokenDesk, tie: Tie) -> Callable[..., str]:
    """The desk's tokens, each made known to the redaction of the journal before anybody uses it."""

    def token(application: str, purpose: Purpose, *, force: bool = False) -> str:
        value = tokens.token(application, purpose, force=force)
        tie.keep_secret(value)
        return value

    return token


def _same_sections(settings: Settings, old: Parts | None) -> frozenset[str]:
    """The sections that are equal to those in force."""
    if old is None:
        return frozenset()
    names = type(settings).model_fields
    return frozenset(n for n in names if getattr(settings, n) == getattr(old.settings, n))


def _workers(
    settings: Settings,
    tie: Tie,
    tools: Tools,
    key: bytes,
    stationery: Stationery,
    same: frozenset[str],
    old: Parts | None,
) -> Mapping[tuple[Queue, str], Worker]:
    workers: dict[tuple[Queue, str], Worker] = {}
    place = (Queue.OUTBOX, jobs.OUTGOING)
    if (
        old
        and "outgoing" in same
        and old.tools.token is tools.token
        and (old.stationery, old.terms.key) == (stationery, key)
    ):
        workers[place] = old.workers[place]
    else:
        craft = MailCraft(build_outbox(settings.outgoing, tools), stationery, key, tie.clock)
        workers[place] = Worker(
            jobs.OUTGOING,
            craft,
            settings.outgoing.give_up_after,
            tie.put,
            lambda: tie.beat("outbox"),
            tie.clock,
        )
    for name, sink in settings.sinks.items():
        place = (Queue.DELIVERY, name)
        if old and old.settings.sinks.get(name) == sink and place in old.workers:
            workers[place] = old.workers[place]
        else:
            workers[place] = _sink_worker(name, sink, tie)
    return workers


def _sink_worker(name: str, sink: SinkSettings, tie: Tie) -> Worker:
    craft = SinkCraft(build_sink(sink), tie.clock)
    return Worker(name, craft, DELIVERIES_GIVE_UP, tie.put, lambda: tie.beat(f"sink {name}"), tie.clock)


def sent_mails(settings: Settings, key: bytes) -> SentMails:
    """What was sent, for one thread that has replies read; it closes it."""
    return SentMails(ReadOnlyStore(settings.store.url, state_directory=settings.state_directory), key)


def _intake(
    settings: Settings,
    tie: Tie,
    tools: Tools,
    rules: Rules,
    key: bytes,
    same: frozenset[str],
    old: Parts | None,
) -> Intake | None:
    if not settings.incoming.enabled:
        return None
    # The key may come from a file whose content has changed while the settings have not.
    unchanged = {"incoming", "outgoing", "approvals"} <= same and old and old.terms.key == key
    if old and old.intake and unchanged and old.tools.token is tools.token:
        return old.intake
    sent = sent_mails(settings, key)
    return Intake(
        IntakeSettings(settings.incoming.transport, settings.incoming.process_count),
        build_inbox(settings.incoming, tools),
        Reader(rules, tie.on_child_death, sent),
        sent,
        tie.put,
        lambda: tie.beat("intake"),
        tie.clock,
    )


def _policy(settings: Settings) -> Policy:
    approvals, proof = settings.approvals, settings.incoming.sender_authentication
    return Policy(
        expire_after=approvals.expire_after,
        remind_after=approvals.remind_after,
        settle_for=approvals.settle_for,
        on_expiry=approvals.on_expiry,
        escalate_after=approvals.escalate_after,
        escalate_to=approvals.escalate_to,
        comment_on_reject=approvals.comment_on_reject,
        require=proof.require,
        delegations=tuple(
            Delegation(normal(d.from_), normal(d.to), d.since, d.until) for d in approvals.delegations
        ),
        sinks=tuple(settings.sinks),
        max_approvers=approvals.max_approvers,
        languages={normal(a): tag for a, tag in approvals.languages_by_approver.items()},
        can_prove=proof.can_prove,
        reads_logins="auth" in proof.can_prove,
        own_domains=frozenset(domain_of(address) for address in _own_addresses(settings)),
    )


def _own_addresses(settings: Settings) -> tuple[str, ...]:
    incoming = settings.incoming
    own = (settings.outgoing.from_address, incoming.reply_address, *incoming.reply_aliases)
    return tuple(normal(address) for address in own)


def _rules(settings: Settings) -> Rules:
    incoming, approvals = settings.incoming, settings.approvals
    authentication = incoming.sender_authentication
    return Rules.of(
        *_own_addresses(settings),
        names=["flexmaild"],
        approve=approvals.words.approve,
        reject=approvals.words.reject,
        languages=approvals.languages,
        max_comment=approvals.max_comment,
        comments=approvals.comments,
        ignore_lines=approvals.ignore_lines,
        borders=_borders(authentication),
        exchange_online=authentication.exchange_online,
        verify_dkim=authentication.verify_dkim,
    )


def _borders(authentication: SenderAuthentication) -> Iterator[Border]:
    for name in authentication.trusted_authserv_ids:
        yield Border(plain(name))
    for border in authentication.borders:
        host = plain(border.host or "")
        yield Border(plain(border.id), host, border.results, border.submission, border.via)


def rules_without_dns(settings: Settings) -> Rules:
    """For who reads a mail outside the daemon: signatures are not checked, which would need DNS."""
    return replace(_rules(settings), verify_dkim=False)


def _stationery(settings: Settings, sources: Mapping[str, str], old: Parts | None) -> Stationery:
    unchanged = old is not None and old.template_sources == sources
    return Stationery(
        from_address=settings.outgoing.from_address,
        reply_address=settings.incoming.reply_address,
        message_id_domain=domain_of(normal(settings.outgoing.from_address)),
        plus_address=settings.incoming.plus_address,
        language=settings.approvals.language,
        templates=old.stationery.templates if old and unchanged else Renderer(sources),
    )


def _reference_key(settings: Settings) -> bytes:
    """The operator's key, or the one made at the first start; without it open references are worthless."""
    if settings.approvals.reference_key is not None:
        return settings.approvals.reference_key.read().encode()
    return own_key(settings.state_directory / REFERENCE_KEY_FILE)


def store_beside(settings: Settings) -> StoreBeside:
    """The store, for who looks into it from another process than the daemon's. Raises StoreFault."""
    return StoreBeside(settings.store.url, state_directory=settings.state_directory)


def known_reference_key(settings: Settings) -> bytes:
    """The same, where no key is to be made. Raises Failure or OSError."""
    if settings.approvals.reference_key is not None:
        return settings.approvals.reference_key.read().encode()
    return kept_key(settings.state_directory / REFERENCE_KEY_FILE)
