"""`kill -9` at random moments of a working day: no reply lost, no decision doubled, no mail deleted early."""

from __future__ import annotations

import json
import os
import random
import threading
from collections import Counter
from typing import Any

import pytest

from flexmaild.control.client import Refused, Unreachable
from tests.kit.house import House, until

REQUESTS = 200
# Each costs a start, which takes seconds on a machine that is busy with other tests.
MOST_KILLS = 30
ALICE = "alice@corp.test"


@pytest.mark.process
@pytest.mark.timeout(400)
def test_a_day_of_two_hundred_requests_survives_kill_nine_at_random(house: House) -> None:
    seed = int(os.environ.get("FLEXMAILD_TEST_SEED", random.randrange(10**9)))
    print(f"FLEXMAILD_TEST_SEED={seed}")
    day = Day(house, random.Random(seed))
    house.start()
    killer = threading.Thread(target=day.kill_now_and_then)
    killer.start()
    try:
        wanted = day.ask_and_answer()
    finally:
        day.over.set()
        killer.join()
    day.finish(wanted)
    day.check(wanted)


class Day:
    """Two hundred requests; two of three are approved, one of three rejected."""

    def __init__(self, house: House, chance: random.Random) -> None:
        self.house, self.chance = house, chance
        self.over = threading.Event()
        self.kills = 0
        self.alive = threading.Lock()

    def kill_now_and_then(self) -> None:
        while self.kills < MOST_KILLS and not self.over.wait(self.chance.uniform(0.05, 0.8)):
            with self.alive:
                self.house.kill()
                self.kills += 1
                self.house.start()

    def ask_and_answer(self) -> dict[str, str]:
        wanted: dict[str, str] = {}
        answered: set[str] = set()
        while len(answered) < REQUESTS or len(wanted) < REQUESTS:
            while len(wanted) < min(REQUESTS, len(answered) + 20):
                number = len(wanted)
                wanted[self._insist_on_asking(number)] = "rejected" if number % 3 == 0 else "approved"
            self._answer_new_mails(wanted, answered)
            self._try(lambda: self.house.process_replies())
        return wanted

    def _insist_on_asking(self, number: int) -> str:
        """As a pipeline does: the same key until there is an answer."""

        def ask() -> str | None:
            asked = self._try(lambda: self.house.request(ALICE, key=f"n{number}", metadata={"n": number}))
            return str(asked["id"]) if asked else None

        return until(ask, f"an answer to request {number}")

    def _answer_new_mails(self, wanted: dict[str, str], answered: set[str]) -> None:
        for mail in self.house.mails(ALICE, "approval_request"):
            identifier = str(mail["Message-ID"])
            request = next((i for i in wanted if i.removeprefix("ap-") in identifier), None)
            if request is not None and request not in answered:
                word = "Reject" if wanted[request] == "rejected" else "Approve"
                self.house.answer(mail, f"{word} {request}")
                answered.add(request)

    def _try(self, call: Any) -> Any:
        with self.alive:
            pass  # not while the daemon is being started
        try:
            return call()
        except (Unreachable, Refused):
            return None

    def finish(self, wanted: dict[str, str]) -> None:
        until(lambda: self._try(self.house.process_replies) and not self.house.waiting(), "an empty folder")
        until(lambda: len(list(self.house.decisions.glob("*.json"))) == len(wanted), "all decision files")

    def check(self, wanted: dict[str, str]) -> None:
        assert self.kills > 5
        shown = {i: self.house.show(i) for i in wanted}
        assert {i: s["state"] for i, s in shown.items()} == wanted
        verdicts = Counter(len(s["verdicts"]) for s in shown.values())
        assert verdicts == {1: REQUESTS}
        assert all(s["verdicts"][0]["comment"] == i for i, s in shown.items())
        files = [json.loads(f.read_text())["data"] for f in self.house.decisions.glob("*.json")]
        assert {f["id"]: f["state"] for f in files} == wanted
        assert self.house.call("audit.verify")["ok"]
        assert self.house.call("quarantine.list", query={"limit": 10})["items"] == []
