"""Two collections of replies, with what a person would expect of each.

`reports.tar.xz`: 1,059 replies to one request, each made from a public report of mail that some program read
wrongly. `clients.tar.xz`: 700 replies typed into real mail programs and sent by them, each with the request
it answers. All names are invented.
"""

import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Case:
    """expected: "approve", "reject", "undecided" or "not-decided" (nothing decided), "not-approve",
    "not-reject", "auto" (a machine's mail), "kept" (decided with `comment` in the comment, or undecided),
    "visible" (not decided, or decided rightly). comment: None for any. kind: what the case is about, or the
    mail program.
    """

    name: str
    kind: str
    expected: str
    comment: str | None
    why: str
    reply: bytes
    request: bytes


def judge(case: Case, answer: str | None, comment: str) -> str:
    """ "ok"; "wrong": decided against the expectation; "lost": decided, a typed word is not in the comment.

    "extra": another's words are in the comment. "unclear": not decided though clear.
    """
    if case.expected in ("approve", "reject"):
        if answer is None:
            return "unclear"
        if answer != case.expected:
            return "wrong"
        if case.comment is None or comment.split() == case.comment.split():
            return "ok"
        return "extra" if set(case.comment.split()) <= set(comment.split()) else "lost"
    if case.expected in ("undecided", "not-decided", "auto"):
        return "ok" if answer is None else "wrong"
    if case.expected.startswith("not-"):
        return "wrong" if answer == case.expected[4:] else "ok"
    if case.expected == "kept":
        return "ok" if answer is None or (case.comment or "") in comment else "wrong"
    return "ok"


@cache
def reports() -> tuple[Case, ...]:
    held = _content("reports.tar.xz")
    return tuple(
        Case(fact["file"], fact["kind"], _expected(fact), fact["comment"], fact["why"], held[fact["file"]],
             held["request.eml"])
        for fact in json.loads(held["expected.json"])
    )  # fmt: skip


@cache
def clients() -> tuple[Case, ...]:
    held = _content("clients.tar.xz")
    return tuple(
        Case(fact["file"], fact["client"], fact["expected"], fact["comment"], fact["note"],
             held[f"replies/{fact['file']}"], held[f"requests/{fact['request']}"])
        for fact in json.loads(held["expected.json"])
    )  # fmt: skip


def _expected(fact: Mapping[str, Any]) -> str:
    """Where asking again is as right as deciding, anything is that does not decide otherwise."""
    both = "both right" in fact["why"] or "decided or asked again" in fact["why"]
    return "visible" if both else str(fact["expected"])


def _content(archive: str) -> dict[str, bytes]:
    return dict(_members(HERE / archive))


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and (held := archive.extractfile(member)):
                yield member.name.removeprefix("./"), held.read()
