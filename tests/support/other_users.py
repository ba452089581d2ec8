"""What other users of the machine are answered: the kernel says who calls, so another one has to call.

The tests' own user is root, who is an admin; these are users of every Debian system who own nothing.
"""

import json
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.process import require

DAEMON, BIN, SYS = "daemon", "bin", "sys"


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


def flexmailctl_as(user: str, socket: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a process that becomes this user's; the program itself need not be readable for that one."""
    entry = pwd.getpwnam(user)
    script = (
        "import os, sys\n"
        "from flexmaild.cli import flexmailctl\n"
        f"os.setgroups([]); os.setgid({entry.pw_gid}); os.setuid({entry.pw_uid})\n"
        f"sys.argv = {['flexmailctl', '--socket', str(socket), *arguments]!r}\n"
        "flexmailctl.main()\n"
    )
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
