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
    wire = DeadlineSocket(near, "server:1")
    yield wire, far
    wire.close()
    far.close()


def test_lines_and_literals_come_out_as_they_went_in(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    wire, far = ends
    far.sendall(b"* OK\r\n{5}\r\nApprove\r\n")
    wire.begin("fetch", silence=5, total=5)
    assert wire.read_line() == b"* OK\r\n"
    assert wire.read_line() == b"{5}\r\n"
    assert wire.read_exactly(5) == b"Appro"
    assert wire.read_line() == b"ve\r\n"
    far.close()
    assert wire.read_line() == b""


def test_silence_is_bounded_and_named_by_step_and_server(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    wire, _ = ends
    wire.begin("select", silence=0.05, total=60)
    with pytest.raises(TryLater) as caught:
        wire.read_line()
    error = caught.value
    assert (error.reason, error.step, error.server) == (Reason.TIMEOUT, "select", "server:1")


def test_dripping_is_bounded_by_the_total(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    """Each byte comes within the silence, the line never within the total."""
    wire, far = ends
    over = threading.Event()

    def drip() -> None:
        while not over.wait(0.01):
            try:
                far.sendall(b"x")
            except OSError:
                return

    thread = threading.Thread(target=drip)
    thread.start()
    wire.begin("fetch", silence=60, total=0.2)
    with pytest.raises(TryLater) as caught:
        wire.read_line()
    assert caught.value.reason is Reason.TIMEOUT
    over.set()
    thread.join()


def test_sending_to_a_peer_that_does_not_read_is_bounded(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    wire, _ = ends
    wire.begin("content", silence=0.05, total=60)
    with pytest.raises(TryLater) as caught:
        wire.sendall(b"x" * (64 << 20))
    assert caught.value.reason is Reason.TIMEOUT


def test_more_bytes_than_the_step_can_need_are_refused(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    wire, far = ends
    sender = threading.Thread(target=lambda: _send_all(far, b"x" * (4 << 20)))
    sender.start()
    wire.begin("fetch", silence=5, total=5, most=1 << 20)
    with pytest.raises(TryLater) as caught:
        while True:
            wire.read_line(1 << 30)
    assert caught.value.reason is Reason.SERVER
    wire.close()
    far.close()
    sender.join()


def test_a_length_that_lies_is_refused_before_it_is_read(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    wire, _ = ends
    wire.begin("fetch", silence=5, total=5, most=1 << 20)
    with pytest.raises(TryLater) as caught:
        wire.read_exactly(99_999_999_999)
    assert caught.value.reason is Reason.SERVER


def test_a_line_without_end_is_refused(ends: tuple[DeadlineSocket, socket.socket]) -> None:
    wire, far = ends
    sender = threading.Thread(target=lambda: _send_all(far, b"x" * (1 << 20)))
    sender.start()
    wire.begin("greeting", silence=5, total=5)
    with pytest.raises(Failure):
        wire.read_line(1000)
    wire.close()
    far.close()
    sender.join()


def test_a_lost_connection_is_a_failure_and_never_an_oserror(
    ends: tuple[DeadlineSocket, socket.socket],
) -> None:
    wire, far = ends
    far.close()
    wire.begin("rcpt", silence=5, total=5)
    with pytest.raises(TryLater) as caught:
        for _ in range(3):
            wire.sendall(b"x" * (1 << 20))
    assert (caught.value.reason, caught.value.step) == (Reason.NETWORK, "rcpt")
    wire.close()
    wire.close()
    with pytest.raises(TryLater):
        wire.sendall(b"x")


def _send_all(sock: socket.socket, data: bytes) -> None:
    try:
        sock.sendall(data)
    except OSError:
        return
