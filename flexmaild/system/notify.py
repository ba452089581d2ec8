"""Talking to the service manager: readiness, reloads, the watchdog (sd_notify(3)), sockets handed over.

`sdnotify` swallows every error and encodes as Latin-1, so texts are folded to ASCII and STATUS never shares
a datagram with anything that matters. Outside systemd all of it does nothing.
"""

import os
import time

import sdnotify


class Manager:
    """Notifies the service manager; one datagram for each call."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()

    def ready(self, status: str) -> None:
        self._notifier.notify("READY=1")
        self.status(status)

    def reloading(self) -> None:
        """RELOADING with the moment it began; systemd 253 and later wait for it (Type=notify-reload)."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._notifier.notify(f"RELOADING=1\nMONOTONIC_USEC={microseconds}")

    def extend_start(self, seconds: float) -> None:
        """It may take so long from now on, beyond TimeoutStartSec= (EXTEND_TIMEOUT_USEC, sd_notify(3))."""
        self._notifier.notify(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def stopping(self) -> None:
        self._notifier.notify("STOPPING=1")

    def alive(self) -> None:
        self._notifier.notify("WATCHDOG=1")

    def status(self, text: str) -> None:
        folded = text.encode("ascii", "replace").decode().replace("\n", " ")
        self._notifier.notify(f"STATUS={folded}")


def watchdog_interval() -> float | None:
    """Seconds between two signs of life: half of what the manager allows; None where it does not watch us."""
    pid = os.environ.get("WATCHDOG_PID", "")
    if pid and pid != str(os.getpid()):
        return None
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 2_000_000 if microseconds.isdigit() and int(microseconds) > 0 else None
