"""While replies come in, mails wait for a moment, and never for long."""

from flexmaild.engine.reply_priority import QUIET_SECONDS, ReplyPriority
from tests.support.manual_clock import ManualClock


def test_it_is_quiet_until_the_poll_is_over_or_no_reply_came_for_a_while() -> None:
    hands = ManualClock()
    hands.pass_(100)
    priority = ReplyPriority(hands)
    assert not priority.is_on()
    priority.begin()
    assert priority.is_on()
    priority.end()
    assert not priority.is_on()
    priority.begin()
    hands.pass_(QUIET_SECONDS)
    assert not priority.is_on()
