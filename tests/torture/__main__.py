"""`make torture`: rounds of faults for an hour, or for `--seconds N`; ends by itself and says what it found.

Exits with 0 when every promise was kept. A round that breaks one is printed with what makes it happen again.
"""

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flexmaild.client import Refused, Unreachable
from tests.support.dovecot import Dovecot
from tests.support.pki import make_pki
from tests.torture import rounds
from tests.torture.faults import KILLED, Fault, any_fault

HOUR = 3600.0
# Of a log, in characters.
_LAST_WORDS = 10_000
# Of ten rounds.
_WITH_CUTS, _WITH_KILLS = 2, 1


class Tally:
    """What was done; lines are printed as they come, since an hour is long."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.broken: list[str] = []

    def round(self, what: str, number: int) -> None:
        self.counts[f"rounds with {what}"] += 1
        self.counts[what] += number

    def failed(self, what: str, error: BaseException, log: Path) -> None:
        self.broken.append(what)
        print(f"BROKEN {what}", flush=True)
        traceback.print_exception(error)
        if log.exists():
            print(
                "The daemon's last words:",
                log.read_text(errors="replace")[-_LAST_WORDS:],
                sep="\n",
                flush=True,
            )


def _one(seed: int, root: Path, dovecot: Dovecot, tally: Tally) -> None:
    chance = random.Random(seed)
    kind, what = chance.randrange(10), f"seed {seed}"
    try:
        if kind < _WITH_CUTS:
            tally.round("broken connections", rounds.with_cuts(root, dovecot, dovecot.user(), seed))
        elif kind < _WITH_CUTS + _WITH_KILLS:
            tally.round("kills at random", rounds.with_kills(root, seed))
        else:
            fault = any_fault(chance)
            what = f"seed {seed}: {fault}"
            _with_fault(root, fault, seed, tally)
    except (AssertionError, Refused, Unreachable, OSError, ValueError, LookupError) as error:
        tally.failed(what, error, root / "log")


def _with_fault(root: Path, fault: Fault, seed: int, tally: Tally) -> None:
    has_happened = rounds.with_fault(root, fault, seed)
    what = "kills at a system call" if fault.how == KILLED else "failed system calls"
    tally.round(what, int(has_happened))
    if has_happened and fault.how != KILLED:
        tally.counts[f"of these {fault.how}"] += 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=HOUR, help="when no round begins any more")
    parser.add_argument("--seed", type=int, help="one round alone, as it was printed")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    first = random.randrange(10**9) if given.seed is None else given.seed
    tally, end = Tally(), time.monotonic() + given.seconds
    with tempfile.TemporaryDirectory(prefix="flexmaild-torture-") as name:
        pki_folder, work = Path(name) / "pki", Path(name)
        pki_folder.mkdir()
        dovecot = Dovecot(make_pki(pki_folder)).start()

        def rounds_of(worker: int) -> None:
            number = worker
            while given.seed is not None or time.monotonic() < end:
                with tempfile.TemporaryDirectory(dir=work) as root:
                    _one(first + number, Path(root), dovecot, tally)
                number += given.workers
                if given.seed is not None:
                    return

        try:
            with ThreadPoolExecutor(given.workers if given.seed is None else 1) as pool:
                list(pool.map(rounds_of, range(given.workers if given.seed is None else 1)))
        finally:
            dovecot.remove()
    for what, number in sorted(tally.counts.items()):
        print(f"{number:7} {what}")
    print(f"{len(tally.broken):7} promises broken")
    if not any(number for what, number in tally.counts.items() if not what.startswith("rounds")):
        tally.broken.append("nothing has failed")
        print("no fault has happened")
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
