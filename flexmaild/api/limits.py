"""How much callers of the HTTP server may take: bytes, seconds, places; one record, given to it at the start.

The arithmetic behind the numbers of places is in the unit (`TasksMax`, `LimitNOFILE`).
"""

from __future__ import annotations

from dataclasses import dataclass

KIB, MIB = 1024, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for the control socket; of the metrics listener only what is said of heads and seconds.

    body_silent_seconds: without a byte of it. in_work: from the end of the head until the answer is made;
    who waits for a decision or reads events is not in work. bodies_bytes: of all bodies that are held at
    once, by their declared lengths. descriptors_kept: left free for mail and store.
    """

    head_bytes: int = 64 * KIB
    head_seconds: float = 10.0
    body_silent_seconds: float = 10.0
    body_seconds: float = 60.0
    body_bytes: int = 35 * MIB
    bodies_bytes: int = 70 * MIB
    idle_seconds: float = 30.0
    write_seconds: float = 30.0
    in_work_per_user: int = 32
    waiting: int = 2000
    waiting_per_user: int = 1000
    descriptors_kept: int = 128
    refusals_logged_seconds: float = 60.0
