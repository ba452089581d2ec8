"""The application of the metrics listener: /metrics, /-/healthy and /-/ready.

`daemon.listeners` serves it at `metrics.listen`. It only reads, needs no password, changes nothing that is
kept, and shows nothing that names a person.
"""

import asyncio
import json
from collections.abc import Callable, Sequence

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from flexmaild.api import exchange
from flexmaild.api.exchange import HttpAnswer
from flexmaild.api.problems import Problem
from flexmaild.core.documents import as_json
from flexmaild.net.http_server import Room
from flexmaild.observe.incidents import Incident, not_ready, readiness
from flexmaild.observe.metrics import Metrics
from flexmaild.system.pool import Pool

# Few clients scrape. A scrape takes milliseconds, and Prometheus gives up after 10 s by default
# (scrape_timeout).
ROOM = Room(connections=32, per_user=32)
THREADS = 2
PLAIN, JSON = "text/plain; charset=utf-8", "application/json"


class MonitoringApplication:
    """look: returns the open incidents. on_crash: called with a bug."""

    def __init__(
        self,
        metrics: Metrics,
        look: Callable[[], Sequence[Incident]],
        on_crash: Callable[[BaseException], None],
    ) -> None:
        self._metrics = metrics
        self._look = look
        self._on_crash = on_crash
        self._pool = Pool("watch", THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        is_unread = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        method, path, accept = scope["method"], scope["path"], headers.get("accept", "")
        if is_unread:
            problem = Problem(400, detail="No request takes a body here.")
            await exchange.write(receive, send, exchange.of_problem(problem), unread=True, closes=True)
            return
        try:
            written = await asyncio.wrap_future(self._pool.submit(self._answer, method, path, accept))
        except Exception as error:  # noqa: BLE001 - a bug costs one answer
            self._on_crash(error)
            written = HttpAnswer(500, PLAIN, b"a bug in flexmaild; its journal says more\n")
        await exchange.write(receive, send, written, unread=False, closes=False)

    def _answer(self, method: str, path: str, accept: str) -> HttpAnswer:
        if method not in ("GET", "HEAD"):
            return HttpAnswer(405, PLAIN, b"GET and HEAD only\n", {"Allow": "GET, HEAD"} | _NOSNIFF)
        if path == "/metrics":
            self._look()  # the gauge of incidents shows what is so now
            body, kind = self._metrics.exposition(accept)
            return HttpAnswer(200, kind, body, _NOSNIFF)
        if path == "/-/healthy":
            return HttpAnswer(200, PLAIN, b"healthy\n", _NOSNIFF)
        if path == "/-/ready":
            return self._ready(accept)
        return HttpAnswer(404, PLAIN, b"here are /metrics, /-/healthy and /-/ready\n", _NOSNIFF)

    def _ready(self, accept: str) -> HttpAnswer:
        """The reasons line by line; as JSON, where that is asked for, every incident that is open."""
        incidents = [one.without_people() for one in self._look()]
        reasons = not_ready(incidents)
        status = 503 if reasons else 200
        if JSON in accept:
            return HttpAnswer(status, JSON, json.dumps(as_json(readiness(incidents))).encode(), _NOSNIFF)
        return HttpAnswer(
            status, PLAIN, "".join(f"{line}\n" for line in reasons or ("ready",)).encode(), _NOSNIFF
        )

    def close(self) -> None:
        self._pool.close()


_NOSNIFF = {"X-Content-Type-Options": "nosniff"}
