"""What an adapter may need beside its settings, and the shapes by which the table's classes make adapters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from flexmaild.core.oauth import Purpose
from flexmaild.core.ports import Inbox, Outbox
from flexmaild.core.steps import Step


class TokenSupplier(Protocol):
    """Gives an OAuth access token for an application under `oauth_applications`.

    force: a new one, since the server refused the last.
    """

    def __call__(self, application: str, purpose: Purpose, *, force: bool = False) -> str: ...


@dataclass(frozen=True, slots=True)
class AdapterContext:
    """token: None without OAuth applications. trace: takes the lines of the dialogue with a server, secrets
    and bodies left out; None when nobody listens. graph_root: the address of Graph in an application's
    cloud; None for the global one."""

    token: TokenSupplier | None = None
    trace: Callable[[str], None] | None = None
    graph_root: Callable[[str], str] | None = None


@runtime_checkable
class MakesOutbox(Protocol):
    """A settings class of the way out."""

    def outbox(self, tools: AdapterContext) -> Outbox: ...


@runtime_checkable
class MakesInbox(Protocol):
    """A settings class of the way in."""

    def inbox(self, tools: AdapterContext) -> Inbox: ...


@runtime_checkable
class Examined(Protocol):
    """A settings class whose way can be tried step by step."""

    def examine(self, tools: AdapterContext) -> list[Step]: ...
