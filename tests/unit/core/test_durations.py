"""A duration has one grammar: what a request may say, the settings and the command line may say as well."""

from datetime import timedelta
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from flexmaild.core import durations
from flexmaild.settings.types import Duration

SETTING = TypeAdapter(Annotated[timedelta, Duration("0s", "400d")])
IN_MINUTES = TypeAdapter(Annotated[timedelta, Duration("1s", "1d", bare="m")])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90s", timedelta(seconds=90)),
        ("1.5h", timedelta(minutes=90)),
        ("2w", timedelta(days=14)),
        (" 7d ", timedelta(days=7)),
        ("0.25s", timedelta(milliseconds=250)),
        ("0s", timedelta(0)),
    ],
)
def test_a_setting_takes_what_a_request_takes(written: str, meant: timedelta) -> None:
    assert durations.parse(written) == SETTING.validate_python(written) == meant


def test_a_number_without_a_unit_means_what_the_place_says() -> None:
    assert durations.parse(90) == durations.parse("90") == timedelta(seconds=90)
    assert IN_MINUTES.validate_python(90) == IN_MINUTES.validate_python("90") == timedelta(minutes=90)
    assert IN_MINUTES.validate_python(0.5) == timedelta(seconds=30)
    for bad in (90, "90", 1.5):
        with pytest.raises(ValidationError, match="with its unit"):
            SETTING.validate_python(bad)


@pytest.mark.parametrize("bad", [True, None, [], "", "s", "-1h", "1 h", "1y", "1e3", "²h", "1h30m", "inf"])
def test_what_is_no_duration_is_none_anywhere(bad: object) -> None:
    for place in (SETTING, IN_MINUTES):
        with pytest.raises(ValidationError, match="must be a duration"):
            place.validate_python(bad)


@pytest.mark.parametrize("long", ["401d", "99999d", "9" * 400 + "w"])
def test_what_is_too_long_for_a_setting_is_said_to_be_too_long(long: str) -> None:
    with pytest.raises(ValidationError, match="must lie between"):
        SETTING.validate_python(long)


@given(st.timedeltas(timedelta(0), durations.LONGEST))
def test_what_is_shown_reads_as_it_was(value: timedelta) -> None:
    assert durations.parse(durations.show(value), bare="") == value


@pytest.mark.parametrize("shown", ["7d", "36h", "90s", "0s", "5m", "0.25s"])
def test_a_duration_is_shown_in_the_largest_unit_that_is_exact(shown: str) -> None:
    assert durations.show(durations.parse(shown)) == shown
