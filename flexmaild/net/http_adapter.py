"""Connections for `net.http`: every socket operation ends at the exchange's deadline, and only our
certificate authorities count.

`requests` bounds the silence between two bytes and not the whole, and adds authorities of its own.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from flexmaild.system.deadline import NEVER, Deadline


class _Exchange(threading.local):
    """The exchange of this thread: until when it may last, and the TLS version of its connection."""

    deadline: Deadline = NEVER
    tls: str = ""


current = _Exchange()


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    before = current.deadline
    current.deadline = min(before, Deadline.after(seconds))
    try:
        yield
    finally:
        current.deadline = before


class _Bounded(socket.socket):
    """A socket whose every wait ends at the deadline of the exchange.

    `requests` counts its timeout anew for every received byte, so a server that drips its headers holds
    the caller for hours (psf/requests#3099); only the socket itself can end that.
    """

    def _tighten(self) -> None:
        current.deadline.arm(self, self.gettimeout())

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        self._tighten()
        return super().recv_into(buffer, nbytes, flags)

    def send(self, data: Any, flags: int = 0) -> int:
        self._tighten()
        return super().send(data, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        self._tighten()
        super().sendall(data, flags)


class _BoundedTls(ssl.SSLSocket):
    """The same for TLS, whose handshake and `sendall` are made of these."""

    def _tighten(self) -> None:
        current.deadline.arm(self, self.gettimeout())

    def do_handshake(self, block: bool = False) -> None:
        self._tighten()
        super().do_handshake(block)
        current.tls = self.version() or ""

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        self._tighten()
        return super().recv_into(buffer, nbytes, flags)

    def send(self, data: Any, flags: int = 0) -> int:
        self._tighten()
        return super().send(data, flags)


class _Connection(HTTPConnection):
    """Bounded before TLS as well: at the server's or a proxy's."""

    def _new_conn(self) -> socket.socket:
        return _bounded(super()._new_conn())


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _bounded(super()._new_conn())


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _bounded(sock: socket.socket) -> socket.socket:
    seconds = sock.gettimeout()
    bounded = _Bounded(sock.family, sock.type, sock.proto, fileno=sock.detach())
    bounded.settimeout(seconds)
    return bounded


def context_for(ca_file: str, certificate: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _BoundedTls
    if certificate:
        context.load_cert_chain(certificate)
    return context


class PinnedAdapter(HTTPAdapter):
    """Uses our context alone. `requests` would add certifi's authorities or $REQUESTS_CA_BUNDLE to it
    (psf/requests#3829), so its own idea of `verify` is replaced at both places where it is applied."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> urllib3.ProxyManager:
        manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, True, None)
        pool["ssl_context"] = self._context
        return host, pool

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        conn.cert_reqs, conn.ca_certs, conn.ca_cert_dir = "CERT_REQUIRED", None, None
