"""A working day of requests and replies, during which the daemon may end at any moment, and what must be
true in the evening: no reply lost, no decision doubled, no mail deleted early."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from flexmaild.client import Refused, Unreachable
from tests.support.daemon import Daemon, until

T = TypeVar("T")
ALICE = "alice@corp.test"


class Day:
    """Two of three requests are approved, one of three rejected, each with its own comment.

    wait: what to do when the daemon did not answer; it may start it again.
    """

    def __init__(
        self, daemon: Daemon, chance: random.Random, requests: int, wait: Callable[[], None] = lambda: None
    ) -> None:
        self.daemon, self.chance, self.requests = daemon, chance, requests
        self._wait = wait
        self.kills = 0
        self._starting = threading.Lock()
        self._wanted: dict[str, str] = {}
        self._answered: set[str] = set()

    def ask_and_answer_under_kills(self, most: int) -> None:
        """The daemon is killed and started again at random, so often at most."""
        over = threading.Event()
        killer = threading.Thread(target=self._kill_now_and_then, args=(over, most))
        killer.start()
        try:
            self.ask_and_answer()
        finally:
            over.set()
            killer.join()

    def _kill_now_and_then(self, over: threading.Event, most: int) -> None:
        while self.kills < most and not over.wait(self.chance.uniform(0.05, 0.8)):
            with self._starting:
                self.daemon.kill()
                self.kills += 1
                self.daemon.start()

    def ask_and_answer(self) -> None:
        while len(self._answered) < self.requests:
            while len(self._wanted) < min(self.requests, len(self._answered) + 20):
                number = len(self._wanted)
                self._wanted[self._insist_on_asking(number)] = "approved" if number % 3 else "rejected"
            self._answer_new_mails()
            self._try(self.daemon.process_replies)

    def _insist_on_asking(self, number: int) -> str:
        """As a pipeline does: the same key until there is an answer."""

        def ask() -> str | None:
            asked = self._try(lambda: self.daemon.request(ALICE, key=f"n{number}", metadata={"n": number}))
            return str(asked["id"]) if asked else None

        return until(ask, f"an answer to request {number}")

    def _answer_new_mails(self) -> None:
        for mail in self.daemon.mails(ALICE, "approval_request"):
            identifier = str(mail["Message-ID"])
            request = next((i for i in self._wanted if i.removeprefix("ap-") in identifier), None)
            if request is not None and request not in self._answered:
                word = "Reject" if self._wanted[request] == "rejected" else "Approve"
                self.daemon.answer(mail, f"{word} {request}")
                self._answered.add(request)

    def _try(self, call: Callable[[], T]) -> T | None:
        with self._starting:
            pass  # not while the daemon is being started
        try:
            return call()
        except (Unreachable, Refused):
            self._wait()
            return None

    def finish(self) -> None:
        until(lambda: self._try(self.daemon.process_replies) and not self.daemon.waiting(), "an empty folder")
        decisions = self.daemon.decisions
        until(lambda: len(list(decisions.glob("*.json"))) == self.requests, "all decision files")

    def check(self) -> None:
        shown = {i: self.daemon.show(i) for i in self._wanted}
        assert {i: s["state"] for i, s in shown.items()} == self._wanted
        verdicts = Counter(len(s["verdicts"]) for s in shown.values())
        assert verdicts == {1: self.requests}
        assert all(s["verdicts"][0]["comment"] == i for i, s in shown.items())
        files = [json.loads(f.read_text())["data"] for f in self.daemon.decisions.glob("*.json")]
        assert {f["id"]: f["state"] for f in files} == self._wanted
        assert self.daemon.call("audit.verify")["ok"]
        assert self.daemon.call("quarantine.list", query={"limit": 10})["items"] == []
