"""Whether anything keeps this machine's clock right: the kernel knows (adjtimex(2))."""

from functools import cache
from typing import Any

TIME_ERROR = 5
# struct timex has 208 bytes with 64-bit longs. All zero, its `modes` ask and change nothing.
TIMEX_BYTES = 512


def is_synchronised() -> bool:
    """False where the kernel says that it is not (NTP, chrony and the like tell it); True also where it may
    not be asked."""
    ask = _adjtimex()
    return ask is None or ask() != TIME_ERROR


@cache
def _adjtimex() -> Any:
    try:
        import ctypes

        call = ctypes.CDLL(None).adjtimex
    except (ImportError, OSError, AttributeError, MemoryError):
        return None
    return lambda: call(ctypes.create_string_buffer(TIMEX_BYTES))
