"""Callers who are another user than the tests: the kernel tells the daemon who calls."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.contract.http.talk import PATIENCE, Answer, Door, answers
from tests.support.process import private_directory, require

# A user of every Debian system who owns nothing.
OTHER = "daemon"
OTHER_ID = pwd.getpwnam(OTHER).pw_uid


@contextmanager
def open_directory() -> Iterator[Path]:
    """Where other users may connect: pytest's own directories are closed to them."""
    directory = private_directory("http")
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def as_other(door: Door, start: bytes) -> subprocess.Popen[bytes]:
    """A request of the other user on its way; see `answer_of`."""
    method, path = start.decode().split(" ")
    command = [require("curl", "curl"), "--silent", "--include", "--max-time", str(PATIENCE)]
    command += ["--unix-socket", str(door.address), "--request", method, f"http://localhost{path}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, user=OTHER, cwd="/")


def answer_of(asking: subprocess.Popen[bytes]) -> Answer:
    said, _ = asking.communicate()
    (answer,) = answers(said)
    return answer


def connected_as_other(door: Door, count: int) -> list[socket.socket]:
    """Connections of the other user. Changes the user of this process for a moment: the daemon must not be a
    part of it."""
    os.seteuid(OTHER_ID)
    try:
        return [door.connect() for _ in range(count)]
    finally:
        os.seteuid(0)
