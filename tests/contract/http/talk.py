"""Raw bytes to a listener and what comes back: for what no HTTP client would send, or would hide."""

import fcntl
import json
import socket
import sys
import termios
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.daemon import until

# An answer that has not come by then never comes.
PATIENCE = 20.0
PROBLEM = "application/problem+json"


@dataclass(frozen=True)
class Answer:
    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Door:
    """A listener of the daemon. start, body: of a request that is carried out; look: of one that is short and
    changes nothing."""

    name: str
    address: Path | int
    start: bytes
    body: bytes
    look: bytes

    def connect(self) -> socket.socket:
        if isinstance(self.address, int):
            connection = socket.create_connection(("127.0.0.1", self.address), PATIENCE)
        else:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(PATIENCE)
            connection.connect(str(self.address))
        return connection

    def talk(self, sent: bytes, *, ends: bool = False) -> bytes:
        """All that is answered until the listener closes. ends: no more is sent, and the listener sees it."""
        with self.connect() as connection:
            with suppress(OSError):  # it may refuse before it has all
                connection.sendall(sent)
                if ends:
                    connection.shutdown(socket.SHUT_WR)
            return rest(connection)

    def ask(self, start: bytes, body: bytes | None = None, *fields: bytes) -> Answer:
        """One well-formed request and its one answer."""
        came = self.talk(request(start, body, *fields, b"Connection: close"))
        (answer,) = answers(came, without_body=start.startswith(b"HEAD "))
        return answer

    def serves(self) -> bool:
        return self.ask(self.look).status == 200


def request(start: bytes, body: bytes | None = None, *fields: bytes) -> bytes:
    lines = [start + b" HTTP/1.1", b"Host: x", *fields]
    if body is not None:
        lines += [b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, b"", body or b""])


def rest(connection: socket.socket) -> bytes:
    """Until the listener closes; an AssertionError where it does not."""
    came = bytearray()
    try:
        while piece := connection.recv(1 << 16):
            came += piece
    except TimeoutError:
        raise AssertionError(f"the connection stays open after {bytes(came)!r:.300}") from None
    except ConnectionError:
        pass  # closed with something of ours unread
    return bytes(came)


def answers(came: bytes, *, without_body: bool = False) -> list[Answer]:
    """The answers one after the other, interim ones too. without_body: they are to HEAD."""
    found = []
    while came:
        head, end, came = came.partition(b"\r\n\r\n")
        assert end, f"a head without end: {head!r:.300}"
        line, *lines = head.decode("latin-1").split("\r\n")
        version, status, *_ = line.split(" ")
        assert version in ("HTTP/1.1", "HTTP/1.0"), line
        fields = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
        length = 0 if without_body or int(status) < 200 else int(fields.get("content-length", len(came)))
        assert len(came) >= length, f"{len(came)} of {length} bytes of an answer"
        found.append(Answer(int(status), fields, came[:length]))
        came = came[length:]
    return found


def next_answer(connection: socket.socket) -> Answer:
    """One whole answer of a connection that stays open; what came behind it is lost."""
    came = bytearray()
    while True:
        head, end, body = bytes(came).partition(b"\r\n\r\n")
        if end and len(body) >= _length(head):
            break
        piece = connection.recv(1 << 16)
        assert piece, f"closed after {bytes(came)!r:.300}"
        came += piece
    (answer,) = answers(head + end + body[: _length(head)])
    return answer


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    return 0


def is_problem(answer: Answer, *statuses: int) -> bool:
    """Whether it is a problem (RFC 9457) of one of these statuses, any refusal where none is named."""
    assert answer.fields.get("content-type") == PROBLEM, answer
    document = answer.document
    assert document["status"] == answer.status and document["title"] and document["detail"], answer
    assert answer.status in statuses if statuses else answer.status >= 400, answer
    return True


@contextmanager
def dripping(connection: socket.socket, piece: bytes = b"a", every: float = 0.05) -> Iterator[None]:
    """A byte now and then, until the listener takes no more."""
    over = threading.Event()

    def drip() -> None:
        with suppress(OSError):
            while not over.wait(every):
                connection.sendall(piece)

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def taken(connections: Iterable[socket.socket]) -> None:
    """Wait until the listener has read all that was sent on these (TIOCOUTQ, unix(7))."""
    for connection in connections:
        until(lambda one=connection: _unread(one) == 0, "a listener that reads")  # type: ignore[misc]


def _unread(connection: socket.socket) -> int:
    return int.from_bytes(fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)), sys.byteorder)
