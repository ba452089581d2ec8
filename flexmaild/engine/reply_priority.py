"""Delays mails while replies are read: composing and sending in the same interpreter makes reading a third
slower. Decisions do not wait, and no mail waits for long. Apart, since poller and delivery share it.
"""

from flexmaild.system.clock import Clock

# Mails wait until the poll is over, or no reply came for so long (seconds).
QUIET_SECONDS = 2.0


class ReplyPriority:
    """Callable from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0.0

    def begin(self) -> None:
        """A reply came in."""
        self._until = self._clock.steady() + QUIET_SECONDS

    def end(self) -> None:
        """The poll is over."""
        self._until = 0.0

    def is_on(self) -> bool:
        return self._clock.steady() < self._until
