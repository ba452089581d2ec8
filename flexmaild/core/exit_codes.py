"""Exit codes of both programs. They are part of the contract: pipelines branch on them.

69, 70, 77 and 78 are EX_UNAVAILABLE, EX_SOFTWARE, EX_NOPERM and EX_CONFIG of sysexits.h; 130 is what a shell
shows for a program ended by SIGINT. systemd does not start the daemon again after 78
(RestartPreventExitStatus=78).
"""

from collections.abc import Mapping

DONE = 0
FAILED = 1
USAGE = 2
REJECTED = 3
EXPIRED_OR_CANCELLED = 4
WAIT_TIMED_OUT = 5
COMMAND_FAILED = 10
UNREACHABLE = 69
BUG = 70
NOT_PERMITTED = 77
BAD_SETTINGS = 78
INTERRUPTED = 130

# What `approval wait` exits with, by the state of the request when the waiting is over.
OF_STATE: Mapping[str, int] = {
    "approved": DONE,
    "rejected": REJECTED,
    "expired": EXPIRED_OR_CANCELLED,
    "cancelled": EXPIRED_OR_CANCELLED,
    "pending": WAIT_TIMED_OUT,
}


def of_problem(status: int, kind: str) -> int:
    """The exit code for a problem the daemon answered with; `api.problems` names the kinds."""
    if kind == "bad-settings":
        return BAD_SETTINGS
    if status == 403:
        return NOT_PERMITTED
    if status == 503:
        return UNREACHABLE
    return USAGE if status in (400, 413, 415, 422) else FAILED
