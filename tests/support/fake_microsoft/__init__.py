"""A fake Microsoft 365 on loopback: Entra ID, Graph and the upload host, over HTTPS with a private CA.

    with FakeMicrosoft() as microsoft:
        microsoft.add_app("client", secrets={"s3cret": expires_at})
        microsoft.add_user("bot@example.com")

Real `msal` and `requests` talk to it. `python -m tests.support.fake_microsoft` runs it for trying things by
hand.
"""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path
from typing import Any

import trustme

from .entra import App, Entra, User
from .graph import Graph, GraphError
from .mailboxes import Mailbox, PostOffice
from .web import Answer, HttpsServer

__all__ = ["Answer", "App", "FakeMicrosoft", "GraphError", "Mailbox", "User"]

# The testbench's Dovecot checks tokens with the same kind of key (HS256, at least 32 bytes: RFC 7518 3.2).
KEY = b"fake-microsoft-hs256-signing-key-0123456789"


class FakeMicrosoft:
    """entra, graph: what they know and do. login, api, uploads: their servers, with faults and logs."""

    def __init__(self, tenant: str = "11111111-2222-3333-4444-555555555555") -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="fake-microsoft-")
        authority = trustme.CA()
        self.ca_file = str(Path(self._directory.name) / "ca.pem")
        authority.cert_pem.write_to_path(self.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        self.post = PostOffice()
        self.entra, self.graph = Entra(KEY, tenant), Graph(KEY, self.post)
        self.login = HttpsServer(context, self.entra.handle)
        self.api = HttpsServer(context, self.graph.handle)
        self.uploads = HttpsServer(context, self.graph.upload)
        self.entra.url, self.graph.url, self.graph.upload_url = self.login.url, self.api.url, self.uploads.url
        self.tenant = tenant
        self.authority = f"{self.login.url}/{tenant}"
        self.graph_url = f"{self.api.url}/v1.0"

    def __enter__(self) -> FakeMicrosoft:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for server in (self.login, self.api, self.uploads):
            server.close()
        self._directory.cleanup()

    def add_app(self, client_id: str = "app", **facts: Any) -> App:
        app = self.entra.apps[client_id] = App(client_id, **facts)
        return app

    def add_user(self, address: str, *, mailbox: bool = True, **folders: str) -> Mailbox | None:
        """A user who can sign in, and their mailbox."""
        self.entra.users[address.casefold()] = User(address)
        return self.post.add(address, **folders) if mailbox else None

    def graph_token(self, user: str = "", scp: str = "Mail.Send Mail.ReadWrite", **more: Any) -> str:
        """A token without asking Entra ID; without a user an app-only one with these roles."""
        if user:
            return self.entra.mint(self.graph.cloud, "app", user=user, scp=scp, **more)
        return self.entra.mint(self.graph.cloud, "app", roles=scp.split(), **more)
