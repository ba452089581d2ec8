"""SMTP with real and scripted servers: results for every recipient, what is later and what never, silence,
lost answers.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.ports import Envelope
from flexmaild.net.sasl import Credentials
from flexmaild.settings.javamail.session import SmtpSession
from flexmaild.transports.smtp.outbox import SmtpOutbox
from tests.support.daemon import until
from tests.support.dovecot import Dovecot
from tests.support.postfix import Postfix
from tests.support.proxy import Proxy
from tests.support.scripted import Behaviour, Dialogue, SmtpServer, drip, hang_up, silent

MAIL = Envelope("m@mail.test", "app@mail.test", ("user@mail.test",), b"Subject: s\r\n\r\nx\r\n")
NOTHING = Credentials(lambda: "")

Serving = Callable[[SmtpServer], SmtpServer]
Proxied = Callable[[int], Proxy]


def outbox_for(server: SmtpServer, **more: Any) -> SmtpOutbox:
    settings: dict[str, Any] = {"read_timeout": 0.7, "send_partial": True} | more
    return SmtpOutbox(SmtpSession("localhost", server.port, **settings), NOTHING)


def failure_of(outbox: SmtpOutbox, mail: Envelope = MAIL) -> Failure:
    with pytest.raises(Failure) as caught:
        outbox.send(mail)
    outbox.close()
    return caught.value


def to(*recipients: str) -> Envelope:
    return dataclasses.replace(MAIL, recipients=recipients)


# Per recipient.


def test_the_good_recipients_get_the_mail_and_the_bad_ones_are_named(
    dovecot: Dovecot, postfix: Postfix
) -> None:
    user = dovecot.user()
    outbox = SmtpOutbox(SmtpSession("localhost", postfix.smtp, send_partial=True), NOTHING)
    receipt = outbox.send(to("nobody@mail.test", user.address))
    assert [(r.recipient, r.permanent) for r in receipt.refused] == [("nobody@mail.test", True)]
    assert "User unknown" in receipt.refused[0].answer
    # The connection goes on.
    assert not outbox.send(to(user.address)).refused
    outbox.close()


def test_without_send_partial_one_bad_recipient_stops_the_whole_mail(
    dovecot: Dovecot, postfix: Postfix
) -> None:
    user = dovecot.user()
    outbox = SmtpOutbox(SmtpSession("localhost", postfix.smtp, send_partial=False), NOTHING)
    with pytest.raises(GiveUp) as caught:
        outbox.send(to("nobody@mail.test", user.address))
    assert caught.value.step == "rcpt" and "nobody@mail.test" in caught.value.text
    # What follows is not hurt by it, and is the only thing that arrives.
    outbox.send(dataclasses.replace(to(user.address), data=b"Subject: second\r\n\r\n"))
    outbox.close()
    while not dovecot.subjects(user):
        pass
    assert dovecot.subjects(user) == ["second"]


def test_when_no_recipient_is_accepted_one_passing_refusal_makes_it_later(serving: Serving) -> None:
    def answer(talk: Dialogue) -> None:
        talk.say("450 4.2.0 greylisted" if "first" in server.heard[-1] else "550 5.1.1 unknown")

    server = serving(SmtpServer({"RCPT": answer, "DATA": "554 no valid recipients"}))
    error = failure_of(outbox_for(server), to("first@mail.test", "second@mail.test"))
    assert isinstance(error, TryLater) and error.step == "rcpt"
    assert server.mails == []


def test_no_content_is_sent_when_no_recipient_was_accepted(
    serving: Serving,
) -> None:
    server = serving(SmtpServer({"RCPT": "550 no", "DATA": "354 go on"}))
    assert isinstance(failure_of(outbox_for(server)), GiveUp)
    assert server.mails == []


# Later or never.


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "content"])
@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        ("451 4.3.0 disk full", TryLater, Reason.SERVER),
        ("452-4.2.2 over\n452 4.2.2 quota", TryLater, Reason.SERVER),
        ("432 4.3.2 concurrent connections limit exceeded", TryLater, Reason.THROTTLED),
        ("550 5.7.1 not wanted", GiveUp, Reason.SERVER),
        ("554-5.7.0 no\n554 never", GiveUp, Reason.SERVER),
        ("421 4.4.2 closing", TryLater, Reason.SERVER),
    ],
)
def test_4xx_is_later_and_5xx_is_never_at_every_step(
    serving: Serving, verb: str, reply: str, kind: type[Failure], reason: Reason
) -> None:
    server = serving(SmtpServer({verb: reply}))
    error = failure_of(outbox_for(server))
    assert isinstance(error, kind) and error.reason is reason
    assert error.step == verb.lower() and error.answer.startswith(reply[:3])
    assert not getattr(error, "uncertain", False)


def test_a_refused_mail_leaves_the_connection_to_the_next(serving: Serving) -> None:
    server = serving(SmtpServer({"MAIL": "451 later"}))
    outbox = outbox_for(server)
    with pytest.raises(TryLater):
        outbox.send(MAIL)
    server.answers.clear()
    outbox.send(MAIL)
    outbox.close()
    assert len([line for line in server.heard if line.upper().startswith("EHLO")]) == 1
    assert len(server.mails) == 1


def test_a_refusing_greeting_is_reported(serving: Serving) -> None:
    server = serving(SmtpServer({"greeting": "554 5.7.1 your address is blocked"}))
    error = failure_of(outbox_for(server))
    assert (
        (error.step, error.reason) == ("greeting", Reason.SERVER) and "blocked" in error.answer and error.cure
    )


# Silence, dripping, hanging up: at each step.

STEPS = ["greeting", "EHLO", "MAIL", "RCPT", "DATA"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("behaviour", "reason"), [(silent, Reason.TIMEOUT), (drip, Reason.TIMEOUT), (hang_up, Reason.NETWORK)]
)
def test_a_server_that_fails_to_answer_costs_no_more_than_its_time(
    serving: Serving, step: str, behaviour: Behaviour, reason: Reason
) -> None:
    server = serving(SmtpServer({step: behaviour}))
    error = failure_of(outbox_for(server))
    assert isinstance(error, TryLater) and error.reason is reason and not error.uncertain
    assert error.step == step.lower()


@pytest.mark.parametrize("behaviour", [silent, drip, hang_up])
def test_a_lost_answer_to_the_content_is_uncertain(
    serving: Serving, behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 5321 section 4.5.4.1: the server may have taken it, so a repeat must be the same mail."""
    monkeypatch.setattr(
        "flexmaild.transports.smtp.outbox._END_FACTOR", 1
    )  # this answer is given 20 times the time
    server = serving(SmtpServer({"content": behaviour}))
    error = failure_of(outbox_for(server))
    assert isinstance(error, TryLater) and error.uncertain and error.step == "content"
    assert len([line for line in server.heard if line == "DATA"]) == 1


def test_an_answer_that_a_network_swallows_is_uncertain(
    dovecot: Dovecot, postfix: Postfix, proxied: Proxied
) -> None:
    proxy = proxied(postfix.smtp)
    outbox = SmtpOutbox(SmtpSession("localhost", proxy.port), NOTHING)
    proxy.cut_after = b"\r\n.\r\n"
    error = failure_of(outbox, to(dovecot.user().address))
    assert isinstance(error, TryLater) and error.uncertain


# The kept connection.


def test_mails_share_one_connection_and_one_trip_for_the_envelope(serving: Serving, proxied: Proxied) -> None:
    server = serving(SmtpServer({}))
    proxy = proxied(server.port)
    outbox = SmtpOutbox(SmtpSession("localhost", proxy.port), NOTHING)
    outbox.send(MAIL)
    before = proxy.trips
    outbox.send(MAIL)
    assert (proxy.connections, proxy.trips - before) == (1, 2)
    outbox.close()


def test_a_kept_connection_that_ended_is_replaced_without_loss(serving: Serving) -> None:
    def once(talk: Dialogue) -> None:
        server.answers.pop("MAIL")
        hang_up(talk)

    server = serving(SmtpServer({}))
    outbox = outbox_for(server)
    outbox.send(MAIL)
    server.answers["MAIL"] = once
    outbox.send(MAIL)
    server.answers["MAIL"] = lambda talk: (
        server.answers.pop("MAIL"),
        talk.say("421 4.4.2 idle too long"),
        hang_up(talk),
    )[2]
    outbox.send(MAIL)
    outbox.close()
    assert len(server.mails) == 3


def test_content_that_went_out_is_not_sent_again_by_itself(serving: Serving) -> None:
    server = serving(SmtpServer({}))
    outbox = outbox_for(server)
    outbox.send(MAIL)
    server.answers["content"] = hang_up
    error = failure_of(outbox)
    assert isinstance(error, TryLater) and error.uncertain
    assert len([line for line in server.heard if line == "DATA"]) == 2


def test_a_server_without_pipelining_is_spoken_to_step_by_step(serving: Serving) -> None:
    server = serving(SmtpServer({"EHLO": "250-mail.test\n250 SIZE 1000"}))
    outbox = outbox_for(server)
    outbox.send(to("a@mail.test", "b@mail.test"))
    error = failure_of(outbox, dataclasses.replace(MAIL, data=b"x" * 1001))
    assert isinstance(error, GiveUp) and "1000" in error.text
    assert [line.split(" ")[0].upper() for line in server.heard] == [
        "EHLO",
        "MAIL",
        "RCPT",
        "RCPT",
        "DATA",
        "QUIT",
    ]


def test_a_server_without_ehlo_is_greeted_with_helo(serving: Serving) -> None:
    server = serving(SmtpServer({"EHLO": "502 what?"}))
    outbox = outbox_for(server)
    outbox.send(MAIL)
    outbox.close()
    assert [line.split(" ")[0].upper() for line in server.heard][:3] == ["EHLO", "HELO", "MAIL"]


# What goes over the wire.


@pytest.mark.parametrize(
    "data", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n.\nMAIL FROM:<x@y.test>\r\n", b"a\r\n.\r\r\nDATA"]
)
def test_line_ends_that_could_smuggle_a_second_mail_never_go_out(serving: Serving, data: bytes) -> None:
    server = serving(SmtpServer({}))
    outbox = outbox_for(server)
    with pytest.raises(GiveUp):
        outbox.send(dataclasses.replace(MAIL, data=b"Subject: s\r\n\r\n" + data))
    assert server.heard == []


def test_parameters_are_sent_where_they_are_offered_and_needed(serving: Serving) -> None:
    offers = "250-mail.test\n250-SIZE\n250-8BITMIME\n250-SMTPUTF8\n250-DSN\n250-AUTH PLAIN\n250 PIPELINING"
    server = serving(SmtpServer({"EHLO": offers}))
    outbox = outbox_for(
        server,
        dsn_notify="FAILURE,DELAY",
        dsn_ret="HDRS",
        submitter="a+b@mail.test",
        envelope_from="bounce@mail.test",
        mail_extension="X=1",
        local_host="me.mail.test",
    )
    outbox.send(MAIL)
    outbox.send(
        dataclasses.replace(to("jürgen@mail.test", "x@bücher.test"), data="Subject: s\r\n\r\nü\r\n".encode())
    )
    outbox.close()
    assert server.heard[0].upper() == "EHLO ME.MAIL.TEST"
    mails = [line for line in server.heard if line.startswith("MAIL")]
    assert mails[0] == "MAIL FROM:<bounce@mail.test> SIZE=17 RET=HDRS AUTH=a+2Bb@mail.test X=1"
    assert (
        mails[1]
        == "MAIL FROM:<bounce@mail.test> SIZE=18 BODY=8BITMIME SMTPUTF8 RET=HDRS AUTH=a+2Bb@mail.test X=1"
    )
    assert "RCPT TO:<x@xn--bcher-kva.test> NOTIFY=FAILURE,DELAY" in server.heard


def test_an_address_the_server_cannot_take_is_refused_and_the_others_are_served(serving: Serving) -> None:
    server = serving(SmtpServer({}))
    receipt = outbox_for(server).send(to("jürgen@mail.test", "b@mail.test"))
    assert [r.recipient for r in receipt.refused] == ["jürgen@mail.test"]
    assert isinstance(failure_of(outbox_for(server), to("jürgen@mail.test")), GiveUp)


def test_allow_8bit_sends_text_as_it_is_to_a_server_that_takes_it(postfix: Postfix, dovecot: Dovecot) -> None:
    user = dovecot.user()
    head = b"Subject: s\r\nContent-Type: text/plain; charset=utf-8\r\n"
    head += b"Content-Transfer-Encoding: quoted-printable\r\n"
    mail = Envelope("m8@mail.test", "app@mail.test", (user.address,), head + b"\r\nGr=C3=BC=C3=9Fe\r\n")
    session = SmtpSession("localhost", postfix.smtp, allow_8bit=True, send_partial=True)
    outbox = SmtpOutbox(session, NOTHING)
    assert outbox.send(mail).answer.startswith("250")
    outbox.close()
    until(lambda: dovecot.subjects(user), "the mail in Dovecot")
    client = dovecot.client(user)
    _, lines = client.fetch("1", "(BODY.PEEK[])")
    client.logout()
    assert isinstance(lines[0], tuple)
    assert "Grüße".encode() in lines[0][1]
    assert b"Content-Transfer-Encoding: 8bit" in lines[0][1]
