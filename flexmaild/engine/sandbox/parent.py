"""Has mails understood in a child process: starts it, feeds it, and restarts it when it died.

`Sandbox.read` returns one parsed reply for each mail, whatever the mail does to the child: one that kills
or stalls it is tried again alone, then unparsable (at once, if it took all the CPU time that a mail may
take); other mails are read as usual. A child that cannot
be started at all (no memory, no descriptors, a package being replaced) says nothing about any mail: then
`read` raises TryLater. When what was sent cannot be looked up, the store's fault passes through it. Used by
`engine.polling.poller` in its thread; the other end is `engine.sandbox.child`.
"""

import hashlib
import pickle
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from flexmaild.core.errors import Failure, Reason, TryLater
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.core.references import WHOLE, parse
from flexmaild.core.work import MailsSent
from flexmaild.engine.sandbox.framing import (
    EVIDENCE,
    MAIL,
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
from flexmaild.mail.understand.identification import mentions
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.system.deadline import Deadline

# A mail may take this long in all, seconds; its CPU time is limited in the child. What the daemon takes to
# look up what was sent does not count.
WALL_SECONDS = 10.0
# Mails on the way to the child at once: what it says to them fits into a socket's buffer, so neither side
# blocks. It holds those that come while it waits for words, so they are few bytes; a large mail goes alone.
WINDOW, WINDOW_BYTES = 4, 4 * 1024 * 1024

# Where a reference is easily seen, in In-Reply-To or the text, the child is told at once what was sent with
# it: to wait for words at each mail, while another thread has the interpreter, costs a third of the speed.
_REFERENCE = re.compile(WHOLE.encode(), re.IGNORECASE)
_LOOKED_AT = 64 * 1024

_REPLY_TYPE: TypeAdapter[ParsedReply] = TypeAdapter(ParsedReply)
_EVIDENCE_TYPE: TypeAdapter[Evidence] = TypeAdapter(Evidence)


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail to be read: its bytes, its size on the server, whether only its text was fetched, and whether
    text of it is missing."""

    data: bytes
    size: int
    partial: bool = False
    is_cut: bool = False


class Sandbox:
    """The child, started at the first mail and again after it died or was closed."""

    def __init__(self, rules: Rules, on_death: Callable[[str], None], mails_sent: MailsSent) -> None:
        """mails_sent: is called by `read`, in its thread; may raise a Failure and nothing else."""
        self._rules = pickle.dumps(rules)
        self._on_death = on_death
        self._mails_sent = mails_sent
        self._child: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._is_ready = False

    def read(self, mails: Sequence[RawMail], beat: Callable[[], None] = lambda: None) -> list[ParsedReply]:
        """A parsed reply for each mail, in order; `beat` is called after each. Raises TryLater when no
        child can be started, and what `mails_sent` raises."""
        replies: list[ParsedReply | None] = [None] * len(mails)
        at = 0
        while at < len(mails):
            at, took_all_time = self._read_on(mails, replies, at, beat)
            if at < len(mails):  # the child died of this mail, or of one it had read before
                beat()
                if not took_all_time:
                    replies[at] = self._read_alone(mails[at])
                    beat()
                at += 1
        return [r if r is not None else _unparsable(one) for r, one in zip(replies, mails, strict=True)]

    def read_with_evidence(self, mail: RawMail) -> tuple[ParsedReply, Evidence]:
        """The parsed reply and its evidence, which is empty for a mail that killed the child. Raises as
        `read`."""
        channel = self._ready()
        try:
            self._send_mail(channel, mail, MAIL_WITH_EVIDENCE)
            reply = self._receive_reply(channel, mail)
            return reply, _evidence(_receive_frame(channel))
        except (OSError, FrameError, ValidationError) as fault:
            self._on_death(_fault_text(fault))
            self.close()
        except Failure:
            self.close()
            raise
        return _unparsable(mail), Evidence()

    def prepare(self) -> None:
        """Start the child now, in parallel to other work; a failure shows at the first mail."""
        with suppress(TryLater):
            self._started()

    def close(self) -> None:
        """End the child; the next `read` starts another."""
        self._end()

    def _end(self) -> int:
        """The same; returns what the child ended with, which is its own end if it was dying already."""
        code = 0
        if self._channel is not None:
            self._channel.close()
        if self._child is not None:
            self._child.kill()
            code = self._child.wait()
        self._channel = self._child = None
        self._is_ready = False
        return code

    def _read_on(
        self,
        mails: Sequence[RawMail],
        replies: list[ParsedReply | None],
        first: int,
        beat: Callable[[], None],
    ) -> tuple[int, bool]:
        """Read from `first` on; returns the index at which the child failed, or the end, and whether the mail
        there took all its CPU time: that is counted for each mail, so no other one is to blame."""
        sent = done = first
        took_all_time = False
        channel = self._ready()
        try:
            while done < len(mails):
                while sent < len(mails) and _fits(mails[done : sent + 1]):
                    self._send_mail(channel, mails[sent])
                    sent += 1
                replies[done] = self._receive_reply(channel, mails[done])
                done += 1
                beat()
        except (OSError, FrameError, ValidationError) as fault:
            self._on_death(_fault_text(fault))
            took_all_time = self._end() == -signal.SIGXCPU
        except Failure:  # the child waits for words that do not come
            self.close()
            raise
        return done, took_all_time

    def _send_mail(self, channel: socket.socket, mail: RawMail, tag: bytes = MAIL) -> None:
        references = _visible_references(mail.data)
        if references:
            _send_frame(channel, SENT_AHEAD + self._sent_mails(references))
        head = b" %d %d %d " % (mail.size, mail.partial, mail.is_cut)
        _send_frame(channel, tag + head + mail.data)

    def _sent_mails(self, references: tuple[str, ...]) -> bytes:
        return pickle.dumps((references, self._mails_sent(references)))

    def _receive_reply(self, channel: socket.socket, mail: RawMail) -> ParsedReply:
        """The child's answer to this mail, after answering its query, if any."""
        frame = _receive_frame(channel)
        if frame.startswith(QUERY):
            _send_frame(channel, SENT_MAILS + self._sent_mails(_asked_references(frame[1:])))
            frame = _receive_frame(channel)  # asked twice is no reading
        return parsed_reply(frame, mail)

    def _read_alone(self, mail: RawMail) -> ParsedReply:
        answer: list[ParsedReply | None] = [None]
        self._read_on([mail], answer, 0, lambda: None)
        return answer[0] or _unparsable(mail)

    def _ready(self) -> socket.socket:
        """The line to a child that has understood the rules. Raises TryLater."""
        channel = self._started()
        if not self._is_ready:
            try:
                self._is_ready = _receive_frame(channel) == READY
            except (OSError, FrameError) as fault:
                raise self._start_failure(fault) from fault
        return channel

    def _started(self) -> socket.socket:
        if self._channel is not None and self._child is not None and self._child.poll() is None:
            return self._channel
        self.close()
        try:
            return self._start()
        except OSError as fault:
            raise self._start_failure(fault) from fault

    def _start_failure(self, fault: Exception) -> TryLater:
        self._on_death(f"{type(fault).__name__}: {fault}")
        self.close()
        text = f"the process that reads mails cannot be started ({fault})"
        cure = (
            "The mails stay in the folder. Look for memory, processes and open files that are short; "
            "restart flexmaild after an upgrade."
        )
        return TryLater(Reason.OTHER, text, step="read", cure=cure)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        self._channel = ours
        with theirs:
            self._child = subprocess.Popen(
                # -B: on a full disk Python puts a bytecode file that is cut short in the place of the whole
                # one, and no later start gets past it.
                [sys.executable, "-IB", "-m", "flexmaild.engine.sandbox.child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
                cwd="/",
            )
        _send_frame(ours, self._rules)
        return ours


def _send_frame(channel: socket.socket, data: bytes) -> None:
    send(channel, data, Deadline.after(WALL_SECONDS))


def _receive_frame(channel: socket.socket) -> bytes:
    """One frame within the time limit, however slowly its bytes arrive."""
    return receive(channel, Deadline.after(WALL_SECONDS))


def _fits(on_the_way: Sequence[RawMail]) -> bool:
    """Whether so many mails may be with the child at once; one always may."""
    small = sum(len(mail.data) for mail in on_the_way) <= WINDOW_BYTES
    return len(on_the_way) == 1 or (len(on_the_way) <= WINDOW and small)


def _fault_text(fault: Exception) -> str:
    """The fault for the log; without values, which may quote a mail."""
    text = f"{fault.error_count()} faults" if isinstance(fault, ValidationError) else str(fault)
    return f"{type(fault).__name__}: {text}"


def _visible_references(data: bytes) -> tuple[str, ...]:
    """The references near the beginning of this mail, without parsing it. The child asks when it finds
    others."""
    found = dict.fromkeys(text.decode().upper() for text in _REFERENCE.findall(data, 0, _LOOKED_AT))
    return tuple(found) if len(found) <= MOST_REFERENCES else ()


def _asked_references(asked: bytes) -> tuple[str, ...]:
    """The references in the child's query. Raises FrameError for anything else."""
    references = tuple(asked.decode("ascii", "replace").split(" "))
    if len(references) > MOST_REFERENCES or not all(map(parse, references)):
        raise FrameError("a question that is none")
    return references


def parsed_reply(frame: bytes, mail: RawMail) -> ParsedReply:
    """The child's answer. Raises FrameError unless it is a reply about this mail, by its digest."""
    if not frame.startswith(REPLY):
        raise FrameError("an answer that is no parsed reply")
    reply = _REPLY_TYPE.validate_json(frame[1:])
    if reply.sha256 != hashlib.sha256(mail.data).hexdigest():
        raise FrameError("an answer about another mail")
    return reply


def _evidence(frame: bytes) -> Evidence:
    if not frame.startswith(EVIDENCE):
        raise FrameError("an answer that is no evidence")
    return _EVIDENCE_TYPE.validate_json(frame[1:])


def _unparsable(mail: RawMail) -> ParsedReply:
    digest = hashlib.sha256(mail.data).hexdigest()
    because = "reading it took too much time or memory"
    # Found in the raw bytes, without parsing, so that the requests show this mail.
    named = mentions.requests(mentions.candidates_in_bytes(mail.data))
    nature = MailNature.UNPARSABLE
    return ParsedReply(digest, mail.size, nature, because, partial=mail.partial, named_requests=named)
