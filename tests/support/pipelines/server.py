"""Serves a stand-in over real HTTPS; what each vendor answers is in a module of its own beside this one."""

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.pki import Pki


@dataclass(frozen=True, slots=True)
class Call:
    """One request. path: its parts, decoded one by one, so that an encoded slash is part of a name."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, list[str]]
    headers: Message
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get_content_type()

    @property
    def basic(self) -> tuple[str, str]:
        """User name and password of basic authentication; empty without."""
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return "", ""
        user, _, password = base64.b64decode(value).decode().partition(":")
        return user, password

    @property
    def bearer(self) -> str:
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        return value if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """content: JSON unless it is text."""

    status: int
    content: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Vendor(Protocol):
    def answer(self, call: Call) -> Answer: ...


@contextmanager
def served(vendor: Vendor, pki: Pki) -> Iterator[str]:
    """The address of the vendor, until the end. Two calls at once are answered one after the other."""
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            parts = urlsplit(self.path)
            path = tuple(unquote(part) for part in parts.path.split("/")[1:])
            with turn:
                given = vendor.answer(Call(self.command, path, parse_qs(parts.query), self.headers, body))
            is_text = isinstance(given.content, str)
            content = (given.content if is_text else json.dumps(given.content)).encode()
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            if given.status != 204:
                self.send_header("Content-Type", "text/html" if is_text else "application/json")
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if given.status != 204:
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = _answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = pki.context().wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="pipeline", daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()
