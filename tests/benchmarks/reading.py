"""Replies understood per CPU second, beside the standard library that only parses them.

Replies that real mail programs wrote, with the request each answers. The standard library parses the mail,
every field of its header and the text of its body; flexmaild does all that an answer needs, the reading of
the request that was sent included.
"""

import time
from collections.abc import Callable
from email import message_from_bytes, policy

from flexmaild.core.work import SentMail
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.words.rules import Rules
from tests.benchmarks.table import ratio, show
from tests.replies.collections import Case, clients

ROUNDS, SECONDS = 5, 1.0
RULES = Rules.of("approvals@tb.test", names=("flexmaild",))
USUAL_BYTES = 6000


def main() -> None:
    pages = [case for case in clients() if b"multipart/alternative" in case.reply]
    usual = min(pages, key=lambda case: abs(len(case.reply) - USUAL_BYTES))
    _measure(f"One reply of {len(usual.reply)} bytes in text and HTML", [usual])
    _measure(f"{len(clients())} replies of real mail programs", clients())


def _measure(title: str, cases: tuple[Case, ...] | list[Case]) -> None:
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        ours.append(_rate(_understood, cases))
        theirs.append(_rate(_parsed, cases))
    show(title, "/s", {"flexmaild": ours, "email.policy.default": theirs})
    ratio("flexmaild / email.policy.default", ours, theirs, ">= 2")


def _understood(case: Case) -> None:
    understand(case.reply, len(case.reply), RULES, mails_sent=lambda _: (SentMail(case.request),))


def _parsed(case: Case) -> None:
    mail = message_from_bytes(case.reply, policy=policy.default)
    for value in mail.values():
        str(value)
    if (body := mail.get_body(("plain", "html"))) is not None:
        body.get_content()


def _rate(work: Callable[[Case], None], cases: tuple[Case, ...] | list[Case]) -> float:
    """Mails per second of CPU time; whole rounds over all of them."""
    start = time.process_time()
    count = 0
    while (spent := time.process_time() - start) < SECONDS:
        for case in cases:
            work(case)
        count += len(cases)
    return count / spent
