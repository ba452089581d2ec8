"""Connecting: names, addresses, local ends and proxies, each failure with its step and its cure."""

import base64
import dataclasses
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from flexmaild.core.addresses import is_loopback
from flexmaild.core.errors import GiveUp, Reason, TryLater
from flexmaild.net.connect import connect
from flexmaild.settings.javamail.session import Proxy, Session
from tests.support.scripted import Dialogue, Scripted

Serving = Callable[[Any], Any]


class Echo(Scripted):
    """Says hello."""

    def serve(self, talk: Dialogue) -> None:
        talk.say("hello")
        talk.line()


class HttpProxy(Scripted):
    """CONNECT with Basic credentials; only the target's name is noted, hello is said in its place."""

    status = "200 fine"

    def serve(self, talk: Dialogue) -> None:
        while line := talk.line():
            self.heard.append(line)
        talk.raw(f"HTTP/1.1 {self.status}\r\n\r\n".encode())
        talk.say("hello")
        talk.line()


class SocksProxy(Scripted):
    """SOCKS5 (RFC 1928) with user and password (RFC 1929), as far as hello."""

    verdict = 0

    def serve(self, talk: Dialogue) -> None:
        greeting = talk.take(2)
        methods = talk.take(greeting[1])
        if 2 in methods:
            talk.raw(b"\x05\x02")
            user = talk.take(talk.take(2)[1])
            password = talk.take(talk.take(1)[0])
            self.heard.append(f"{user.decode()}:{password.decode()}")
            talk.raw(b"\x01\x00")
        else:
            talk.raw(b"\x05\x00")
        head = talk.take(5)
        name = talk.take(head[4])
        self.heard.append(f"{name.decode()}:{int.from_bytes(talk.take(2), 'big')}")
        talk.raw(bytes([5, self.verdict, 0, 1, 0, 0, 0, 0, 0, 0]))
        talk.say("hello")
        talk.line()


def test_a_server_is_reached_by_name_and_by_address(serving: Serving) -> None:
    server = serving(Echo())
    for host in ("localhost", "127.0.0.1"):
        connection = connect(Session(host, server.port))
        connection.begin("greeting", silence=5, total=5)
        assert connection.read_line() == b"hello\r\n" and connection.server == f"{host}:{server.port}"
        connection.close()


def test_the_local_end_is_the_one_in_the_settings(serving: Serving) -> None:
    server = serving(Echo())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    connection = connect(Session("127.0.0.1", server.port, local_address="127.0.0.1", local_port=port))
    assert connection.local_host == "[127.0.0.1]"
    connection.close()


def test_a_host_without_a_server_fails_with_step_and_cure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(TryLater) as caught:
        connect(Session("127.0.0.1", port))
    assert (caught.value.reason, caught.value.step) == (Reason.NETWORK, "connect") and caught.value.cure


def test_a_server_that_takes_no_connection_costs_no_more_than_its_time() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        held = [socket.socket() for _ in range(4)]
        for one in held:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        with pytest.raises(TryLater) as caught:
            connect(Session("127.0.0.1", full.getsockname()[1], connect_timeout=0.2))
        assert caught.value.reason is Reason.TIMEOUT
        for one in held:
            one.close()


def test_a_name_server_that_does_not_answer_costs_no_more_than_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The C library's resolver cannot be interrupted; it is left behind in its thread."""
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [over.wait(30)][1:])
    with pytest.raises(TryLater) as caught:
        connect(Session("mail.example", 25, connect_timeout=0.1))
    over.set()
    assert (caught.value.reason, caught.value.step) == (Reason.TIMEOUT, "dns")


def test_a_name_that_does_not_exist_fails_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(TryLater) as caught:
        connect(Session("mail.example", 25))
    assert caught.value.step == "dns" and "mail.example" in caught.value.text and caught.value.cure


def test_a_dead_address_does_not_hide_a_live_one(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serving(Echo())
    with socket.create_server(("127.0.0.1", 0)) as closed:
        dead = closed.getsockname()
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", a) for a in (dead, ("127.0.0.1", server.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    connection = connect(Session("mail.example", server.port))
    connection.begin("greeting", silence=5, total=5)
    assert connection.read_line() == b"hello\r\n"
    connection.close()


def test_an_http_proxy_is_asked_for_the_server_by_name(serving: Serving) -> None:
    proxy = serving(HttpProxy())
    session = Session("mail.example", 465, proxy=Proxy("http", "127.0.0.1", proxy.port, "me", "canary"))
    connection = connect(session)
    connection.begin("greeting", silence=5, total=5)
    assert connection.read_line() == b"hello\r\n"
    assert proxy.heard[0].startswith("CONNECT mail.example:465")
    assert any(base64.b64encode(b"me:canary").decode() in line for line in proxy.heard)
    connection.close()


def test_a_socks_proxy_is_asked_for_the_server_by_name(serving: Serving) -> None:
    proxy = serving(SocksProxy())
    session = Session("mail.example", 993, proxy=Proxy("socks5", "127.0.0.1", proxy.port))
    connection = connect(session)
    connection.begin("greeting", silence=5, total=5)
    assert connection.read_line() == b"hello\r\n"
    connection.close()
    connect(
        dataclasses.replace(session, proxy=Proxy("socks5", "127.0.0.1", proxy.port, "me", "secret"))
    ).close()
    assert proxy.heard == ["mail.example:993", "me:secret", "mail.example:993"]


def test_a_proxy_that_refuses_is_named_and_its_password_is_not(serving: Serving) -> None:
    http, sockss = serving(HttpProxy()), serving(SocksProxy())
    http.status, sockss.verdict = "403 Forbidden", 5
    for kind, server in (("http", http), ("socks5", sockss)):
        proxy = Proxy(kind, "127.0.0.1", server.port, "me", "canary")  # type: ignore[arg-type]
        with pytest.raises((TryLater, GiveUp)) as caught:
            connect(Session("mail.example", 25, proxy=proxy))
        assert f"proxy 127.0.0.1:{server.port}" in str(caught.value) and caught.value.cure
        assert "canary" not in str(caught.value)


def test_a_proxy_that_is_silent_costs_no_more_than_its_time(serving: Serving) -> None:
    class Silent(Scripted):
        def serve(self, talk: Dialogue) -> None:
            talk.wait(30)

    for kind in ("http", "socks5"):
        proxy = Proxy(kind, "127.0.0.1", serving(Silent()).port)
        with pytest.raises(TryLater) as caught:
            connect(Session("mail.example", 25, proxy=proxy, connect_timeout=0.2))
        assert caught.value.reason is Reason.TIMEOUT


@pytest.mark.parametrize("host", ["localhost", "LocalHost.", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_these_are_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["mail.example", "localhost.example", "0.0.0.0", "10.0.0.1", "", "127.1"])
def test_these_are_not_known_to_be_this_machine(host: str) -> None:
    assert not is_loopback(host)
