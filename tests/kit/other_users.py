"""What other users of the machine are answered: the kernel says who calls, so another one has to call.

The tests' own user is root, who is an admin; these are users of every Debian system who own nothing.
"""

from __future__ import annotations

import json
import pwd
import subprocess
from pathlib import Path
from typing import Any

from tests.kit.process import require

DAEMON, BIN, SYS = "daemon", "bin", "sys"


def uid_of(user: str) -> int:
    return pwd.getpwnam(user).pw_uid


def as_user(
    user: str, socket: Path, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any]:
    """Status and body of what this user is answered."""
    command = [require("curl", "curl"), "--silent", "--unix-socket", str(socket), "--request", method]
    command += ["--write-out", "\n%{http_code}", f"http://localhost{path}"]
    for name, value in headers.items():
        command += ["--header", f"{name.replace('_', '-')}: {value}"]
    command += ["--data", json.dumps(body)] if body is not None else []
    group = pwd.getpwnam(user).pw_gid
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, user=user, group=group, extra_groups=(), cwd="/"
    )
    said, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(said)
