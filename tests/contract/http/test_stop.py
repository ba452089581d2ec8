"""A stop: what is in work is carried out and answered, whatever of it has come so far, within the grace."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flexmaild.client import Unreachable
from tests.contract.http.conftest import MAIL, socket_of
from tests.contract.http.talk import answers, next_answer, request, rest, taken
from tests.support.daemon import Daemon, until

DATA = b"x" * 300_000


ALICE = "alice@corp.test"


@contextmanager
def stopping(daemon: Daemon) -> Iterator[None]:
    """A stop has begun: who waits is told of it."""
    asked = daemon.request(ALICE)
    with socket_of(daemon).connect() as waiting:
        waiting.sendall(request(f"GET /v1/approvals/{asked['id']}/wait?timeout=600".encode()))
        taken([waiting])
        assert socket_of(daemon).serves()
        thread = threading.Thread(target=daemon.stop)
        thread.start()
        assert next_answer(waiting).status == 503
        yield
    thread.join()


@pytest.mark.parametrize(
    ("start", "body", "status"),
    [(b"POST /v1/notifications", MAIL, 202), (b"POST /v1/files", DATA, 201)],
)
def test_a_request_whose_body_comes_during_a_stop_is_carried_out(
    daemon: Daemon, start: bytes, body: bytes, status: int
) -> None:
    daemon.start()
    whole = request(start, body)
    with socket_of(daemon).connect() as connection:
        connection.sendall(whole[: -len(body) // 2])
        taken([connection])
        assert socket_of(daemon).serves()
        with stopping(daemon):
            connection.sendall(whole[-len(body) // 2 :])
            (answer,) = answers(rest(connection))
    assert answer.status == status, answer
    left = [path for path in (daemon.root / "state" / "uploads").rglob("*") if path.is_file()]
    assert [path.name for path in left] == ([hashlib.sha256(DATA).hexdigest()] if body is DATA else [])


def test_who_calls_during_a_stop_is_told_at_once_that_nobody_listens(daemon: Daemon) -> None:
    """Not first taken and then reset: such a caller cannot know whether the request was carried out."""
    daemon.start()
    with socket_of(daemon).connect() as connection:
        connection.sendall(request(b"POST /v1/notifications", MAIL)[:-1])
        taken([connection])
        with stopping(daemon):
            until(lambda: not daemon.client.path.exists(), "a socket that is gone", 2)
            with pytest.raises(Unreachable) as told:
                daemon.client.call("status")
            assert not told.value.sent
            connection.sendall(MAIL[-1:])
            assert answers(rest(connection))[0].status == 202


def test_an_upload_that_stays_away_is_let_go_with_what_came_of_it(daemon: Daemon) -> None:
    daemon.start()
    with socket_of(daemon).connect() as connection:
        connection.sendall(request(b"POST /v1/files", DATA)[:-1])
        taken([connection])
        assert daemon.stop() == 0
    assert [path for path in (daemon.root / "state" / "uploads").rglob("*") if path.is_file()] == []
    assert "Traceback" not in daemon.log.read_text()
