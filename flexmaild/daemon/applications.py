"""Makes the token manager from the settings: the applications, who signs in, what for, where tokens are kept.

Called by `daemon.wiring`. Contacts no server.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from flexmaild.core.errors import Reason, TryLater
from flexmaild.engine.components import Components
from flexmaild.oauth.clouds import Use
from flexmaild.oauth.grants import OAuthApplication
from flexmaild.oauth.manager import TokenManager
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.schema import Settings
from flexmaild.system.clock import Clock


def build_tokens(settings: Settings, clock: Clock, old: Components | None) -> TokenManager | None:
    """The token manager; the one in use where nothing it depends on has changed, users and purposes
    included."""
    if not settings.oauth_applications:
        return None
    if old and old.tokens and _token_facts(settings) == _token_facts(old.settings):
        return old.tokens
    applications = {n: _application(n, settings) for n in settings.oauth_applications}
    keys = {n: a.token_key.read for n, a in settings.oauth_applications.items() if a.token_key}
    from flexmaild.oauth.token_store import TokenStore  # late: cryptography is 7 MB that few settings need

    store = TokenStore(settings.state_directory / "oauth", keys)
    wall = clock.now
    return TokenManager(applications, store, clock=lambda: wall().timestamp(), monotonic=clock.steady)


def _token_facts(settings: Settings) -> object:
    names = settings.oauth_applications
    uses = {n: ([w.username for w in _users_of(n, settings)], list(_uses(n, settings))) for n in names}
    return names, uses, settings.state_directory


def _certificate(path: Path) -> str:
    """The application's certificate as PEM; it may be replaced while we run."""
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not PEM text"
        cure = "Put the certificate there as PEM, readable by flexmaild."
        text = f"the certificate {path} cannot be read: {why}"
        raise TryLater(Reason.AUTH, text, step="certificate", cure=cure) from None


def _application(name: str, settings: Settings) -> OAuthApplication:
    """One application for the token manager, with what the transports need its tokens for."""
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
        certificate=partial(_certificate, certificate.certificate) if certificate else None,
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
    return [way for way in ways if way.oauth_application == name and way.uses_oauth]


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
