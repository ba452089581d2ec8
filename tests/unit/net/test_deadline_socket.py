"""A Wire bounds every step in silence, in total time and in bytes, and says which step it was."""

import socket
import threading
from collections.abc import Iterator

import pytest

from flexmaild.core.errors import Failure, Reason, TryLater
from flexmaild.net.deadline_socket import DeadlineSocket


@pytest.fixture
def ends() -> Iterator[tuple[DeadlineSocket, socket.socket]]:
    near, far = socket.socketpair()
    connection = DeadlineSocket(near, "server:1")
    yield connection, far
    connection.close()
    far.close()


def test_lines_and_literals_come_out_as_they_went_in(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    connection, far = ends
    far.sendall(b"* OK\r\n{5}\r\nApprove\r\n")
    connection.begin("fetch", silence=5, total=5)
    assert connection.read_line() == b"* OK\r\n"
    assert connection.read_line() == b"{5}\r\n"
    assert connection.read_exactly(5) == b"Appro"
    assert connection.read_line() == b"ve\r\n"
    far.close()
    assert connection.read_line() == b""


def test_silence_is_bounded_and_named_by_step_and_server(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    connection, _ = ends
    connection.begin("select", silence=0.05, total=60)
    with pytest.raises(TryLater) as caught:
        connection.read_line()
    error = caught.value
    assert (error.reason, error.step, error.server) == (Reason.TIMEOUT, "select", "server:1")


def test_dripping_is_bounded_by_the_total(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    """Each byte comes within the silence, the line never within the total."""
    connection, far = ends
    over = threading.Event()

    def drip() -> None:
        while not over.wait(0.01):
            try:
                far.sendall(b"x")
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    connection.begin("fetch", silence=60, total=0.2)
    with pytest.raises(TryLater) as caught:
        connection.read_line()
    assert caught.value.reason is Reason.TIMEOUT
    over.set()
    thread.join()


def test_sending_to_a_peer_that_does_not_read_is_bounded(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    connection, _ = ends
    connection.begin("content", silence=0.05, total=60)
    with pytest.raises(TryLater) as caught:
        connection.sendall(b"x" * (64 << 20))
    assert caught.value.reason is Reason.TIMEOUT


def test_more_bytes_than_the_step_can_need_are_refused(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    connection, far = ends
    sender = threading.Thread(target=lambda: _send_all(far, b"x" * (4 << 20)))
    sender.start()
    connection.begin("fetch", silence=5, total=5, most=1 << 20)
    with pytest.raises(TryLater) as caught:
        while True:
            connection.read_line(1 << 30)
    assert caught.value.reason is Reason.SERVER
    connection.close()
    far.close()
    sender.join()


def test_a_false_length_is_refused_before_it_is_read(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    connection, _ = ends
    connection.begin("fetch", silence=5, total=5, most=1 << 20)
    with pytest.raises(TryLater) as caught:
        connection.read_exactly(99_999_999_999)
    assert caught.value.reason is Reason.SERVER


def test_a_line_without_end_is_refused(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    connection, far = ends
    sender = threading.Thread(target=lambda: _send_all(far, b"x" * (1 << 20)))
    sender.start()
    connection.begin("greeting", silence=5, total=5)
    with pytest.raises(Failure):
        connection.read_line(1000)
    connection.close()
    far.close()
    sender.join()


def test_a_lost_connection_is_a_failure_and_never_an_oserror(
    ends: tuple[DeadlineSocket, socket.socket],
) -> None:
    connection, far = ends
    far.close()
    connection.begin("rcpt", silence=5, total=5)
    with pytest.raises(TryLater) as caught:
        for _ in range(3):
            connection.sendall(b"x" * (1 << 20))
    assert (caught.value.reason, caught.value.step) == (Reason.NETWORK, "rcpt")
    connection.close()
    connection.close()
    with pytest.raises(TryLater):
        connection.sendall(b"x")


def _send_all(sock: socket.socket, data: bytes) -> None:
    try:
        sock.sendall(data)
    except OSError:
        return
