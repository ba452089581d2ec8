"""What reading a text costs: processor time, to be compared with that of a larger one in the same run.

A limit in seconds would be another one on every machine; how the cost grows is the same on all.
"""

import gc
import time
from collections.abc import Callable, Iterable

# Four times the size is sixteen times the work where it is squared.
TOO_STEEP = 8
# What takes less says nothing.
NOISE = 0.002


def seconds(work: Callable[[], object]) -> float:
    """Without the garbage collector, which would run where it likes."""
    gc.collect()
    gc.disable()
    try:
        began = time.process_time()
        work()
        return time.process_time() - began
    finally:
        gc.enable()


def least(works: Iterable[Callable[[], object]]) -> float:
    """The least time of some; each should read another text, since what was read before is kept."""
    return min(map(seconds, works))


def grows_with_size(small: float, large: float) -> bool:
    """Whether reading four times as much costs hardly more than four times, and not sixteen times."""
    return large < TOO_STEEP * max(small, NOISE)
