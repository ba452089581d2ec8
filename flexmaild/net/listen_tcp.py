"""The listening end of the metrics endpoint. Called by `daemon.listeners`."""

import socket

from flexmaild.core.errors import GiveUp, Reason


def listen_tcp(listen: str) -> socket.socket:
    """Listen on "host:port" ("[::1]:9642", ":9642" for every address, port 0 for any).

    Raises GiveUp, naming the address and the cure, when the address cannot be had.
    """
    try:
        family, address = _resolve(listen)
        return _bound(family, address)
    except (OSError, ValueError) as error:
        raise GiveUp(
            Reason.CLIENT,
            f"metrics.listen cannot be bound: {getattr(error, 'strerror', None) or error}",
            step="bind",
            server=listen,
            cure="Give metrics.listen a free port of an address of this machine (host:port), or '' for none.",
        ) from error


def address_of(listener: socket.socket) -> str:
    """ "host:port" as bound: the real port where 0 was asked for."""
    host, port, *_ = listener.getsockname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _resolve(listen: str) -> tuple[socket.AddressFamily, tuple[str, int]]:
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError("that is not host:port")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError("an IPv6 address needs brackets, as in [::1]:9642")
    found = socket.getaddrinfo(
        host.strip("[]") or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    family, _, _, _, address = found[0]
    return family, (str(address[0]), int(address[1]))


def _bound(family: socket.AddressFamily, address: tuple[str, int]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except BaseException:
        listener.close()
        raise
    return listener
