"""The little server answers those who watch, on what address it was told, and cannot be held up by anyone."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse

import pytest

from flexmaild.core.documents import as_json
from flexmaild.core.errors import GiveUp
from flexmaild.observe.http import CONNECTIONS, ObserveServer, start
from flexmaild.observe.incidents import Condition, Incident, Kind
from flexmaild.observe.metrics import Metrics
from tests.unit.control.malformed import MALFORMED, raw


def incident(said: str, *, stops: bool = True) -> Incident:
    condition = Condition(Kind.MAILBOX_UNREADABLE, "replies", said, "Cure it.", stops=stops)
    return Incident(condition, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture
def reasons() -> list[str]:
    return []


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(components=["metrics"])


@pytest.fixture
def server(metrics: Metrics, reasons: list[str]) -> Iterator[ObserveServer]:
    running = start("127.0.0.1:0", metrics, lambda: [incident(said) for said in reasons])
    assert running
    yield running
    running.close()


def ask(server: ObserveServer, path: str, method: str = "GET", **header: str) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.request(method, path, headers=header)
        response = connection.getresponse()
        return response, response.read()


def test_metrics_are_scraped(server: ObserveServer) -> None:
    """/metrics gives the registry in Prometheus' text format."""
    response, body = ask(server, "/metrics?x=1")
    assert response.status == 200 and response.headers["Content-Type"].startswith("text/plain")
    assert b"flexmaild_build_info{" in body


def test_readiness_gives_its_reasons(server: ObserveServer, reasons: list[str]) -> None:
    """/-/ready is 200 while there is nothing against it, else 503 with one reason a line."""
    assert ask(server, "/-/ready")[0].status == 200
    reasons[:] = ["the mailbox has not been read for 16 minutes", "the store is read-only"]
    response, body = ask(server, "/-/ready")
    assert response.status == 503
    assert body.decode().splitlines() == reasons


def test_readiness_gives_every_incident_as_json_where_that_is_asked_for(metrics: Metrics) -> None:
    found = [incident("a clock", stops=False)]
    server = start("127.0.0.1:0", metrics, lambda: found)
    assert server
    try:
        response, body = ask(server, "/-/ready", Accept="application/json")
        assert (response.status, json.loads(body)) == (
            200,
            {"ready": True, "issues": ["a clock"], "incidents": [as_json(found[0].document())]},
        )
        found.append(incident("no mailbox"))
        response, body = ask(server, "/-/ready", Accept="application/json")
        assert (response.status, json.loads(body)["issues"]) == (503, ["a clock", "no mailbox"])
        found.append(incident("535 bob@corp.test: no"))
        for accept in ("application/json", "text/plain"):
            response, body = ask(server, "/-/ready", Accept=accept)
            assert (b"bob" in body, b"***@corp.test" in body) == (False, True)
    finally:
        server.close()


def test_health_does_not_depend_on_readiness(server: ObserveServer, reasons: list[str]) -> None:
    """/-/healthy says that the process lives, whatever is wrong outside of it."""
    reasons.append("no")
    assert ask(server, "/-/healthy")[0].status == 200


@pytest.mark.parametrize("path", ["/metrics", "/-/healthy", "/-/ready"])
def test_head_is_get_without_a_body(server: ObserveServer, path: str) -> None:
    """HEAD has the status and headers of GET."""
    response, body = ask(server, path, "HEAD")
    assert response.status == 200 and not body and int(response.headers["Content-Length"]) > 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "X"])
def test_nothing_can_be_changed(server: ObserveServer, method: str) -> None:
    """Every method but GET and HEAD is refused with 405 and the two that are allowed."""
    response, _ = ask(server, "/metrics", method)
    assert response.status == 405 and response.headers["Allow"] == "GET, HEAD"


def test_another_path_is_not_found(server: ObserveServer) -> None:
    """A wrong path is 404 and names the right ones."""
    response, body = ask(server, "/")
    assert response.status == 404 and b"/metrics" in body


def test_a_bug_in_an_answer_is_counted_and_the_next_request_served(
    server: ObserveServer, metrics: Metrics, reasons: list[str]
) -> None:
    """An exception in a handler costs that one connection."""
    server._server.look = lambda: (_ for _ in ()).throw(RuntimeError("bug"))
    with pytest.raises(ConnectionError):
        ask(server, "/-/ready")
    assert ask(server, "/-/healthy")[0].status == 200
    labels = {"component": "metrics"}
    assert metrics.registry.get_sample_value("flexmaild_unhandled_exceptions_total", labels) == 1


def test_a_silent_client_is_cut(metrics: Metrics) -> None:
    """A client that sends nothing, or not to its end, is cut at the deadline."""
    server = start("127.0.0.1:0", metrics, list, deadline=0.1)
    assert server
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as silent:
        silent.send(b"GET /metrics HTTP/1.0\r\n")
        assert silent.recv(100) == b""
    server.close()


def test_many_silent_clients_do_not_take_more_than_their_share(server: ObserveServer) -> None:
    """Beyond the limit a client hears 503 at once, and once others have gone it is served again."""
    crowd = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(CONNECTIONS)]
    response, _ = ask(server, "/-/healthy")
    assert response.status == 503
    for client in crowd:
        client.close()
    while ask(server, "/-/healthy")[0].status != 200:
        pass


def test_closing_gives_the_address_back_at_once(metrics: Metrics) -> None:
    """A reload can close the server, with a client hanging on, and start another on the same port."""
    first = start("127.0.0.1:0", metrics, list)
    assert first
    with closing(socket.create_connection(("127.0.0.1", first.port), timeout=20)):
        first.close()
        second = start(first.address, metrics, list)
        assert second and second.address == first.address
        assert ask(second, "/-/healthy")[0].status == 200
        second.close()


def test_an_empty_listen_means_no_server(metrics: Metrics) -> None:
    """metrics.listen: "" turns the server off."""
    assert start("", metrics, list) is None


def test_ipv6_is_listened_on_where_the_machine_has_it(metrics: Metrics) -> None:
    """An address in brackets is IPv6 and shown in brackets; a machine without it says so, naming it."""
    try:
        server = start("[::1]:0", metrics, list)
    except GiveUp as failure:
        assert not socket.has_ipv6 or "[::1]:0" in str(failure)
    else:
        assert server and server.address == f"[::1]:{server.port}"
        server.close()


def test_a_name_is_resolved(metrics: Metrics) -> None:
    """localhost:0 is an address, too."""
    server = start("localhost:0", metrics, list)
    assert server and server.port
    server.close()


def test_a_port_in_use_is_named_with_the_cure(metrics: Metrics, server: ObserveServer) -> None:
    """The error names the setting, the address, why not, and what to do."""
    with pytest.raises(GiveUp) as caught:
        start(server.address, metrics, list)
    text = str(caught.value)
    assert (
        server.address in text and "metrics.listen" in text and "already in use" in text and "Cure:" in text
    )


@pytest.mark.parametrize(
    "listen", ["9642", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", "::1:9642", "192.0.2.1:0"]
)
def test_an_address_that_cannot_be_is_a_named_failure(metrics: Metrics, listen: str) -> None:
    """Whatever is wrong with the address, the failure names it."""
    with pytest.raises(GiveUp) as caught:
        start(listen, metrics, list)
    assert listen in str(caught.value)


def talk(server: ObserveServer, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_head_is_400_and_no_bug(server: ObserveServer, metrics: Metrics, name: str) -> None:
    answer = talk(server, raw(name, b"/metrics"))
    assert answer.startswith(b"HTTP/1.0 400 ") and answer.endswith(b".\n")
    assert b'flexmaild_unhandled_exceptions_total{component="metrics"} 0.0' in metrics.exposition("")[0]


def test_the_refusal_of_a_head_does_not_repeat_it(server: ObserveServer) -> None:
    for sent in (b"GET /hunter2 hunter2\r\n\r\n", b"GET /hunter2 HTTP/7.0\r\n\r\n", b"A: hunter2\r\n\r\n"):
        answer = talk(server, sent)
        assert answer[:10] in (b"HTTP/1.0 4", b"HTTP/1.0 5") and b"hunter2" not in answer
