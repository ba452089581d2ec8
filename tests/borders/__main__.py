"""`make borders`: run every border, or those named, and print who was proven and which forgery was believed.

Each runs twice: as docs/borders.md says, and without the lines that strip what senders bring along. A
forgery believed in the first run, or an honest sender not proven for no known reason, ends it with 1.
"""

import argparse
import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.borders import machine, packages, recorded
from tests.borders.border import Border
from tests.borders.kinds import BORDERS, settings
from tests.borders.proof import NOT_PROVEN, proof


@dataclass(frozen=True, slots=True)
class Judged:
    """One run of one border."""

    border: Border
    honest: dict[str, str]
    forged: dict[str, str]
    refused: dict[str, str]

    @property
    def proven(self) -> list[str]:
        return [name for name, found in self.honest.items() if found != NOT_PROVEN]

    @property
    def believed(self) -> list[str]:
        return [name for name, found in self.forged.items() if found != NOT_PROVEN]

    @property
    def lost(self) -> list[str]:
        """Honest mails that this border should have proven."""
        return [n for n in self.honest if n not in self.proven and n not in self.border.unproven]


def run(border: Border, bare: bool) -> Judged:
    """Run it on a machine of its own and judge what it left in the folder."""
    result = packages.ROOT / "mails" / (border.name + ("-bare" if bare else ""))
    shutil.rmtree(result, ignore_errors=True)
    result.mkdir(parents=True)
    done = machine.inside(border.name, packages.unpacked(border.packages), result, bare)
    if done.returncode:
        raise RuntimeError(f"{border.title}: {done.stderr.strip()[-6000:]}")
    return judged(border, result)


def judged(border: Border, result: Path) -> Judged:
    """The mails that a run left here."""
    sent = json.loads((result / "sent.json").read_text())
    borders: list[dict[str, Any]] = settings(border)["borders"]
    proofs: dict[bool, dict[str, str]] = {True: {}, False: {}}
    for name, about in sent["mails"].items():
        file = result / f"{name}.eml"
        try:
            found = proof(file.read_bytes(), about["sender"], borders) if file.exists() else NOT_PROVEN
        except Exception as fault:
            found = f"crash: {fault!r}"
        proofs[about["honest"]][name] = found
    return Judged(border, proofs[True], proofs[False], sent["refused"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.borders", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="BORDER", help=", ".join(b.name for b in BORDERS))
    parser.add_argument("--record", action="store_true", help="keep what make test judges, see test_recorded")
    parser.add_argument("--judge", action="store_true", help="judge the mails of the last run again")
    options = parser.parse_args()
    chosen = [b for b in BORDERS if not options.names or b.name in options.names]
    if options.judge:
        mails = packages.ROOT / "mails"
        results = [(judged(b, mails / b.name), judged(b, mails / f"{b.name}-bare")) for b in chosen]
    else:
        results = _all(chosen)
    if options.record:
        for hard, bare in results:
            recorded.record(hard.border, hard.honest, bare.forged)
    return _report(results)


def _all(chosen: list[Border]) -> list[tuple[Judged, Judged]]:
    if os.geteuid() != 0:
        sys.exit("make borders needs root: mail servers, mounts and a network of their own")
    if not all(packages.complete(border.packages) for border in chosen):
        packages.update()
    for border in chosen:
        packages.unpacked(border.packages)
    with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
        hard = pool.map(lambda border: run(border, False), chosen)
        bare = pool.map(lambda border: run(border, True), chosen)
        return list(zip(hard, bare, strict=True))


def _report(results: list[tuple[Judged, Judged]]) -> int:
    print(f"{'border':46}{'honest proven':>15}{'forged believed':>17}{'without stripping':>19}")
    for hard, bare in results:
        print(
            f"{hard.border.title:46}{len(hard.proven):>11}/{len(hard.honest)}"
            f"{len(hard.believed):>13}/{len(hard.forged)}{len(bare.believed):>15}/{len(bare.forged)}"
        )
    for hard, bare in results:
        title = hard.border.title
        for name in hard.honest:
            if name in hard.border.unproven:
                print(f"{title}: cannot prove {name}: {hard.border.unproven[name]}")
        for what, names in (
            ("BELIEVED", _how(hard, hard.believed)),
            ("NOT PROVEN", hard.lost),
            ("believed without stripping", _how(bare, bare.believed)),
        ):
            if names:
                print(f"{title}: {what}: {_listed(names)}")
    return int(any(hard.believed or hard.lost for hard, _ in results))


def _how(run: Judged, names: list[str]) -> list[str]:
    return [f"{name} ({run.forged[name]})" for name in names]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more


if __name__ == "__main__":
    sys.exit(main())
