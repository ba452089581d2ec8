"""Mail servers that follow a script, for what no real server does on purpose: silence, dripping, lies,
stripping.

`SmtpServer` and `ImapServer` behave well but for the steps a test overrides, by a text or by one of the
behaviours.
"""

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeVar

import pytest


class Gone(Exception):
    """The client has left, or the test is over."""


class Dialogue:
    """One connection, seen from the server."""

    def __init__(self, connection: socket.socket, over: threading.Event) -> None:
        self._socket = connection
        self._file = connection.makefile("rb")
        self._over = over
        self.tls = False

    def line(self) -> str:
        line = self._file.readline()
        if not line:
            raise Gone
        return line.decode("utf-8", "replace").rstrip("\r\n")

    def take(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise Gone
        return data

    def say(self, text: str) -> None:
        self.raw("".join(f"{line}\r\n" for line in text.split("\n")).encode())

    def raw(self, data: bytes) -> None:
        self._socket.sendall(data)

    def start_tls(self, context: ssl.SSLContext) -> None:
        self._socket = context.wrap_socket(self._socket, server_side=True)
        self._file = self._socket.makefile("rb")
        self.tls = True

    def wait(self, seconds: float) -> None:
        if self._over.wait(seconds):
            raise Gone

    def close(self) -> None:
        self._file.close()
        self._socket.close()


Behaviour = str | bytes | Callable[[Dialogue], None]


def silent(talk: Dialogue) -> None:
    """Keep the connection, and say nothing more."""
    while True:
        talk.wait(0.05)


def hang_up(talk: Dialogue) -> None:
    raise Gone


def drip(talk: Dialogue) -> None:
    """A byte now and then, and never a line end."""
    while True:
        talk.raw(b"2")
        talk.wait(0.05)


def flood(talk: Dialogue) -> None:
    """Lines without end."""
    while True:
        talk.raw(b"* OK and on\r\n" * 4096)


class Hold:
    """A behaviour that waits until the test lets go, then says its words."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.reached, self.let_go = threading.Event(), threading.Event()

    def __call__(self, talk: Dialogue) -> None:
        self.reached.set()
        while not self.let_go.is_set():
            talk.wait(0.01)
        talk.say(self.words)


class Scripted:
    """Serves each connection by `serve` in a thread of its own. `heard` holds the lines of all clients."""

    def __init__(self, context: ssl.SSLContext | None = None, implicit: bool = False) -> None:
        self.context = context
        self.implicit = implicit
        self.heard: list[str] = []
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="scripted server", daemon=True).start()

    def close(self) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def serve(self, talk: Dialogue) -> None:
        raise NotImplementedError

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        talk = Dialogue(connection, self._over)
        try:
            if self.implicit and self.context:
                talk.start_tls(self.context)
            self.serve(talk)
        except (Gone, OSError, ValueError):
            pass
        finally:
            talk.close()


class SmtpServer(Scripted):
    """`answers` overrides by verb, and by "greeting" and "content"; `mails` holds what was taken."""

    def __init__(
        self, answers: Mapping[str, Behaviour], context: ssl.SSLContext | None = None, implicit: bool = False
    ) -> None:
        self.answers = dict(answers)
        self.mails: list[bytes] = []
        super().__init__(context, implicit)

    def serve(self, talk: Dialogue) -> None:
        self._act(talk, "greeting", "220 mail.test")
        sender, taken = False, 0
        while True:
            line = talk.line()
            self.heard.append(line)
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                starttls = "" if talk.tls or not self.context else "250-STARTTLS\n"
                self._act(
                    talk, verb, f"250-mail.test\n250-PIPELINING\n250-AUTH PLAIN LOGIN\n{starttls}250 8BITMIME"
                )
            elif verb == "STARTTLS" and self.context:
                self._act(talk, verb, "220 go")
                talk.start_tls(self.context)
            elif verb == "DATA":
                if self._act(talk, verb, "354 go on" if taken else "554 no valid recipients"):
                    self._content(talk)
            elif verb == "MAIL":
                sender, taken = self._act(talk, verb, "250 ok"), 0
            elif verb == "RCPT":
                taken += sender and self._act(talk, verb, "250 ok")
                if not sender:
                    talk.say("503 no sender")
            elif verb == "QUIT":
                talk.say("221 bye")
                return
            else:
                self._act(talk, verb, "235 in" if verb == "AUTH" else "250 ok")

    def _content(self, talk: Dialogue) -> None:
        lines = []
        while (line := talk.line()) != ".":
            lines.append(line)
        self._act(talk, "content", "250 taken")
        self.mails.append("\r\n".join(lines).encode())

    def _act(self, talk: Dialogue, step: str, usual: str) -> bool:
        """Whether the answer was a good one."""
        chosen = self.answers.get(step, usual)
        _do(talk, chosen)
        return not isinstance(chosen, str) or chosen[0] in "23"


class ImapServer(Scripted):
    """`answers` overrides by command ("SELECT", "UID FETCH", …) and "greeting"; {tag} stands for the tag.

    It has a folder of the mails given, with UIDs from 1, and serves them by BODY[] and BODY[HEADER] only.
    withheld: what it says of mails it cannot read, by UID: NIL and "" in the place of their text, "NO" to the
    command, "BYE" and the end of the connection.
    """

    def __init__(
        self,
        answers: Mapping[str, Behaviour],
        mails: tuple[bytes, ...] = (),
        context: ssl.SSLContext | None = None,
        implicit: bool = False,
        capabilities: str = "IMAP4rev1 UIDPLUS MOVE AUTH=PLAIN",
    ) -> None:
        self.answers = dict(answers)
        self.folder = dict(enumerate(mails, 1))
        self.next = len(mails) + 1
        self.withheld: dict[int, str] = {}
        self.capabilities = capabilities
        self._marked: set[int] = set()
        super().__init__(context, implicit)

    def serve(self, talk: Dialogue) -> None:
        _do(talk, self.answers.get("greeting", "* OK ready"))
        while True:
            line = talk.line()
            self.heard.append(line)
            tag, _, rest = line.partition(" ")
            words = rest.upper().split(" ")
            command = " ".join(words[:2]) if words[0] == "UID" else words[0]
            chosen = self.answers.get(command)
            if chosen is not None:
                _do(talk, chosen.replace("{tag}", tag) if isinstance(chosen, str) else chosen)
                if command == "STARTTLS" and self.context and isinstance(chosen, str) and " OK" in chosen:
                    talk.start_tls(self.context)
                continue
            self.answer(talk, tag, command, rest)
            if command == "LOGOUT":
                return

    def answer(self, talk: Dialogue, tag: str, command: str, rest: str) -> None:
        if command == "CAPABILITY":
            starttls = " STARTTLS" if self.context and not talk.tls else ""
            talk.say(f"* CAPABILITY {self.capabilities}{starttls}\n{tag} OK done")
        elif command == "STARTTLS" and self.context:
            talk.say(f"{tag} OK go")
            talk.start_tls(self.context)
        elif command == "AUTHENTICATE":
            talk.say("+ ")
            talk.line()
            talk.say(f"{tag} OK in")
        elif command in {"SELECT", "EXAMINE"}:
            talk.say(f"* {len(self.folder)} EXISTS\n* OK [UIDVALIDITY 7] ok\n* OK [UIDNEXT {self.next}] ok")
            talk.say(f"{tag} OK [READ-WRITE] open")
        elif command == "LOGOUT":
            talk.say(f"* BYE bye\n{tag} OK done")
        elif command in {"FETCH", "UID FETCH"}:
            self.fetch(talk, tag, command, rest)
        elif command == "UID STORE":
            self._marked |= numbers(rest)
            talk.say(f"{tag} OK done")
        elif command == "UID EXPUNGE":
            for uid in numbers(rest) & self._marked & set(self.folder):
                talk.say(f"* {sorted(self.folder).index(uid) + 1} EXPUNGE")
                del self.folder[uid]
            talk.say(f"{tag} OK done")
        elif command == "UID SEARCH":
            left = sorted(numbers(rest) & set(self.folder))
            talk.say(f"* SEARCH {' '.join(map(str, left))}\n{tag} OK done")
        else:
            talk.say(f"{tag} OK done")

    def fetch(self, talk: Dialogue, tag: str, command: str, rest: str) -> None:
        chosen, refused = numbers(rest.partition("FETCH ")[2].split(" ")[0]), False
        for number, (uid, mail) in enumerate(sorted(self.folder.items()), 1):
            if (uid if command == "UID FETCH" else number) not in chosen:
                continue
            part = rest.partition("BODY.PEEK[")[2].partition("]")[0] if "BODY.PEEK[" in rest else None
            if part is None:
                date = f'INTERNALDATE "27-Nov-2026 10:00:{uid:02} +0000"'
                talk.say(f"* {number} FETCH (UID {uid} RFC822.SIZE {len(mail)} {date})")
                continue
            said = self.withheld.get(uid, "")
            if said == "BYE":
                raise Gone
            if said == "NO":
                refused = True
            elif said:
                talk.say(f"* {number} FETCH (UID {uid} BODY[{part}] {said})")
            else:
                data = mail.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if part == "HEADER" else mail
                start = (number, uid, part.encode(), b"<0>" if "]<" in rest else b"", len(data))
                talk.raw(b"* %d FETCH (UID %d BODY[%s]%s {%d}\r\n" % start + data + b")\r\n")
        talk.say(f"{tag} NO a mail cannot be read" if refused else f"{tag} OK done")


def _do(talk: Dialogue, behaviour: Behaviour) -> None:
    if isinstance(behaviour, str):
        talk.say(behaviour)
    elif isinstance(behaviour, bytes):
        talk.raw(behaviour)
    else:
        behaviour(talk)


def numbers(text: str) -> set[int]:
    found: set[int] = set()
    for first, last in re.findall(r"\b(\d+)(?::(\d+))?\b", text):
        found |= set(range(int(first), int(last or first) + 1))
    return found


ServerT = TypeVar("ServerT", bound=Scripted)


class Serving(Protocol):
    """Takes a scripted server and closes it at the end of the test."""

    def __call__(self, server: ServerT, /) -> ServerT: ...


@pytest.fixture
def serving() -> Iterator[Serving]:
    made: list[Scripted] = []

    def take(server: ServerT) -> ServerT:
        made.append(server)
        return server

    yield take
    for server in made:
        server.close()
