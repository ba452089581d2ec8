"""Time as decisions see it: it never goes back, and jumps forward are doubted for a minute."""

from __future__ import annotations

from datetime import timedelta

from flexmaild.system.clock import TrustedClock
from tests.kit.hands import START, Hands


def test_time_that_merely_passes_is_believed() -> None:
    hands = Hands()
    clock = TrustedClock(hands)
    hands.pass_(86400)
    assert clock.now() == START + timedelta(days=1)


def test_a_jump_forward_is_believed_after_a_minute() -> None:
    hands = Hands()
    clock = TrustedClock(hands)
    hands.pass_(1, jump=3600 * 24 * 365)
    assert clock.now() == START + timedelta(seconds=1)
    hands.pass_(30)
    assert clock.now() == START + timedelta(seconds=31)
    hands.pass_(30)
    assert clock.now() == hands.wall


def test_a_jump_that_is_taken_back_never_happened() -> None:
    hands = Hands()
    clock = TrustedClock(hands)
    hands.pass_(1, jump=7200)
    clock.now()
    hands.pass_(1, jump=-7200)
    assert clock.now() == START + timedelta(seconds=2)


def test_a_clock_that_was_set_back_goes_on_from_where_it_was() -> None:
    hands = Hands()
    clock = TrustedClock(hands)
    hands.pass_(1, jump=-7200)
    assert clock.now() == START + timedelta(seconds=1)
    assert clock.behind() == timedelta(hours=2)
    hands.pass_(10)
    assert clock.now() == START + timedelta(seconds=11)


def test_what_it_was_before_a_restart_counts() -> None:
    hands = Hands()
    clock = TrustedClock(hands)
    clock.not_before(START + timedelta(hours=1))
    hands.pass_(5)
    assert clock.now() == START + timedelta(hours=1, seconds=5)
    clock.not_before(START)
    assert clock.now() == START + timedelta(hours=1, seconds=5)


def test_a_machine_that_begins_in_another_year_is_doubted_until_it_is_corrected() -> None:
    hands = Hands(START + timedelta(days=3650))
    clock = TrustedClock(hands)
    clock.not_before(START)
    hands.pass_(20)
    assert clock.now() == START + timedelta(seconds=20)
    hands.pass_(1, jump=-3650 * 86400)
    assert clock.now() == START + timedelta(seconds=21)
    hands.pass_(60)
    assert clock.now() == hands.wall == START + timedelta(seconds=81)


def test_a_service_that_was_stopped_for_a_year_believes_its_clock_after_a_minute() -> None:
    hands = Hands(START + timedelta(days=365))
    clock = TrustedClock(hands)
    clock.not_before(START)
    hands.pass_(59)
    assert clock.now() == START + timedelta(seconds=59)
    hands.pass_(2)
    assert clock.now() == hands.wall


def test_one_that_was_stopped_for_weeks_believes_it_at_once() -> None:
    hands = Hands(START + timedelta(days=29))
    clock = TrustedClock(hands)
    clock.not_before(START)
    assert clock.now() == hands.wall
