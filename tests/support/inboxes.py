"""What the tests of IMAP share: mails, inboxes on a port, whole polls."""

from collections.abc import Callable, Sequence
from email import message_from_bytes
from typing import Any

import pytest

from flexmaild.core.errors import Failure, TryLater
from flexmaild.core.identity import Identity
from flexmaild.core.ports import Fetched, MessageUid
from flexmaild.net.sasl import Credentials
from flexmaild.settings.javamail.session import ImapSession
from flexmaild.transports.imap.inbox import ImapInbox
from tests.support.dovecot import Dovecot, User
from tests.support.proxy import Proxy
from tests.support.scripted import ImapServer

Proxied = Callable[[int], Proxy]
NewDovecot = Callable[..., Dovecot]


def mail(subject: str, body: bytes = b"Approve\r\n") -> bytes:
    return f"From: a@mail.test\r\nSubject: {subject}\r\n\r\n".encode() + body


def nobody_is_known(marks: Sequence[MessageUid]) -> dict[MessageUid, Identity]:
    return {}


def inbox_of(user: User, port: int, **more: Any) -> ImapInbox:
    options = {key: more.pop(key) for key in ("folder", "move_to", "most", "pause", "trace") if key in more}
    return ImapInbox(
        ImapSession("localhost", port, user=user.name, **more), Credentials(lambda: user.password), **options
    )


def inbox_at(server: ImapServer, **more: Any) -> ImapInbox:
    return inbox_of(User("user", "canary-secret"), server.port, **({"read_timeout": 0.7} | more))


def subjects(mails: Sequence[Fetched]) -> list[str]:
    return [str(message_from_bytes(m.data or b"")["Subject"]) for m in mails]


def failure_of(inbox: ImapInbox) -> Failure:
    """Of a whole poll, wherever it fails."""
    with pytest.raises(Failure) as caught:
        inbox.open()
        while fetched := inbox.fetch(10, nobody_is_known):
            inbox.delete([m.uid for m in fetched])
    inbox.close()
    assert "canary-secret" not in str(caught.value)
    return caught.value


def empty(inbox: ImapInbox) -> list[str]:
    """Poll until the folder is empty, through whatever happens; the subjects in order of commits."""
    committed: dict[MessageUid, str] = {}
    known: dict[MessageUid, Identity] = {}

    def remembered(marks: Sequence[MessageUid]) -> dict[MessageUid, Identity]:
        return known

    while True:
        try:
            if inbox.open().messages == 0:
                inbox.close()
                return list(committed.values())
            fetched = inbox.fetch(4, remembered)
            known |= {m.uid: m.identity for m in fetched}
            committed.update(zip([m.uid for m in fetched], subjects(fetched), strict=True))
            inbox.delete([m.uid for m in fetched])
        except TryLater:
            continue
