"""Opens the TCP connection to a mail server: name, address, local end, proxy, all within one deadline.

Name resolution runs in a thread of its own, since the C library's resolver cannot be interrupted; every
address gets its share of the time, so that a dead IPv6 route does not use it all up. Never retries.
"""

import socket
import threading
from typing import Any

from flexmaild.core.defaults import is_example
from flexmaild.core.errors import Failure, Reason, TryLater
from flexmaild.net.deadline_socket import DeadlineSocket
from flexmaild.net.proxy import through
from flexmaild.settings.javamail.session import Session
from flexmaild.system.deadline import Deadline

Address = tuple[socket.AddressFamily, Any]


def connect(session: Session) -> DeadlineSocket:
    """A connected socket, not yet encrypted. Raises TryLater/GiveUp with step "dns" or "connect"."""
    server = f"{session.host}:{session.port}"
    _refuse_example(session.host, server)
    deadline = Deadline.after(session.connect_timeout)
    sock = through(session, session.proxy) if session.proxy else _direct(session, server, deadline)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A peer that vanished without closing is noticed in less than the usual two hours.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return DeadlineSocket(sock, server)


def resolve(host: str, port: int, seconds: float) -> list[Address]:
    """The addresses of a host, in the system's order of preference. Raises with step "dns"."""
    server = f"{host}:{port}"
    _refuse_example(host, server)
    found: list[list[Address] | OSError] = []

    def look() -> None:
        try:
            infos = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
            found.append([(family, address) for family, _, _, _, address in infos])
        except (OSError, UnicodeError) as error:
            found.append(error if isinstance(error, OSError) else OSError(str(error)))

    thread = threading.Thread(target=look, name="resolver", daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise TryLater(
            Reason.TIMEOUT,
            f"no answer from DNS within {seconds:g} s",
            step="dns",
            server=server,
            cure="Check the name servers in /etc/resolv.conf.",
        )
    answer = found[0]
    if isinstance(answer, OSError):
        raise TryLater(
            Reason.NETWORK,
            f"the name {host!r} cannot be resolved: {answer.strerror or answer}",
            step="dns",
            server=server,
            cure="Check the host name in the settings and the name servers of this machine.",
        )
    return answer


def _refuse_example(host: str, server: str) -> None:
    """Checked also where a proxy would resolve the name."""
    if is_example(host):
        text = f"{host} is the example of the settings page, not your mail server: nothing is sent there"
        cure = "Set outgoing.host and incoming.host to the names of your own mail servers and reload."
        raise TryLater(Reason.NETWORK, text, step="dns", server=server, cure=cure)


def _direct(session: Session, server: str, deadline: Deadline) -> socket.socket:
    addresses = resolve(session.host, session.port, session.connect_timeout)
    last: OSError = OSError("no address")
    for index, (family, address) in enumerate(addresses):
        left = deadline.left
        if not left:
            last = TimeoutError()
            break
        try:
            return _connected(family, address, left / (len(addresses) - index), session)
        except OSError as error:
            last = error
    raise _unreachable(last, server, session.connect_timeout)


def _connected(family: socket.AddressFamily, address: Any, seconds: float, session: Session) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        if session.local_address or session.local_port:
            sock.bind((session.local_address, session.local_port))
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _unreachable(error: OSError, server: str, seconds: float) -> Failure:
    if isinstance(error, TimeoutError):
        return TryLater(
            Reason.TIMEOUT,
            f"no connection within {seconds:g} s",
            step="connect",
            server=server,
            cure="Check host and port, and the firewalls in between.",
        )
    cure = "Check host and port, and that the server is running."
    if isinstance(error, PermissionError):
        cure = "Check the firewall of this machine and the sandbox of the service."
    return TryLater(
        Reason.NETWORK,
        f"cannot connect: {error.strerror or error}",
        step="connect",
        server=server,
        cure=cure,
    )
