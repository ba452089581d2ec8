"""What goes wrong in a round, and how it is made to.

System calls fail by `strace` injection: the n-th call of its kind in some thread of the daemon (or of its
child) fails with an error, or ends the process, as SIGKILL would at that very instant.
"""

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

_CALLS = {
    "EIO": [
        "read",
        "pread64",
        "write",
        "pwrite64",
        "fdatasync",
        "fsync",
        "openat",
        "rename",
        "unlink",
        "ftruncate",
    ],
    "ENOSPC": ["write", "pwrite64", "fdatasync", "openat", "rename", "link", "ftruncate", "mkdir"],
    "EMFILE": ["openat", "socket", "accept4", "pipe2", "dup"],
    "ENOMEM": ["mmap", "openat", "socket", "fork", "vfork", "clone3"],
}
_KILLED = [
    "read",
    "pread64",
    "write",
    "pwrite64",
    "fdatasync",
    "openat",
    "rename",
    "unlink",
    "link",
    "sendto",
    "accept4",
]
KILLED = "SIGKILL"
# Most calls of a kind happen so often in a round, and the beginning of a start deserves its share.
_FEW, _MANY = 12, 400


@dataclass(frozen=True, slots=True)
class Fault:
    """call: the system call's name; number: which of them; how: an error's name, or KILLED."""

    call: str
    number: int
    how: str

    def __str__(self) -> str:
        return f"{self.call}:{self.how}:{self.number}"

    def command(self, log: Path) -> tuple[str, ...]:
        """What to put in front of the daemon's command. strace stays in the background, so that the process
        that is started is the daemon."""
        strace = shutil.which("strace")
        assert strace, "install strace (apt-get install strace): it injects the faults"
        what = f"signal={KILLED}" if self.how == KILLED else f"error={self.how}"
        inject = f"inject={self.call}:{what}:when={self.number}"
        # Only the calls that are meant stop the daemon then; but strace sends no signal so.
        fast = () if self.how == KILLED else ("--seccomp-bpf",)
        return (strace, "-D", "-f", *fast, "-qq", "-o", str(log), "-e", f"trace={self.call}", "-e", inject)

    @staticmethod
    def has_happened(log: Path) -> bool:
        """Asked before the daemon is killed from outside, which looks the same in the log."""
        text = log.read_text(errors="replace") if log.exists() else ""
        return "(INJECTED)" in text or "+++ killed by SIGKILL" in text


def any_fault(chance: random.Random) -> Fault:
    how = chance.choice((*_CALLS, KILLED, KILLED))
    call = chance.choice(_KILLED if how == KILLED else _CALLS[how])
    return Fault(call, chance.randint(1, chance.choice((_FEW, _MANY))), how)
