"""`kill -9` at random moments of a working day: no reply lost, no decision doubled, no mail deleted early."""

import os
import random

import pytest

from tests.support.daemon import Daemon
from tests.support.day import Day

# Each costs a start, which takes seconds on a machine that is busy with other tests.
MOST_KILLS = 30


@pytest.mark.process
@pytest.mark.timeout(400)
def test_a_day_of_two_hundred_requests_survives_kill_nine_at_random(daemon: Daemon) -> None:
    seed = int(os.environ.get("FLEXMAILD_TEST_SEED", random.randrange(10**9)))
    print(f"FLEXMAILD_TEST_SEED={seed}")
    day = Day(daemon, random.Random(seed), 200)
    daemon.start()
    day.ask_and_answer_under_kills(MOST_KILLS)
    day.finish()
    day.check()
    assert day.kills > 5
