"""The service manager: a notify socket (sd_notify(3)) that a daemon started by a test talks to."""

import queue
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest


class Manager:
    """A service manager's notify socket (sd_notify(3)); collects datagrams in order."""

    def __init__(self, path: Path) -> None:
        self.path, self.heard = path, queue.SimpleQueue[str]()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                self.heard.put(self._socket.recv(4096).decode())
            except OSError:
                return

    def hears(self, word: str) -> str:
        """The next datagram that begins with this word; what comes before it is passed over."""
        while True:
            said = self.heard.get(timeout=30)
            if said.startswith(word):
                return said

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path / "notify")
    yield made
    made.close()


def environment(manager: Manager, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": str(manager.path), **more}
