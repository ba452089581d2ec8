"""Somebody else who listens where flexmaild should."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

OURS = b"Server: flexmaild/1\r\n"
JSON = b"Content-Type: application/json\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
Dialogue = Callable[[socket.socket], None]


class Stranger:
    """Listens at `path`; `talk` is had with each who connects, in a thread, until `gone` is set."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.gone = threading.Event()
        self.talk: Dialogue = lambda connection: None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def says(self, *pieces: bytes, closes: bool = False) -> None:
        """Sends these whatever it is asked, and then is silent; or hears the other first, and closes then."""

        def talk(connection: socket.socket) -> None:
            if closes:
                connection.recv(65536)
            for piece in pieces:
                connection.sendall(piece)
            if not closes:
                self.gone.wait(60)

        self.talk = talk

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self.talk(connection)

    def close(self) -> None:
        self.gone.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join()
        self._listener.close()
