"""What every figure prints: a line for each program, and a ratio beside its aim."""

import os
import platform
import statistics
from collections.abc import Mapping, Sequence


def machine() -> str:
    """What the figures were measured on, and how busy it was with other work."""
    load = os.getloadavg()[0]
    return (
        f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {load:.1f} before the start"
    )


def show(title: str, unit: str, figures: Mapping[str, Sequence[float]], digits: int = 0) -> None:
    """A line for each name: the best and the median of its runs. The unit says whether more is better."""
    print(title)
    least_is_best = unit in {"s", "ms", "MB", "bytes"}
    for name, values in figures.items():
        best = min(values) if least_is_best else max(values)
        runs = " ".join(f"{value:.{digits}f}" for value in values)
        middle = statistics.median(values)
        print(f"  {name:42s} best {best:9.{digits}f} {unit}  median {middle:9.{digits}f} {unit}  ({runs})")


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float], aim: str) -> None:
    """The ratio of runs that stood side by side, round by round, and what it should be."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    runs = " ".join(f"{value:.2f}" for value in ratios)
    print(f"  = {name:40s} median {statistics.median(ratios):8.2f}  aim {aim}  ({runs})")


def compared(name: str, value: float, unit: str, aim: str) -> None:
    print(f"  = {name:40s} {value:8.3g} {unit}  aim {aim}")
