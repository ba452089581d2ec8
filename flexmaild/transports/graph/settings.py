"""Microsoft Graph as a transport, both ways: its settings, and how adapters are made from them.

Graph always signs in by OAuth, whatever `auth_type` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from flexmaild.core.errors import GiveUp, Reason
from flexmaild.core.steps import Step
from flexmaild.oauth.clouds import CLOUDS
from flexmaild.settings.faults import Finding
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.oauth import OAuthApplication
from flexmaild.settings.types import Flag, OptionalUrl
from flexmaild.transports.context import AdapterContext

# The adapters are imported by the methods that make them: with them come requests and urllib3, which a daemon
# that uses IMAP and SMTP need not load (7 MB, and a tenth of the time to READY).
if TYPE_CHECKING:
    from flexmaild.transports.graph.api import GraphApi, Token
    from flexmaild.transports.graph.inbox import GraphInbox
    from flexmaild.transports.graph.outbox import GraphOutbox

_VERSION = "/v1.0"


class GraphOutgoing(Outgoing):
    """Sends mail through Microsoft Graph."""

    always_oauth: ClassVar[bool] = True
    graph_url: OptionalUrl = ""
    """URL of Microsoft Graph. Default: that of the application's cloud."""
    save_to_sent_items: Flag = True
    """Keep a copy in Sent Items. Without a copy the mail is sent as Graph JSON: Exchange then generates the
    text part, and after a lost answer flexmaild cannot check whether the mail was sent."""

    def outbox(self, context: AdapterContext) -> GraphOutbox:
        from flexmaild.transports.graph.outbox import GraphOutbox

        return GraphOutbox(_api(self, context), save=self.save_to_sent_items)

    def examine(self, context: AdapterContext) -> list[Step]:
        from flexmaild.transports.graph.probe import examine_outbox

        return examine_outbox(_api(self, context), _token(self, context))

    def findings(self) -> Iterator[Finding]:
        yield from super().findings()
        yield from _findings(self)

    def application_findings(self, application: OAuthApplication) -> Iterator[Finding]:
        yield from _application_findings(self, application)


class GraphIncoming(Incoming):
    """Reads replies through Microsoft Graph."""

    always_oauth: ClassVar[bool] = True
    graph_url: OptionalUrl = ""
    """URL of Microsoft Graph. Default: that of the application's cloud."""

    def inbox(self, context: AdapterContext) -> GraphInbox:
        from flexmaild.transports.graph.inbox import GraphInbox

        return GraphInbox(
            _api(self, context),
            self.reply_folder,
            move_to=self.after_processing.move,
            permanent=self.permanent_delete,
            max_size=self.max_message_size,
            token=_token(self, context),
        )

    def examine(self, context: AdapterContext) -> list[Step]:
        from flexmaild.transports.graph.probe import examine_inbox

        return examine_inbox(_api(self, context), self.inbox(context), _token(self, context))

    def findings(self) -> Iterator[Finding]:
        yield from super().findings()
        if self.enabled:
            yield from _findings(self)

    def application_findings(self, application: OAuthApplication) -> Iterator[Finding]:
        if self.enabled:
            yield from _application_findings(self, application)
        if self.permanent_delete and not CLOUDS[application.cloud].permanent_delete:
            text = f"Graph has no permanent deletion in the cloud {application.cloud}: leave it out"
            yield Finding(("permanent_delete",), text)


def graph_root(address: str) -> str:
    """Graph's address with its version."""
    plain = address.rstrip("/")
    return plain if plain.endswith((_VERSION, "/beta")) else plain + _VERSION


def _api(settings: Outgoing | Incoming, context: AdapterContext) -> GraphApi:
    from flexmaild.transports.graph.api import GraphApi

    given = getattr(settings, "graph_url", "")
    if not given:
        root_of = context.graph_root
        given = root_of(settings.oauth_application) if root_of else CLOUDS["global"].graph
    ca_file = str(settings.ca_file or "")
    return GraphApi(graph_root(given), settings.mailbox, _token(settings, context), ca_file, context.trace)


def _token(settings: Outgoing | Incoming, context: AdapterContext) -> Token:
    def token(renew: bool) -> str:
        if context.token is None:
            cure = "Name an application under `oauth_applications` in `oauth_application`."
            raise GiveUp(Reason.AUTH, "Graph needs an OAuth application", step="token", cure=cure)
        return context.token(settings.oauth_application, "graph", force=renew)

    return token


def _findings(settings: Outgoing | Incoming) -> Iterator[Finding]:
    if not settings.oauth_application:
        text = "is needed for transport: graph: name one of oauth_applications"
        yield Finding(("oauth_application",), text)


def _application_findings(settings: Outgoing | Incoming, application: OAuthApplication) -> Iterator[Finding]:
    if application.provider != "microsoft":
        yield Finding(("oauth_application",), "is not a Microsoft application, so it cannot reach Graph")
    if application.flow == "client_credentials" and not settings.mailbox:
        yield Finding(
            ("mailbox",),
            "is needed with client_credentials: without a user, Graph has no mailbox of its own to use",
        )
