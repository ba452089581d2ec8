"""A program in the place of the reading child, which says the same of every mail."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

_SOURCE = """#!{python}
import socket, struct, sys
line = socket.socket(fileno=int(sys.argv[-1]))
def receive():
    (length,) = struct.unpack("!I", line.recv(4, socket.MSG_WAITALL))
    return line.recv(length, socket.MSG_WAITALL)
def send(data):
    line.sendall(struct.pack("!I", len(data)) + data)
receive()
send(b"ready")
while True:
    receive()
    for frame in {frames!r}:
        send(frame)
"""


def in_its_place(folder: Path, monkeypatch: pytest.MonkeyPatch, frames: Sequence[bytes]) -> None:
    """From now on a Reader starts this program: it sends these frames for each mail."""
    child = folder / "child"
    child.write_text(_SOURCE.format(python=sys.executable, frames=list(frames)))
    child.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(child))


_DYING = """#!{python}
import os, resource, socket, struct, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
line = socket.socket(fileno=int(sys.argv[-1]))
def receive():
    (length,) = struct.unpack("!I", line.recv(4, socket.MSG_WAITALL))
    return line.recv(length, socket.MSG_WAITALL)
receive()
with open({started!r}, "a") as file:
    print("started", file=file)
line.sendall(struct.pack("!I", 5) + b"ready")
receive()
os.kill(os.getpid(), {number})
"""


def dying_in_its_place(folder: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals) -> Path:
    """From now on a Reader starts this program: each mail ends it with this signal. Returns where it writes a
    line whenever it is started."""
    child, started = folder / "child", folder / "started"
    child.write_text(_DYING.format(python=sys.executable, started=str(started), number=int(number)))
    child.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(child))
    return started
