"""The redirect address of an authorisation: a small web server that receives the browser's answer once.

RFC 8252 section 7.3: any free port on the loopback interface. Runs while an operator signs in; logs nothing.
"""

import queue
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from flexmaild.core.errors import GiveUp, Reason

_DONE = b"<!doctype html><title>flexmaild</title><p>Thank you. The terminal says whether it worked."
# A code is about 1 kB (Entra ID); a longer body is not from the sign-in service.
_FIELDS_BYTES = 16 * 1024


class _Server(ThreadingHTTPServer):
    """A thread for each connection: browsers open some ahead that they never use."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """Nothing: the library would print a traceback past the log, perhaps with a secret in it."""


class Loopback:
    """Listens from construction until `close`. port: 0 for a free one."""

    def __init__(self, port: int = 0) -> None:
        self._answers: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()
        answers = self._answers

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                self._take(urlsplit(self.path).query)

            def do_POST(self) -> None:
                given = self.headers.get("Content-Length") or ""
                length = int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else 0
                self._take(self.rfile.read(min(length, _FIELDS_BYTES)).decode("ascii", "replace"))

            def _take(self, text: str) -> None:
                fields = dict(parse_qsl(text))
                known = "state" in fields and ("code" in fields or "error" in fields)
                self.send_response(200 if known else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Cache-Control", "no-store")
                self.send_header("Referrer-Policy", "no-referrer")
                self.send_header("Content-Length", str(len(_DONE) if known else 0))
                self.end_headers()
                if known:
                    self.wfile.write(_DONE)
                    answers.put(fields)

            def log_message(self, *_: object) -> None:
                """The request line of a GET holds the code."""

        try:
            self._server = _Server(("127.0.0.1", port), Handler)
        except OSError as error:
            text = f"port {port} on 127.0.0.1: {error.strerror}"
            cure = "Choose another `redirect_port`, or 0 for a free one."
            raise GiveUp(Reason.CLIENT, text, step="redirect", cure=cure) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True, name="oauth-redirect"
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """The redirect address. Entra ID ignores the port of `http://localhost` for public clients."""
        return f"http://localhost:{self._server.server_port}"

    def take(self, seconds: float) -> Mapping[str, str] | None:
        """The fields of the browser's answer, None when none came within `seconds`."""
        try:
            return self._answers.get(timeout=seconds)
        except queue.Empty:
            return None

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
