"""The metrics listener answers those who watch, and no caller can hold it up."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse

import pytest

from flexmaild.api.monitoring import ROOM, MonitoringApplication
from flexmaild.core.documents import as_json
from flexmaild.net import http_connection
from flexmaild.net.http_server import EventLoop, HttpServer
from flexmaild.net.listen_tcp import listen_tcp
from flexmaild.observe.incidents import Condition, Incident, Kind
from flexmaild.observe.metrics import Metrics
from tests.support.daemon import until
from tests.unit.api.malformed import MALFORMED, raw


def incident(said: str, *, stops: bool = True) -> Incident:
    condition = Condition(Kind.MAILBOX_UNREADABLE, "replies", said, "Cure it.", stops=stops)
    return Incident(condition, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture
def reasons() -> list[str]:
    return []


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(components=["metrics"])


@dataclass
class Served:
    """A metrics listener; `fails` takes the place of the incidents."""

    port: int
    reasons: list[str]
    found: list[Incident] = field(default_factory=list)
    fails: bool = False

    def look(self) -> list[Incident]:
        if self.fails:
            raise RuntimeError("a bug")
        return [incident(said) for said in self.reasons] + self.found


@pytest.fixture
def limits() -> http_connection.ConnectionLimits:
    return http_connection.ConnectionLimits()


@pytest.fixture
def server(
    metrics: Metrics, reasons: list[str], limits: http_connection.ConnectionLimits
) -> Iterator[Served]:
    loop = EventLoop("http", lambda error: None)
    loop.start()
    listener = listen_tcp("127.0.0.1:0")
    served = Served(listener.getsockname()[1], reasons)
    watch = MonitoringApplication(metrics, served.look, lambda error: metrics.unhandled("metrics"))
    http = HttpServer(loop, listener, watch, room=ROOM, limits=limits, refused=lambda caller, why: None)
    http.start()
    listener.close()
    yield served
    http.close(0)
    watch.close()
    loop.close()


def ask(server: Served, path: str, method: str = "GET", **header: str) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.request(method, path, headers=header)
        response = connection.getresponse()
        return response, response.read()


def test_metrics_are_scraped(server: Served) -> None:
    """/metrics gives the registry in Prometheus' text format."""
    response, body = ask(server, "/metrics?x=1")
    assert response.status == 200 and response.headers["Content-Type"].startswith("text/plain")
    assert b"flexmaild_build_info{" in body


def test_readiness_gives_its_reasons(server: Served, reasons: list[str]) -> None:
    """/-/ready is 200 while there is nothing against it, else 503 with one reason a line."""
    assert ask(server, "/-/ready")[0].status == 200
    reasons[:] = ["the mailbox has not been read for 16 minutes", "the store is read-only"]
    response, body = ask(server, "/-/ready")
    assert response.status == 503
    assert body.decode().splitlines() == reasons


def test_readiness_gives_every_incident_as_json_where_that_is_asked_for(server: Served) -> None:
    clock = incident("a clock", stops=False)
    server.found.append(clock)
    response, body = ask(server, "/-/ready", Accept="application/json")
    assert (response.status, json.loads(body)) == (
        200,
        {"ready": True, "issues": ["a clock"], "incidents": [as_json(clock.document())]},
    )
    server.found.append(incident("no mailbox"))
    response, body = ask(server, "/-/ready", Accept="application/json")
    assert (response.status, json.loads(body)["issues"]) == (503, ["a clock", "no mailbox"])
    server.found.append(incident("535 bob@corp.test: no"))
    for accept in ("application/json", "text/plain"):
        response, body = ask(server, "/-/ready", Accept=accept)
        assert (b"bob" in body, b"***@corp.test" in body) == (False, True)


def test_readiness_shows_no_reference(server: Served) -> None:
    server.found.append(incident(f"554 fm1-{'k7' * 22}q was refused"))
    for accept in ("application/json", "text/plain"):
        body = ask(server, "/-/ready", Accept=accept)[1]
        assert (b"k7" * 22 in body, b"fm1-k7k7" in body) == (False, True)


def test_health_does_not_depend_on_readiness(server: Served, reasons: list[str]) -> None:
    """/-/healthy says that the process lives, whatever is wrong outside of it."""
    reasons.append("no")
    assert ask(server, "/-/healthy")[0].status == 200


@pytest.mark.parametrize("path", ["/metrics", "/-/healthy", "/-/ready"])
def test_head_is_get_without_a_body(server: Served, path: str) -> None:
    """HEAD has the status and headers of GET."""
    response, body = ask(server, path, "HEAD")
    assert response.status == 200 and not body and int(response.headers["Content-Length"]) > 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_nothing_can_be_changed(server: Served, method: str) -> None:
    """Every method but GET and HEAD is refused with 405 and the two that are allowed."""
    response, _ = ask(server, "/metrics", method)
    assert response.status == 405 and response.headers["Allow"] == "GET, HEAD"


def test_another_path_is_not_found(server: Served) -> None:
    """A wrong path is 404 and names the right ones."""
    response, body = ask(server, "/")
    assert response.status == 404 and b"/metrics" in body


def test_a_bug_in_an_answer_is_counted_and_the_next_request_served(server: Served, metrics: Metrics) -> None:
    """An exception costs that one answer."""
    server.fails = True
    assert ask(server, "/-/ready")[0].status == 500
    assert ask(server, "/-/healthy")[0].status == 200
    labels = {"component": "metrics"}
    assert metrics.registry.get_sample_value("flexmaild_unhandled_exceptions_total", labels) == 1


@pytest.mark.parametrize("limits", [http_connection.ConnectionLimits(head_seconds=0.1)])
def test_a_client_that_does_not_finish_its_request_is_cut(server: Served) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as silent:
        silent.send(b"GET /metrics HTTP/1.0\r\n")
        assert silent.recv(100).startswith(b"HTTP/1.1 408 ")


def test_many_silent_clients_do_not_take_more_than_their_share(server: Served) -> None:
    """Beyond the limit a client hears 503 at once, and once others have gone it is served again."""
    crowd = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(32)]
    response, _ = ask(server, "/-/healthy")
    assert response.status == 503
    for client in crowd:
        client.close()
    until(lambda: ask(server, "/-/healthy")[0].status == 200, "others are served again")


def talk(server: Served, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_head_is_400_and_no_bug(server: Served, metrics: Metrics, name: str) -> None:
    answer = talk(server, raw(name, b"/metrics"))
    assert answer.startswith(b"HTTP/1.1 400 ") and b"application/problem+json" in answer
    assert b'flexmaild_unhandled_exceptions_total{component="metrics"} 0.0' in metrics.exposition("")[0]


def test_the_refusal_of_a_head_does_not_repeat_it(server: Served) -> None:
    for sent in (b"GET /hunter2 hunter2\r\n\r\n", b"GET /hunter2 HTTP/7.0\r\n\r\n", b"A: hunter2\r\n\r\n"):
        answer = talk(server, sent)
        assert answer.startswith(b"HTTP/1.1 400 ") and b"hunter2" not in answer
