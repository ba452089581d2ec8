"""The hosts of each Microsoft cloud (sign-in, Graph, Outlook), and the scopes for each use.

From Microsoft's pages "National cloud deployments" and "Authenticate an IMAP, POP or SMTP connection using
OAuth".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flexmaild.core.oauth import CloudName, Purpose

Use = Literal["smtp", "imap", "graph_send", "graph_read", "graph_send_shared", "graph_read_shared"]


@dataclass(frozen=True, slots=True)
class Cloud:
    """login: sign-in host. graph: Graph's root. outlook: resource of delegated SMTP and IMAP scopes.

    outlook_app: resource for app-only `.default` (outlook.office365.com in the global cloud).
    permanent_delete: whether Graph's permanentDelete exists there (not in national clouds).
    """

    login: str
    graph: str
    outlook: str
    outlook_app: str
    permanent_delete: bool


CLOUDS: dict[CloudName, Cloud] = {
    "global": Cloud(
        "login.microsoftonline.com",
        "https://graph.microsoft.com",
        "https://outlook.office.com",
        "https://outlook.office365.com",
        True,
    ),
    "us_gov": Cloud(
        "login.microsoftonline.us",
        "https://graph.microsoft.us",
        "https://outlook.office365.us",
        "https://outlook.office365.us",
        False,
    ),
    "china": Cloud(
        "login.partner.microsoftonline.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        "https://partner.outlook.cn",
        "https://partner.outlook.cn",
        False,
    ),
}

_DELEGATED: dict[Use, str] = {
    "smtp": "SMTP.Send",
    "imap": "IMAP.AccessAsUser.All",
    "graph_send": "Mail.Send",
    "graph_read": "Mail.ReadWrite",
    "graph_send_shared": "Mail.Send.Shared",
    "graph_read_shared": "Mail.ReadWrite.Shared",
}
_APP_ROLES: dict[Use, str] = {
    "smtp": "SMTP.SendAsApp",
    "imap": "IMAP.AccessAsApp",
    "graph_send": "Mail.Send",
    "graph_read": "Mail.ReadWrite",
    "graph_send_shared": "Mail.Send",
    "graph_read_shared": "Mail.ReadWrite",
}


def purpose_of(use: Use) -> Purpose:
    """The kind of token a use needs."""
    if use == "smtp" or use == "imap":
        return use
    return "graph"


def permissions(uses: Sequence[Use], purpose: Purpose, *, app_only: bool) -> tuple[str, ...]:
    """The permissions a token for `purpose` must carry, by their short names ("Mail.Send").

    A token belongs to one resource, so SMTP and IMAP ask for each other's scope as well: one consent.
    """
    table = _APP_ROLES if app_only else _DELEGATED
    graph = purpose == "graph"
    wanted = [u for u in uses if (purpose_of(u) == "graph") == graph]
    if not wanted:
        wanted = ["graph_send", "graph_read"] if graph else [purpose]  # type: ignore[list-item]
    return tuple(dict.fromkeys(table[u] for u in wanted))


def scopes(cloud: CloudName, uses: Sequence[Use], purpose: Purpose, *, app_only: bool) -> list[str]:
    """The scopes to request from Entra ID; msal adds `openid profile offline_access`."""
    hosts = CLOUDS[cloud]
    if app_only:
        return [f"{hosts.graph if purpose == 'graph' else hosts.outlook_app}/.default"]
    root = hosts.graph if purpose == "graph" else hosts.outlook
    return [f"{root}/{name}" for name in permissions(uses, purpose, app_only=False)]


def authority_url(cloud: CloudName, tenant: str, authority: str = "") -> str:
    """The authority with its tenant. `authority` may be a whole URL, or one without a tenant."""
    if not authority:
        return f"https://{CLOUDS[cloud].login}/{tenant}"
    root, _, path = authority.rstrip("/").removeprefix("https://").partition("/")
    return f"https://{root}/{path or tenant}"
