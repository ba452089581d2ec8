"""What every outbox promises, for each kind in the table; a new kind needs a row in TRANSPORTS, no test."""

import itertools
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from flexmaild.core.errors import Failure, GiveUp
from flexmaild.core.ports import Envelope, Outbox
from flexmaild.net.sasl import Credentials
from flexmaild.settings.javamail.session import SmtpSession
from flexmaild.transports import OUTGOING
from flexmaild.transports.graph.outbox import GraphOutbox
from flexmaild.transports.maildir.outbox import MaildirOutbox
from flexmaild.transports.smtp.outbox import SmtpOutbox
from tests.support.fake_microsoft import FakeMicrosoft
from tests.support.fake_microsoft.bench import api

_NUMBERS = itertools.count()


@dataclass
class Transport:
    """One kind on real ground.

    to: two addresses that are reached. arrived: the mails that lie at the first of them, once there are so
    many. broken: an outbox of the kind that cannot work.
    """

    outbox: Outbox
    to: tuple[str, str]
    arrived: Callable[[int], list[bytes]]
    broken: Outbox


def smtp(request: pytest.FixtureRequest) -> Transport:
    dovecot, postfix = request.getfixturevalue("dovecot"), request.getfixturevalue("postfix")
    first, second = dovecot.user(), dovecot.user()
    nothing = Credentials(lambda: "")

    def arrived(count: int) -> list[bytes]:
        until = time.monotonic() + 30
        while True:
            client = dovecot.client(first)
            is_empty = client.untagged_responses["EXISTS"] == [b"0"]
            lines = [] if is_empty else client.fetch("1:*", "(BODY.PEEK[])")[1]
            client.logout()
            found = [line[1] for line in lines if isinstance(line, tuple)]
            if len(found) >= count or time.monotonic() > until:
                return found
            time.sleep(0.02)

    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    outbox = SmtpOutbox(SmtpSession("localhost", postfix.smtp, send_partial=True), nothing)
    broken = SmtpOutbox(SmtpSession("localhost", nobody, connect_timeout=5.0), nothing)
    return Transport(outbox, (first.address, second.address), arrived, broken)


def maildir(request: pytest.FixtureRequest) -> Transport:
    directory: Path = request.getfixturevalue("tmp_path")
    (directory / "file").write_text("not a directory")

    def arrived(count: int) -> list[bytes]:
        mails = [path.read_bytes() for path in sorted((directory / "out" / "new").iterdir())]
        return [mail for mail in mails if b"Delivered-To: first@mail.test\n" in mail]

    to = ("first@mail.test", "second@mail.test")
    return Transport(MaildirOutbox(directory / "out"), to, arrived, MaildirOutbox(directory / "file"))


def graph(request: pytest.FixtureRequest) -> Transport:
    fake = FakeMicrosoft()
    request.addfinalizer(fake.close)
    to = ("first@mail.test", "second@mail.test")
    for address in ("app@mail.test", *to):
        fake.add_user(address)

    def arrived(count: int) -> list[bytes]:
        return [mail.raw for mail in fake.post.box(to[0]).listing("inbox")]

    broken = GraphOutbox(api(fake, "app@mail.test", scp="Mail.Read"))
    return Transport(GraphOutbox(api(fake, "app@mail.test")), to, arrived, broken)


TRANSPORTS: dict[str, Callable[[pytest.FixtureRequest], Transport]] = {
    "smtp": smtp,
    "maildir": maildir,
    "graph": graph,
}


@pytest.fixture(params=sorted(TRANSPORTS))
def transport(request: pytest.FixtureRequest) -> Transport:
    return TRANSPORTS[request.param](request)


def envelope(to: tuple[str, ...], body: bytes = b"Hello\r\n", sender: str = "app@mail.test") -> Envelope:
    name = f"m{next(_NUMBERS)}@mail.test"
    head = f"From: {sender}\r\nTo: {to[0] if to else ''}\r\nSubject: s\r\nMessage-ID: <{name}>\r\n\r\n"
    return Envelope(name, sender, to, head.encode() + body)


def body_of(mail: bytes) -> bytes:
    """The body, line ends as in mail whatever they are on disk."""
    return mail.replace(b"\r\n", b"\n").partition(b"\n\n")[2].replace(b"\n", b"\r\n")


def test_every_kind_of_the_table_is_held_to_the_contract() -> None:
    """A kind in the table without a row in TRANSPORTS is not tested."""
    assert set(OUTGOING) <= set(TRANSPORTS)


def test_what_was_sent_arrives_as_it_was(transport: Transport) -> None:
    """Dots at the beginnings of lines, a lone dot and empty lines are part of the mail."""
    body = b".\r\n..\r\n.hidden\r\n\r\nFrom here\r\n\r\nend. \r\n"
    receipt = transport.outbox.send(envelope(transport.to[:1], body))
    assert receipt.answer and not receipt.refused
    assert [body_of(mail) for mail in transport.arrived(1)] == [body]


def test_every_recipient_of_a_mail_gets_it(transport: Transport) -> None:
    receipt = transport.outbox.send(envelope(transport.to))
    assert not receipt.refused
    assert len(transport.arrived(1)) == 1


def test_mails_follow_each_other_on_one_outbox_and_after_a_close(transport: Transport) -> None:
    for number in range(3):
        transport.outbox.send(envelope(transport.to[:1], b"%d\r\n" % number))
    transport.outbox.close()
    transport.outbox.close()
    transport.outbox.send(envelope(transport.to[:1], b"3\r\n"))
    assert sorted(body_of(mail) for mail in transport.arrived(4)) == [
        b"%d\r\n" % number for number in range(4)
    ]


@pytest.mark.parametrize(
    "bad",
    [
        "a@b.test>\r\nDATA\r\n",
        "a b@c.test",
        "<a@b.test>",
        "a@b.test\0",
        "nobody",
        "",
        "x" * 300 + "@b.test",
        "a@b@c.test",
    ],
)
def test_an_address_that_is_more_than_an_address_is_refused_before_anything_goes_out(
    transport: Transport, bad: str
) -> None:
    for to, sender in (((bad,), "app@mail.test"), (transport.to[:1], bad)):
        if sender == "":
            continue  # the empty sender is the null path of RFC 5321 section 4.5.5
        with pytest.raises(GiveUp):
            transport.outbox.send(envelope(to, sender=sender))
    transport.outbox.send(envelope(transport.to[:1]))
    assert len(transport.arrived(1)) == 1


def test_a_mail_without_recipients_is_refused(transport: Transport) -> None:
    with pytest.raises(GiveUp):
        transport.outbox.send(envelope(()))


def test_the_empty_sender_is_accepted(transport: Transport) -> None:
    mail = envelope(transport.to[:1])
    transport.outbox.send(Envelope(mail.message_id, "", mail.recipients, mail.data))
    assert len(transport.arrived(1)) == 1


def test_an_adapter_that_cannot_work_fails_with_a_reason_and_a_cure(transport: Transport) -> None:
    with pytest.raises(Failure) as caught:
        transport.broken.send(envelope(transport.to[:1]))
    assert caught.value.text and caught.value.cure
    transport.broken.close()
