"""A deadline bounds what is done in steps, however many they are."""

import socket
import time

import pytest

from flexmaild.engine.sandbox import framing
from flexmaild.system.deadline import NEVER, Deadline


def test_what_is_left_is_never_less_than_nothing() -> None:
    past, later = Deadline.after(-1), Deadline.after(3600)
    assert (past.left, past.is_over) == (0, True)
    assert 0 < later.left <= 3600 and not later.is_over and not NEVER.is_over
    assert min(NEVER, later) == later


def test_a_socket_may_be_silent_for_as_long_as_it_may_and_no_longer_than_is_left() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        NEVER.arm(ours)
        assert ours.gettimeout() is None
        Deadline.after(3600).arm(ours, 5.0)
        assert ours.gettimeout() == 5.0
        Deadline.after(3600).arm(ours)
        assert 5.0 < (ours.gettimeout() or 0) <= 3600
        Deadline.after(1).arm(ours, 5.0)
        assert (ours.gettimeout() or 9) <= 1
        with pytest.raises(TimeoutError):
            Deadline(time.monotonic()).arm(ours, 5.0)


def test_a_frame_that_comes_after_the_deadline_is_too_late_although_it_is_there() -> None:
    """So that one who sends a byte at a time holds nobody."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        framing.send(theirs, b"a frame", Deadline.after(60))
        with pytest.raises(TimeoutError):
            framing.receive(ours, Deadline.after(-1))
        assert framing.receive(ours, Deadline.after(60)) == b"a frame"
