"""What all connections of a control server share: the handlers, who may do what, and how much at a time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from flexmaild.control.call import Handlers
from flexmaild.control.gate import Gate
from flexmaild.core.access import Access
from flexmaild.system.peer_credentials import Peer

OnRequest = Callable[[str, str, Peer, float], None]
OnCrash = Callable[[BaseException], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much callers may take: places, seconds, bytes.

    request_seconds: to send the head, and again for the body. wait_for_place: before "busy" is said.
    large: how many bodies above the ordinary size are read at a time.
    """

    clients: int = 64
    per_uid: int = 16
    waiters: int = 256
    large: int = 2
    request_seconds: float = 10.0
    idle_seconds: float = 30.0
    write_seconds: float = 30.0
    wait_for_place: float = 10.0
    head_bytes: int = 64 * 1024


@dataclass(slots=True)
class Hub:
    """What all connections share. `access` is replaced whole at a reload."""

    handlers: Handlers
    access: Access
    on_request: OnRequest
    on_crash: OnCrash
    limits: Limits
    clients: Gate
    waiters: Gate
    large: Gate
    stopping: threading.Event = field(default_factory=threading.Event)
    idle: set[socket.socket] = field(default_factory=set)
