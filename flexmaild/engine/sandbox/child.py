"""The child process that understands mails, one after the other, under limits of time and memory.

Started by `engine.sandbox.parent` with one end of a socket pair: first the rules come, then mails; each is
answered with a parsed reply as JSON. It has no settings and no secrets, asks only the daemon (once a mail,
for what was sent with the references in it) and DNS (for DKIM keys, if the settings want that), and may die.
"""

import json
import logging
import pickle
import resource
import signal
import socket
import sys
from collections import deque
from dataclasses import fields, is_dataclass
from typing import Any

from flexmaild.core.parsed_reply import ParsedReply
from flexmaild.core.references import parse
from flexmaild.core.work import MailsSent, SentMail
from flexmaild.engine.sandbox.framing import (
    EVIDENCE,
    MAIL_WITH_EVIDENCE,
    MOST_REFERENCES,
    QUERY,
    READY,
    REPLY,
    SENT_AHEAD,
    SENT_MAILS,
    FrameError,
    receive,
    send,
)
from flexmaild.mail.understand.evidence import Evidence
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.words.rules import Rules

# One kilobyte of header can exhaust a stack and 260 kB of it can take 2.5 GB in careless parsers.
_MEMORY_BYTES = 512 * 1024 * 1024
_CPU_SECONDS = 5
# Four DNS lookups may be made (`mail.authentication.own_check`) within the ten seconds a mail has in all.
_DNS_SECONDS = 2.0

# References, and what was sent with them.
_Known = tuple[tuple[str, ...], tuple[SentMail, ...] | None]

_FIELDS = tuple(f.name for f in fields(ParsedReply))


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable()  # libraries that read mail complain of it on standard error
    channel = socket.socket(fileno=int(sys.argv[1]))
    try:
        # From our own parent, over our own socket pair.
        rules: Rules = pickle.loads(receive(channel))  # noqa: S301
        send(channel, READY)
        daemon = Connection(channel)
        while True:
            frame = daemon.next_mail()
            evidence = Evidence() if frame.startswith(MAIL_WITH_EVIDENCE) else None
            send(channel, REPLY + _reply_frame(frame, rules, daemon.mails_sent, evidence))
            if evidence is not None:
                send(channel, EVIDENCE + _json(evidence))
    except (FrameError, OSError):
        return 0


class Connection:
    """The channel, with frames of later mails that arrived while the child waited for an answer."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._waiting: deque[bytes] = deque()
        self._known: _Known = ((), None)

    def next_mail(self) -> bytes:
        self._known = ((), None)
        frame = self._next()
        if frame.startswith(SENT_AHEAD):
            self._known = _loaded(frame)
            frame = self._next()
        return frame

    def mails_sent(self, references: tuple[str, ...]) -> tuple[SentMail, ...] | None:
        """The mails sent with these references: those that came with the mail, or the daemon's answer.

        The daemon is not asked for texts that are no reference, nor for more than it answers: those
        disagree.
        """
        if set(references) == set(self._known[0]):
            return self._known[1]
        whole = [text for text in references if parse(text) is not None]
        if not 0 < len(whole) <= MOST_REFERENCES:
            return None
        send(self._channel, QUERY + " ".join(whole).encode("ascii"))
        while not (frame := receive(self._channel)).startswith(SENT_MAILS):
            self._waiting.append(frame)
        return _loaded(frame)[1]

    def _next(self) -> bytes:
        return self._waiting.popleft() if self._waiting else receive(self._channel)


def _loaded(frame: bytes) -> _Known:
    # From our own parent, as the rules are.
    known: _Known = pickle.loads(frame[1:])  # noqa: S301
    return known


def _reply_frame(
    frame: bytes, rules: Rules, mails_sent: MailsSent, evidence: Evidence | None = None
) -> bytes:
    """Read one mail; the CPU limit counts from here on."""
    _, size, partial, is_cut, data = frame.split(b" ", 4)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(spent.ru_utime + spent.ru_stime) + 1 + _CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    return reply_json(data, int(size), partial == b"1", is_cut == b"1", rules, mails_sent, evidence)


def reply_json(
    data: bytes,
    size: int,
    is_partial: bool,
    is_cut: bool,
    rules: Rules,
    mails_sent: MailsSent,
    evidence: Evidence | None,
) -> bytes:
    """The parsed reply of one mail, as JSON for the daemon."""
    lookup = _txt_record if rules.verify_dkim else None
    reply = understand(data, size, rules, is_partial, lookup, mails_sent, is_cut, evidence)
    return _json({name: getattr(reply, name) for name in _FIELDS})


def _txt_record(name: bytes) -> bytes | None:
    """The record's text; None when there is none, or no answer in time. Needs the extra `dkim`."""
    import dns.exception
    import dns.resolver

    try:
        answer = dns.resolver.resolve(name.decode("ascii"), "TXT", lifetime=_DNS_SECONDS)
    except (dns.exception.DNSException, UnicodeDecodeError, OSError):
        return None
    return b"".join(answer[0].strings) if len(answer) else None


def _json(value: Any) -> bytes:
    return json.dumps(value, default=_plain).encode("ascii", "backslashreplace")


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {f.name: getattr(value, f.name) for f in fields(value)}
    raise TypeError(f"{type(value).__name__} is no part of a reading")


if __name__ == "__main__":
    sys.exit(main())
