"""Starting and stopping server programs: free ports, readiness, clean ends, one private
directory each.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest


def free_ports(count: int) -> list[int]:
    """Loopback ports that are free for TCP and UDP, below those that the kernel gives to connections: one of
    these could be taken by another test before a server binds it."""
    found: list[int] = []
    while len(found) < count:
        port = 10_000 + secrets.randbelow(22_000)
        with suppress(OSError), socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
            found += [port] if port not in found else []
    return found


def require(program: str, packages: str) -> str:
    """The program's path; the test FAILS without it, since a skipped promise is a broken one."""
    found = shutil.which(program) or (program if os.access(program, os.X_OK) else None)
    if not found:
        pytest.fail(
            f"{program} is missing: apt-get install -y --no-install-recommends {packages}", pytrace=False
        )
    return found


def private_directory(name: str) -> Path:
    """A directory with a path short enough for the servers' sockets, open to the users they run as."""
    directory = Path(tempfile.mkdtemp(prefix=f"fm-{name}-", dir="/tmp"))
    directory.chmod(0o755)
    return directory


def greeted(port: int, greeting: bytes, process: subprocess.Popen[bytes], seconds: float = 30.0) -> bool:
    """Whether the server on this port greets while its process lives."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                if connection.recv(200).startswith(greeting):
                    return True
        except OSError:
            time.sleep(0.01)
    return False


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM to the program, then SIGKILL to whatever is left of its session."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
    kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the program and its children; it was started in a session of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
