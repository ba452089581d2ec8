"""The adapter context: what an adapter needs in addition to its settings; and the protocols of the settings
classes that make adapters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from flexmaild.core.oauth import Purpose
from flexmaild.core.ports import Inbox, Outbox
from flexmaild.core.steps import Step
from flexmaild.net.sasl import Credentials
from flexmaild.settings.mail import Incoming, Outgoing


class TokenSupplier(Protocol):
    """Returns an OAuth access token for an application under `oauth_applications`.

    force: a new one, since the server refused the last.
    """

    def __call__(self, application: str, purpose: Purpose, *, force: bool = False) -> str: ...


@dataclass(frozen=True, slots=True)
class AdapterContext:
    """token: None without OAuth applications. trace: receives the lines of the dialogue with a server,
    without secrets and bodies; None for no trace. graph_root: the address of Graph in an application's cloud;
    None for the global one."""

    token: TokenSupplier | None = None
    trace: Callable[[str], None] | None = None
    graph_root: Callable[[str], str] | None = None


def credentials_of(settings: Outgoing | Incoming, purpose: Purpose, context: AdapterContext) -> Credentials:
    """The credentials that these settings name."""

    def password() -> str:
        return settings.password.read() if settings.password else ""

    def token(renew: bool) -> str:
        assert context.token
        return context.token(settings.oauth_application, purpose, force=renew)

    return Credentials(password, token if context.token and settings.oauth_application else None)


@runtime_checkable
class MakesOutbox(Protocol):
    """A settings class for outgoing mail."""

    def outbox(self, context: AdapterContext) -> Outbox: ...


@runtime_checkable
class MakesInbox(Protocol):
    """A settings class for incoming mail."""

    def inbox(self, context: AdapterContext) -> Inbox: ...


@runtime_checkable
class Examined(Protocol):
    """A settings class whose server can be tried step by step."""

    def examine(self, context: AdapterContext) -> list[Step]: ...
