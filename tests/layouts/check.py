"""All replies through the reader: `python -m tests.layouts.check [--client NAME] [--save FOLDER]`.

Prints, for each client, what became of plain answers, of a harmless sentence and of a doubt, with examples of
what must not be, then the items of `thirty`; ends with 1 if there is any fault. The choice of cases is always
the same.
"""

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.layouts import expectations as expect
from tests.layouts.adapter import read
from tests.layouts.clients import CLIENTS, reply
from tests.layouts.model import Original, Reply, chance
from tests.layouts.phrases import LANGUAGES
from tests.layouts.places import PLACES, Place, places
from tests.layouts.request import request
from tests.layouts.thirty import ITEMS
from tests.layouts.variants import VARIANTS

_PLACES = {place.name: place for place in PLACES}
_CPUS = 2


@dataclass(frozen=True, slots=True)
class Case:
    """text: language of request and answer; labels: of the program."""

    client: str
    place: str
    kind: str
    text: str = "en"
    labels: str = "en"
    which: int = 0
    variant: str = ""

    @property
    def extra(self) -> str:
        if self.kind in (expect.DOUBT, expect.REJECTION):
            doubts = expect.DOUBTING[self.text]
            return doubts[self.which % len(doubts)]
        return expect.HARMLESS[self.text]

    def asked(self) -> bytes:
        return request(self.text)

    def reply(self) -> Reply:
        no = self.kind == expect.REJECTION
        answer = (expect.REJECT if no else expect.APPROVE)[self.text]
        original = Original.of(self.asked())
        shown = VARIANTS[self.variant](original) if self.variant else original
        return reply(shown, self.client, _PLACES[self.place], answer, self.extra, self.labels, no)

    def judged(self) -> expect.Judged:
        mine = self.reply()
        wanted = "reject" if self.kind == expect.REJECTION else "approve"
        return expect.judge(mine, self.kind, self.extra, read(mine.data, self.asked()), wanted)

    def __str__(self) -> str:
        languages = self.text if self.text == self.labels else f"{self.text}/{self.labels}"
        variant = f".{self.variant}" if self.variant else ""
        return f"{self.client}.{self.place}.{self.kind}.{languages}{variant}".replace("/", "-")


def cases(client: str) -> Iterator[Case]:
    """Every slot in English; in other languages, with labels in a third and through gateways, a choice.

    Where a slot has several depths in the quote, one is taken for each kind of sentence.
    """
    dice = random.Random(chance(client))
    has = list(places(CLIENTS[client].slots))
    plain = [place for place in has if not place.has_extra]
    extra = [place for place in has if place.has_extra]
    depths: dict[tuple[str, ...], list[Place]] = {}
    for place in extra:
        depths.setdefault((re.sub(r"\d+$", "", place.name), *place.slots), []).append(place)
    for place in plain:
        yield Case(client, place.name, expect.PLAIN)
    for same in depths.values():
        for kind in (expect.HARMLESS_EXTRA, expect.DOUBT):
            yield Case(client, dice.choice(same).name, kind, which=dice.randrange(3))
    third = dice.sample(LANGUAGES[1:], 2)
    for text, labels in (*((one, one) for one in LANGUAGES[1:]), ("en", third[0]), (third[1], "en")):
        yield Case(client, plain[0].name, expect.PLAIN, text, labels)
        for kind in (expect.HARMLESS_EXTRA, expect.DOUBT):
            yield Case(client, dice.choice(extra).name, kind, text, labels, dice.randrange(3))
    for place in dice.sample(extra, min(4, len(extra))):
        yield Case(client, place.name, expect.REJECTION, which=dice.randrange(3))
    if "top" in CLIENTS[client].slots:
        for variant in VARIANTS:
            yield Case(client, plain[0].name, expect.PLAIN, variant=variant)
            yield Case(
                client, dice.choice(extra).name, expect.DOUBT, which=dice.randrange(3), variant=variant
            )


def run(
    client: str, save: str = ""
) -> tuple[str, Counter[tuple[str, str]], list[tuple[Case, expect.Judged]]]:
    counts: Counter[tuple[str, str]] = Counter()
    bad = []
    for case in cases(client):
        judged = case.judged()
        counts[case.kind, judged.outcome] += 1
        if not judged.fine:
            bad.append((case, judged))
            if save:
                Path(save, f"{case}.eml").write_bytes(case.reply().data)
    return client, counts, bad


def _report(client: str, counts: Counter[tuple[str, str]], bad: list[tuple[Case, expect.Judged]]) -> None:
    parts = []
    for kind in (expect.PLAIN, expect.HARMLESS_EXTRA, expect.DOUBT, expect.REJECTION):
        said = sorted((what, n) for (k, what), n in counts.items() if k == kind)
        parts.append(f"{kind}: " + ", ".join(f"{n} {what}" for what, n in said))
    print(f"{client:24} {' | '.join(parts)}")
    shown: Counter[tuple[str, str]] = Counter()
    for case, judged in bad:
        key = (case.kind, judged.outcome)
        shown[key] += 1
        if shown[key] <= 3:
            print(f"    {judged.outcome:9} {case}: {case.extra!r} -> {judged.said}")


def _further() -> int:
    faults = {item.title: said for item in ITEMS if (said := item.fault())}
    print(f"further ways to fail: {len(ITEMS) - len(faults)} of {len(ITEMS)} as expected")
    for title, said in faults.items():
        print(f"    {title}: {said}")
    return len(faults)


def main() -> int:
    ask = argparse.ArgumentParser(prog="tests.layouts.check")
    ask.add_argument("--client", choices=sorted(CLIENTS))
    ask.add_argument("--save", default="", help="folder for the replies that were read wrongly")
    given = ask.parse_args()
    if given.save:
        Path(given.save).mkdir(parents=True, exist_ok=True)
    total: Counter[tuple[str, str]] = Counter()
    wrong = 0
    with ProcessPoolExecutor(_CPUS) as pool:
        names = [given.client] if given.client else list(CLIENTS)
        for client, counts, bad in pool.map(run, names, [given.save] * len(names)):
            _report(client, counts, bad)
            total += counts
            wrong += len(bad)
    _report(f"all {len(names)} clients", total, [])
    if not given.client:
        wrong += _further()
    print(f"{sum(total.values())} replies, {wrong} not as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
