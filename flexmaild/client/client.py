"""The client of the control socket: sends a call of the table and returns its answer."""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from flexmaild.client.calls import CALLS, Call
from flexmaild.client.received import BrokenOff, receive
from flexmaild.client.stream import SILENT_SECONDS, Event, NotStreamed, events_in
from flexmaild.system.deadline import NEVER, Deadline

_DEFAULT_SOCKET = Path("/run/flexmaild/control.sock")
# A held answer comes at the asked time; this much later at most, seconds.
_SLACK = 30.0
# Between two tries to get into a full backlog, seconds.
_RETRY_PAUSE = 0.02


class Unreachable(Exception):
    """No flexmaild answers there. `cure` says what to do; `permission`: this user may not connect.

    sent: the request may have been carried out all the same.
    """

    def __init__(self, text: str, cure: str, *, permission: bool = False, sent: bool = False) -> None:
        super().__init__(text)
        self.cure = cure
        self.permission = permission
        self.sent = sent


class Refused(Exception):
    """The daemon answered with a problem (RFC 9457); `document` is all of it."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.document = document
        self.kind = str(document.get("type", "")).rpartition(":")[2]
        super().__init__(str(document.get("detail") or document.get("title") or f"HTTP status {status}"))


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer; `body` is parsed JSON, or bytes where the route says so."""

    status: int
    body: Any
    headers: Mapping[str, str]


def default_socket(environ: Mapping[str, str] = os.environ) -> Path:
    """$FLEXMAILD_SOCKET, or where the packaged service listens."""
    return Path(environ.get("FLEXMAILD_SOCKET") or _DEFAULT_SOCKET)


class Client:
    """Asks the daemon at `path`; every call is a connection of its own.

    last: the command and the body of the last good answer.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_socket()
        self.last: tuple[str, Any] | None = None

    def call(
        self,
        command: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        file: BinaryIO | None = None,
        idempotency_key: str = "",
        timeout: float | None = None,
    ) -> Reply:
        """Carry out a command of `CALLS`. `timeout` in seconds, by default the call's own. `body` goes as
        JSON; `file` as it is, from where it stands.

        Raises Unreachable, Refused.
        """
        route = CALLS[command]
        headers = {"Accept": "application/json, application/problem+json"}
        data: bytes | BinaryIO | None = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if file is not None:
            data = file
            headers["Content-Type"] = "application/octet-stream"
            headers["Content-Length"] = str(os.fstat(file.fileno()).st_size - file.tell())
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        seconds = timeout if timeout is not None else _patience(route, query or {})
        connection = _Connection(self.path, seconds)
        try:
            target = _target(route, path or {}, query or {})
            found = self._exchange(connection, route, target, data, headers)
        finally:
            connection.close()
        self.last = command, found.body
        return found

    def events(self, last: str = "", **query: Any) -> Iterator[Event]:
        """The event log behind the number `last`, as it grows; see `GET /v1/events`.

        Raises Unreachable when the connection breaks off: ask again with the number of the last event.
        """
        route = CALLS["events"]
        headers = {"Accept": route.media_type} | ({"Last-Event-ID": last} if last else {})
        connection = _Connection(self.path, SILENT_SECONDS)
        connection.deadline = NEVER  # the daemon lets it be heard every 15 seconds
        try:
            try:
                connection.connect()
            except OSError as error:
                raise _unreachable(self.path, error) from error
            connection.request(route.method, _target(route, {}, query), headers=headers)
            yield from events_in(connection.sock, route, self.strange)
        except NotStreamed as problem:
            raise Refused(problem.status, problem.document) from None
        except (OSError, BrokenOff) as error:
            why = getattr(error, "strerror", None) or error
            cure = "Ask again; see journalctl -u flexmaild."
            raise Unreachable(f"{self.path} broke off ({why})", cure, sent=True) from error
        finally:
            connection.close()

    def _exchange(
        self,
        connection: _Connection,
        route: Call,
        target: str,
        data: bytes | BinaryIO | None,
        headers: Mapping[str, str],
    ) -> Reply:
        try:
            connection.connect()
        except OSError as error:
            raise _unreachable(self.path, error) from error
        try:
            with suppress(BrokenPipeError):  # refused before the body was read: the answer says why
                connection.request(route.method, target, data, dict(headers))
            found = receive(connection.sock, connection.deadline, route, self.strange)
        except TimeoutError as error:
            text = f"no answer from {self.path} within {connection.timeout:g} seconds"
            cure = "It may still be carried out: see `flexmailctl status`."
            raise Unreachable(text, cure, sent=True) from error
        except (OSError, BrokenOff) as error:
            why = error.strerror if isinstance(error, OSError) else error
            text = f"{self.path} broke off before it answered ({why})"
            raise Unreachable(text, "Ask again; see journalctl -u flexmaild.", sent=True) from error
        if found.status >= 400:
            raise Refused(found.status, {"status": found.status} | (found.body or {"title": found.reason}))
        return Reply(found.status, found.body, found.headers)

    def strange(self, what: str) -> Unreachable:
        """The error that what answers here is not flexmaild, or not of this version."""
        cure = "Name its socket with --socket; after an upgrade, restart flexmaild."
        return Unreachable(f"what answers at {self.path} is not flexmaild: {what}", cure)


class _Connection(http.client.HTTPConnection):
    """A connection to the socket, with one deadline for everything."""

    timeout: float

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path
        self.deadline = Deadline.after(timeout)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        while True:
            try:
                return self.sock.connect(str(self._path))
            except BlockingIOError:  # the daemon's backlog is full: many call at once (unix(7))
                if self.deadline.is_over:
                    raise
                time.sleep(_RETRY_PAUSE)

    def send(self, data: Any) -> None:
        self.deadline.arm(self.sock)
        super().send(data)


def _patience(route: Call, query: Mapping[str, Any]) -> float:
    if route.held_for is None:
        return route.patience
    name, usual = route.held_for
    return max(route.patience, float(query.get(name) or usual) + _SLACK)


def _target(route: Call, path: Mapping[str, str], query: Mapping[str, Any]) -> str:
    target = route.path
    for name in route.placeholders:
        target = target.replace(f"{{{name}}}", urllib.parse.quote(path[name], safe="@+=~"))
    given = {name: value for name, value in query.items() if value is not None}
    return f"{target}?{urllib.parse.urlencode(given)}" if given else target


def _unreachable(path: Path, error: OSError) -> Unreachable:
    if isinstance(error, PermissionError):
        cure = "Become a member of the socket's group (usually flexmail), or ask the operator."
        return Unreachable(f"may not connect to {path}", cure, permission=True)
    if isinstance(error, FileNotFoundError):
        cure = "Start flexmaild (systemctl start flexmaild), or name its socket with --socket."
        return Unreachable(f"there is no socket at {path}", cure)
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(f"nobody listens at {path}", "Start flexmaild (systemctl start flexmaild).")
    return Unreachable(f"cannot connect to {path} ({error.strerror or error})", "Is the path right?")
