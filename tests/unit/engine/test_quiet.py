"""While replies come in, mails wait for a moment, and never for long."""

from flexmaild.engine.reply_priority import QUIET_SECONDS, ReplyPriority
from tests.support.manual_clock import ManualClock


def test_it_is_quiet_until_the_poll_is_over_or_no_reply_came_for_a_while() -> None:
    hands = ManualClock()
    hands.pass_(100)
    quiet = ReplyPriority(hands)
    assert not quiet.is_on()
    quiet.begin()
    assert quiet.is_on()
    quiet.end()
    assert not quiet.is_on()
    quiet.begin()
    hands.pass_(QUIET_SECONDS)
    assert not quiet.is_on()
