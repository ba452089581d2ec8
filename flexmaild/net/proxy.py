"""Reaches a mail server through a SOCKS5 or HTTP proxy (mail.*.socks.*, mail.*.proxy.*), within one
deadline.

Called by `connect`. SOCKS5 is PySocks'; CONNECT is our own, since PySocks reads on behind the proxy's
answer and so swallows the greeting of a server that speaks first, as mail servers do.
"""

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import socks

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater, printable
from flexmaild.core.redacted import redacted
from flexmaild.settings.javamail.session import Proxy, Session

# More than any proxy's answer to CONNECT has.
_LONGEST_ANSWER = 16384


class _Refused(Exception):
    """The proxy's answer; `is_login` when it wants other credentials."""

    def __init__(self, words: str, is_login: bool) -> None:
        super().__init__(words)
        self.is_login = is_login


def through(session: Session, proxy: Proxy) -> socket.socket:
    """A socket connected to the session's server. Raises TryLater/GiveUp with step "connect"."""
    where = f"{session.host}:{session.port} through the proxy {proxy.host}:{proxy.port}"
    sock = socks.socksocket(socket.AF_INET6 if ":" in proxy.host else socket.AF_INET)
    sock.settimeout(session.connect_timeout)
    try:
        with _cut_off(sock, session.connect_timeout) as late:
            if session.local_address or session.local_port:
                sock.bind((session.local_address, session.local_port))
            if proxy.kind == "socks5":
                _socks5(sock, session, proxy)
            else:
                _connect(sock, session, proxy)
    except (OSError, ValueError, _Refused) as error:
        sock.close()
        raise _failure(error, where, late.is_set() or _is_timeout(error)) from error
    return socket.socket(fileno=sock.detach())


def _socks5(sock: socks.socksocket, session: Session, proxy: Proxy) -> None:
    sock.set_proxy(socks.SOCKS5, proxy.host, proxy.port, True, proxy.user or None, proxy.password or None)
    sock.connect((session.host, session.port))


def _connect(sock: socks.socksocket, session: Session, proxy: Proxy) -> None:
    """CONNECT (RFC 9110 section 9.3.6). The answer is read byte by byte: the next one may be the server's."""
    sock.connect((proxy.host, proxy.port))
    target = f"[{session.host}]:{session.port}" if ":" in session.host else f"{session.host}:{session.port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.user:
        login = base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {login}")
    if any(c in line for line in lines for c in "\r\n"):
        raise ValueError("a proxy setting holds a line end")
    sock.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte or len(answer) > _LONGEST_ANSWER:
            raise _Refused("it does not answer as an HTTP proxy", is_login=False)
        answer += byte
    status = printable(redacted(answer.partition(b"\r\n")[0].decode("latin-1")))
    words = status.split(" ", 2)
    if len(words) < 2 or not words[1].startswith("2"):
        raise _Refused(f"it answers {status[:100]}", is_login="407" in words[1:2])


def _is_timeout(error: Exception) -> bool:
    """PySocks wraps the socket's error in one of its own."""
    return isinstance(getattr(error, "socket_err", error), TimeoutError)


def _failure(error: Exception, where: str, is_late: bool) -> Failure:
    cure = "Check the proxy's host, port, user and password, and whether it may reach the mail server."
    if is_late:
        return TryLater(Reason.TIMEOUT, "no connection in time", step="connect", server=where, cure=cure)
    words = getattr(error, "msg", None) or getattr(error, "strerror", None) or str(error)
    text = f"cannot connect: {printable(str(words))}"
    if isinstance(error, socks.SOCKS5AuthError) or (isinstance(error, _Refused) and error.is_login):
        return GiveUp(Reason.AUTH, text, step="connect", server=where, cure=cure)
    return TryLater(Reason.NETWORK, text, step="connect", server=where, cure=cure)


@contextmanager
def _cut_off(sock: socket.socket, seconds: float) -> Iterator[threading.Event]:
    """A limit on the whole dialogue with the proxy; a socket's timeout bounds each read only."""
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)  # close() alone does not wake a thread that waits in it

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
