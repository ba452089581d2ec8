"""Server-Sent Events (html.spec.whatwg.org, section 9.2) as the client takes them off the control socket."""

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flexmaild.client.calls import Call
from flexmaild.client.received import PROBLEM, BrokenOff, Strange

# The daemon sends a comment every 15 seconds: one that is silent for longer is gone.
SILENT_SECONDS = 45.0
_LONGEST_LINE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Event:
    """number: goes into `Client.events` to go on behind it. data: its JSON."""

    number: str
    name: str
    data: Any


class NotStreamed(Exception):
    """The daemon answered with a problem instead; `document` is all of it."""

    def __init__(self, status: int, document: Any) -> None:
        super().__init__(status)
        self.status = status
        self.document = document


def events_in(connection: socket.socket, route: Call, strange: Strange) -> Iterator[Event]:
    """Each event as it comes, until the daemon ends the answer. Raises what `strange` makes, NotStreamed,
    BrokenOff, OSError."""
    connection.settimeout(SILENT_SECONDS)
    answer = http.client.HTTPResponse(connection, method=route.method)
    try:
        answer.begin()
        if not answer.headers.get("Server", "").startswith("flexmaild/"):
            raise strange("it does not name itself")
        kind = answer.headers.get_content_type()
        if answer.status >= 400 and kind == PROBLEM:
            raise NotStreamed(answer.status, json.loads(answer.read(1 << 20)))
        if answer.status != 200 or kind != route.media_type:
            raise strange(f"it answered {answer.status} with {kind} in place of {route.media_type}")
        yield from _parsed(answer, strange)
    except http.client.IncompleteRead:
        raise BrokenOff("the stream ended in the middle of an event") from None
    except (http.client.HTTPException, ValueError) as fault:
        raise strange(f"it sent no events: {fault}") from None
    finally:
        answer.close()


def _parsed(answer: http.client.HTTPResponse, strange: Strange) -> Iterator[Event]:
    fields: dict[str, str] = {}
    while line := answer.readline(_LONGEST_LINE):
        text = line.decode().rstrip("\n")
        if not text and "data" in fields:
            yield Event(fields.get("id", ""), fields.get("event", ""), json.loads(fields["data"]))
        if not text:
            fields = {}
        name, _, value = text.partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
    if fields:
        raise BrokenOff("the stream ended in the middle of an event")
