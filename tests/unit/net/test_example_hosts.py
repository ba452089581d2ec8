"""The hosts of the settings page's example belong to somebody else."""

import socket

import pytest

from flexmaild.core.errors import TryLater
from flexmaild.net import connect
from flexmaild.settings.javamail.session import Proxy, Session

# The resolver takes a wide letter for the usual one (RFC 3491), and the settings accept it.
HOSTS = (
    "mail.domain.com",
    "imap.domain.com",
    "MAIL.domain.com.",
    "\uff4dail.domain.com",
)


@pytest.mark.parametrize("host", HOSTS)
def test_they_are_never_looked_up_nor_connected_to(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("something was asked")

    for name in ("getaddrinfo", "socket", "create_connection"):
        monkeypatch.setattr(socket, name, asked)
    proxied = Session(host, 25, proxy=Proxy("socks5", "proxy.corp.test", 1080))
    for session in (Session(host, 25), proxied):
        with pytest.raises(TryLater, match="example of the settings page") as caught:
            connect.connect(session)
        assert "your own mail server" in caught.value.cure
    with pytest.raises(TryLater, match="example of the settings page"):
        connect.resolve(host, 25, 1.0)
