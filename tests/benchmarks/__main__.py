"""Runs the figures named on the command line, or all of them, one after the other."""

import sys
from collections.abc import Callable, Mapping

from tests.benchmarks import attachment, bench_graph, memory, outbox, polls, reading, replies, start, waiting
from tests.benchmarks.table import machine

FIGURES: Mapping[str, Callable[[], object]] = {
    "start": start.main,
    "memory": memory.main,
    "attachment": attachment.main,
    "outbox": outbox.main,
    "reading": reading.main,
    "replies": replies.main,
    "polls": polls.main,
    "graph": bench_graph.main,
    "waiting": waiting.main,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        print(f"no figure {', '.join(unknown)}; there are: {', '.join(FIGURES)}", file=sys.stderr)
        return 2
    print(machine())
    for name in names or FIGURES:
        print()
        FIGURES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
