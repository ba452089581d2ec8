"""From settings to parts: the only file that knows every adapter and builds them.

`load_settings` reads the file with the kinds there are; `build` makes one generation of parts, taking over
from the one before what did not change. Nothing is started here, and a failure leaves nothing behind.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flexmaild.core import jobs
from flexmaild.core.addresses import domain_of, normal
from flexmaild.core.admission import SenderPolicy
from flexmaild.core.errors import GiveUp, Reason
from flexmaild.core.opening import Delegation, Policy
from flexmaild.core.work import Queue
from flexmaild.daemon.clock import Clock
from flexmaild.daemon.crafts import MailCraft, SinkCraft
from flexmaild.daemon.intake import Intake, IntakeSettings
from flexmaild.daemon.items import Item
from flexmaild.daemon.judge import Terms
from flexmaild.daemon.limiter import Limiter
from flexmaild.daemon.parts import Parts
from flexmaild.daemon.reader import Reader
from flexmaild.daemon.templates import operator_templates
from flexmaild.daemon.worker import Worker
from flexmaild.mail.render import Renderer
from flexmaild.mail.rules import Rules
from flexmaild.mail.write import Stationery
from flexmaild.net.clouds import Purpose, Use
from flexmaild.net.oauth import OAuthApplication, TokenDesk
from flexmaild.net.token_store import TokenStore
from flexmaild.settings import describe
from flexmaild.settings.load import Kinds, load
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.schema import Settings, SinkSettings
from flexmaild.sinks import SINKS, build_sink
from flexmaild.transports import INCOMING, OUTGOING, build_inbox, build_outbox
from flexmaild.transports.tools import Tools

REFERENCE_KEY_FILE = "reference.key"
KEY_BYTES = 32
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
    tokens = old.tokens if old and "oauth_applications" in same else _tokens(settings)
    tools = Tools(
        token=_supplier(tokens, tie) if tokens else None,
        trace=tie.trace,
        graph_root=tokens.graph_root if tokens else None,
    )
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
        intake=_intake(settings, tie, tools, rules, same, old),
        tokens=tokens,
        tools=tools,
        poll_interval=settings.incoming.process_interval if settings.incoming.enabled else None,
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
        and {"outgoing", "oauth_applications"} <= same
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


def _intake(
    settings: Settings, tie: Tie, tools: Tools, rules: Rules, same: frozenset[str], old: Parts | None
) -> Intake | None:
    if not settings.incoming.enabled:
        return None
    if old and old.intake and {"incoming", "outgoing", "approvals", "oauth_applications"} <= same:
        return old.intake
    return Intake(
        IntakeSettings(settings.incoming.transport, settings.incoming.process_count),
        build_inbox(settings.incoming, tools),
        Reader(rules, tie.on_child_death),
        tie.put,
        lambda: tie.beat("intake"),
        tie.clock,
    )


def _policy(settings: Settings) -> Policy:
    approvals = settings.approvals
    return Policy(
        expire_after=approvals.expire_after,
        remind_after=approvals.remind_after,
        on_expiry=approvals.on_expiry,
        escalate_after=approvals.escalate_after,
        escalate_to=approvals.escalate_to,
        comment_on_reject=approvals.comment_on_reject,
        require=settings.incoming.sender_authentication.require,
        delegations=tuple(
            Delegation(normal(d.from_), normal(d.to), d.since, d.until) for d in approvals.delegations
        ),
        sinks=tuple(settings.sinks),
        max_approvers=approvals.max_approvers,
        languages={normal(a): tag for a, tag in approvals.languages_by_approver.items()},
    )


def _rules(settings: Settings) -> Rules:
    incoming, approvals = settings.incoming, settings.approvals
    authentication = incoming.sender_authentication
    return Rules.of(
        normal(settings.outgoing.from_address),
        normal(incoming.reply_address),
        names=["flexmaild"],
        approve=approvals.words.approve,
        reject=approvals.words.reject,
        languages=approvals.languages,
        max_comment=approvals.max_comment,
        trusted_authserv_ids=authentication.trusted_authserv_ids,
        exchange_online=authentication.exchange_online,
        verify_dkim=authentication.verify_dkim,
    )


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


def own_key(path: Path) -> bytes:
    """32 random bytes kept in a file of our own (0600), made where there is none. Raises GiveUp, OSError."""
    try:
        key = path.read_bytes()
        if len(key) < KEY_BYTES:  # with an empty key anybody could make references
            cure = "Restore it from a backup, or remove it: then the mails of open requests are worthless."
            raise GiveUp(Reason.OTHER, f"{path} is damaged: it has {len(key)} bytes", cure=cure)
        return key
    except FileNotFoundError:
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        _sync(path.parent)
        return path.read_bytes()


def _sync(directory: Path) -> None:
    """A new name is on stable storage only when its directory is (fsync(2))."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _tokens(settings: Settings) -> TokenDesk | None:
    if not settings.oauth_applications:
        return None
    applications = {n: _application(n, settings) for n in settings.oauth_applications}
    keys = {n: a.token_key.read for n, a in settings.oauth_applications.items() if a.token_key}
    store = TokenStore(settings.state_directory / "oauth", keys)
    return TokenDesk(applications, store)


def _application(name: str, settings: Settings) -> OAuthApplication:
    """One entry as the token desk takes it, with what the transports need its tokens for."""
    entry = settings.oauth_applications[name]
    certificate = entry.certificate
    users = [part.username for part in _users_of(name, settings)]
    return OAuthApplication(
        provider=entry.provider,
        client_id=entry.client_id,
        tenant=entry.tenant,
        flow=entry.flow,
        client_secret=entry.client_secret.read if entry.client_secret else None,
        private_key=certificate.private_key.read if certificate else None,
        certificate=certificate.certificate.read_text if certificate else None,
        authority=entry.authority,
        cloud=entry.cloud,
        ca_file=str(entry.ca_file or ""),
        redirect_port=entry.redirect_port,
        user=users[0] if users else "",
        uses=tuple(_uses(name, settings)),
        scopes=entry.scopes,
    )


def _users_of(name: str, settings: Settings) -> list[Outgoing | Incoming]:
    ways: list[Outgoing | Incoming] = [settings.outgoing]
    if settings.incoming.enabled:
        ways.append(settings.incoming)
    return [
        w for w in ways if w.oauth_application == name and (w.auth_type == "oauth" or w.transport == "graph")
    ]


def _uses(name: str, settings: Settings) -> Iterator[Use]:
    for way in _users_of(name, settings):
        shared = bool(way.username) and way.mailbox.lower() != way.username.lower()
        if way.transport == "smtp":
            yield "smtp"
        elif way.transport == "imap":
            yield "imap"
        elif isinstance(way, Outgoing):
            yield "graph_send_shared" if shared else "graph_send"
        else:
            yield "graph_read_shared" if shared else "graph_read"
