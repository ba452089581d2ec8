"""Time as decisions see it: it never goes back, and jumps forward are doubted for a minute."""

from datetime import UTC, datetime, timedelta

import pytest

from flexmaild.system.clock import RELEASED, SystemClock, TrustedClock, is_synchronised
from tests.support.manual_clock import START, ManualClock


def test_time_that_merely_passes_is_believed() -> None:
    hands = ManualClock()
    clock = TrustedClock(hands)
    hands.pass_(86400)
    assert clock.now() == START + timedelta(days=1)


def test_a_jump_forward_is_believed_after_a_minute() -> None:
    hands = ManualClock()
    clock = TrustedClock(hands)
    hands.pass_(1, jump=3600 * 24 * 365)
    assert clock.now() == START + timedelta(seconds=1)
    hands.pass_(30)
    assert clock.now() == START + timedelta(seconds=31)
    hands.pass_(30)
    assert clock.now() == hands.wall


def test_a_jump_that_is_taken_back_never_happened() -> None:
    hands = ManualClock()
    clock = TrustedClock(hands)
    hands.pass_(1, jump=7200)
    clock.now()
    hands.pass_(1, jump=-7200)
    assert clock.now() == START + timedelta(seconds=2)


def test_a_clock_that_was_set_back_goes_on_from_where_it_was() -> None:
    hands = ManualClock()
    clock = TrustedClock(hands)
    hands.pass_(1, jump=-7200)
    assert clock.now() == START + timedelta(seconds=1)
    assert clock.behind() == timedelta(hours=2)
    hands.pass_(10)
    assert clock.now() == START + timedelta(seconds=11)


def test_what_it_was_before_a_restart_counts() -> None:
    hands = ManualClock()
    clock = TrustedClock(hands)
    clock.not_before(START + timedelta(hours=1))
    hands.pass_(5)
    assert clock.now() == START + timedelta(hours=1, seconds=5)
    clock.not_before(START)
    assert clock.now() == START + timedelta(hours=1, seconds=5)


def test_a_machine_that_begins_in_another_year_is_doubted_until_it_is_corrected() -> None:
    hands = ManualClock(START + timedelta(days=3650))
    clock = TrustedClock(hands)
    clock.not_before(START)
    hands.pass_(20)
    assert clock.now() == START + timedelta(seconds=20)
    hands.pass_(1, jump=-3650 * 86400)
    assert clock.now() == START + timedelta(seconds=21)
    hands.pass_(60)
    assert clock.now() == hands.wall == START + timedelta(seconds=81)


def test_a_service_that_was_stopped_for_a_year_believes_its_clock_after_a_minute() -> None:
    hands = ManualClock(START + timedelta(days=365))
    clock = TrustedClock(hands)
    clock.not_before(START)
    hands.pass_(59)
    assert clock.now() == START + timedelta(seconds=59)
    hands.pass_(2)
    assert clock.now() == hands.wall


def test_one_that_was_stopped_for_weeks_believes_it_at_once() -> None:
    hands = ManualClock(START + timedelta(days=29))
    clock = TrustedClock(hands)
    clock.not_before(START)
    assert clock.now() == hands.wall


YEAR = 365 * 86400


def test_a_machine_in_another_year_that_nothing_keeps_right_is_not_believed() -> None:
    """However long it lasts; what it was before a restart goes on."""
    hands = ManualClock(START + timedelta(days=365))
    hands.is_kept = False
    clock = TrustedClock(hands)
    clock.not_before(START)
    hands.pass_(7 * 86400)
    assert clock.now() == START + timedelta(days=7)
    doubt = clock.doubt()
    assert doubt is not None
    assert "2027-11-28" in doubt.said and "2026-11-28" in doubt.said and "clock accept" in doubt.cure


@pytest.mark.parametrize("ending", ["set right", "kept right", "accepted"])
def test_the_doubt_ends_when_the_clock_is_right_kept_or_accepted(ending: str) -> None:
    hands = ManualClock(START + timedelta(days=365))
    hands.is_kept = False
    clock = TrustedClock(hands)
    clock.not_before(START)
    hands.pass_(3600)
    assert clock.doubt() is not None
    if ending == "set right":
        hands.pass_(1, jump=-YEAR)
    elif ending == "kept right":
        hands.is_kept = True
    else:
        assert clock.accept() == hands.wall
    assert clock.doubt() is None
    assert clock.now() == hands.wall


def test_a_long_jump_of_a_clock_that_nothing_keeps_right_is_one_too() -> None:
    hands = ManualClock()
    hands.is_kept = False
    clock = TrustedClock(hands)
    hands.pass_(1, jump=YEAR)
    assert clock.doubt() is not None
    hands.pass_(3600, jump=-YEAR / 2)  # still wrong
    assert clock.doubt() is not None
    assert clock.now() == START + timedelta(seconds=3601)
    hands.pass_(1, jump=-YEAR / 2)
    assert clock.doubt() is None


def test_short_jumps_are_believed_whoever_keeps_the_clock() -> None:
    hands = ManualClock()
    hands.is_kept = False
    clock = TrustedClock(hands)
    hands.pass_(1, jump=29 * 86400)
    assert clock.doubt() is None
    hands.pass_(61)
    clock.now()
    assert clock.now() == hands.wall


def test_a_clock_before_the_release_is_none_until_it_is_right() -> None:
    hands = ManualClock(datetime(1970, 1, 1, tzinfo=UTC))
    hands.is_kept = False
    clock = TrustedClock(hands)
    doubt = clock.doubt()
    assert doubt is not None and "1970-01-01" in doubt.said
    hands.pass_(20)
    hands.wall = RELEASED + timedelta(days=100)  # there is no time from which that were far
    assert clock.doubt() is None
    clock.now()
    hands.pass_(61)
    assert clock.now() == hands.wall


def test_a_clock_before_the_release_is_taken_where_that_is_accepted() -> None:
    hands = ManualClock(datetime(1970, 1, 1, tzinfo=UTC))
    clock = TrustedClock(hands)
    clock.not_before(START)
    assert clock.accept() == START
    hands.pass_(60)
    assert clock.doubt() is None
    assert clock.now() == START + timedelta(seconds=60)
    hands.pass_(1, jump=-86400)
    assert clock.doubt() is not None  # another one than was accepted


def test_a_clock_before_the_release_that_was_accepted_once_is_taken_after_a_restart() -> None:
    accepted = datetime(2001, 1, 1, tzinfo=UTC)
    hands = ManualClock(accepted + timedelta(days=1))
    clock = TrustedClock(hands)
    assert clock.doubt() is not None
    clock.not_before(accepted)  # what is in doubt is never kept
    assert clock.doubt() is None
    assert clock.now() == hands.wall
    hands.pass_(1, jump=-86400)
    assert clock.doubt() is not None


def test_the_kernel_is_asked_and_answers() -> None:
    """Whatever it says here, it is what adjtimex(8) and the like show; a release is never in the future."""
    assert SystemClock().synchronised() is is_synchronised()
    assert SystemClock().now() > RELEASED
