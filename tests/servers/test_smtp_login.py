"""Logins to SMTP servers: every mechanism, refusals with their cures, tokens, what is traced."""

import base64
import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from flexmaild.core.errors import GiveUp, Reason, TryLater
from flexmaild.core.ports import Envelope
from flexmaild.net.sasl import Credentials
from flexmaild.settings.javamail.session import SmtpSession
from flexmaild.transports.smtp.outbox import SmtpOutbox
from tests.support.dovecot import Dovecot
from tests.support.pki import Pki
from tests.support.postfix import Postfix
from tests.support.proxy import Proxy
from tests.support.scripted import Dialogue, SmtpServer

MAIL = Envelope("m@mail.test", "app@mail.test", ("user@mail.test",), b"Subject: s\r\n\r\nx\r\n")
NOTHING = Credentials(lambda: "")

Serving = Callable[[SmtpServer], SmtpServer]
Proxied = Callable[[int], Proxy]


def to(*recipients: str) -> Envelope:
    return dataclasses.replace(MAIL, recipients=recipients)


# Logins.


def login(server: SmtpServer, credentials: Credentials, **more: Any) -> None:
    outbox = SmtpOutbox(
        SmtpSession("localhost", server.port, user="ann@mail.test", read_timeout=2.0, **more), credentials
    )
    try:
        outbox.send(MAIL)
    finally:
        outbox.close()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize("way", ["submission", "smtps"])
def test_every_mechanism_logs_in_to_a_real_server(
    dovecot: Dovecot, postfix: Postfix, pki: Pki, mechanism: str, way: str
) -> None:
    user = dovecot.user()
    session = SmtpSession(
        "localhost",
        getattr(postfix, way),
        user=user.name,
        tls="starttls" if way == "submission" else "implicit",
        ca_file=pki.ca_file,
        mechanisms=(mechanism,),
    )
    outbox = SmtpOutbox(session, Credentials(lambda: user.password))
    outbox.send(to(user.address))
    outbox.close()


def test_a_wrong_password_is_an_auth_failure_with_a_cure(
    dovecot: Dovecot, postfix: Postfix, pki: Pki
) -> None:
    session = SmtpSession("localhost", postfix.smtps, user="user000", tls="implicit", ca_file=pki.ca_file)
    with pytest.raises(GiveUp) as caught:
        SmtpOutbox(session, Credentials(lambda: "canary-wrong")).send(MAIL)
    error = caught.value
    assert (
        (error.reason, error.step) == (Reason.AUTH, "login") and error.answer.startswith("535") and error.cure
    )
    assert "canary-wrong" not in str(error)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "auth_type: oauth"),
        ("534-5.7.9 Application-specific password required.\n534 5.7.9 see", "application password"),
        ("535 5.7.8 bad", "user name and password"),
    ],
)
def test_known_refusals_come_with_their_cure(serving: Serving, reply: str, words: str) -> None:
    server = serving(SmtpServer({"AUTH": reply}))
    with pytest.raises(GiveUp) as caught:
        login(server, Credentials(lambda: "x"))
    assert caught.value.reason is Reason.AUTH and words in caught.value.cure


def test_a_passing_login_failure_is_later(serving: Serving) -> None:
    server = serving(SmtpServer({"AUTH": "454 4.7.0 temporary"}))
    with pytest.raises(TryLater) as caught:
        login(server, Credentials(lambda: "x"))
    assert caught.value.reason is Reason.AUTH


def oauth_server(serving: Serving, good: str) -> SmtpServer:
    """Takes the token `good` only; refuses others as Microsoft and Google do, by JSON and then 535."""

    def auth(talk: Dialogue) -> None:
        said = base64.b64decode(server.heard[-1].split(" ")[2]).decode()
        if f"Bearer {good}\x01" in said:
            talk.say("235 in")
            return
        talk.say("334 " + base64.b64encode(json.dumps({"status": "401", "scope": "smtp"}).encode()).decode())
        assert talk.line() == ""
        talk.say("535 5.7.3 Authentication unsuccessful")

    server = serving(SmtpServer({"AUTH": auth, "EHLO": "250-mail.test\n250 AUTH LOGIN XOAUTH2"}))
    return server


@pytest.mark.parametrize("settings", [{"auth_type": "oauth"}, {"mechanisms": ("XOAUTH2",)}])
def test_a_token_is_never_sent_as_a_password(serving: Serving, settings: dict[str, Any]) -> None:
    server = serving(SmtpServer({"EHLO": "250-mail.test\n250 AUTH LOGIN PLAIN"}))
    credentials = Credentials(lambda: "canary-token", lambda renew: "canary-token")
    with pytest.raises(GiveUp, match="no way to log in") as caught:
        login(server, credentials, **settings)
    assert "never sent as a password" in caught.value.cure
    assert not any(line.upper().startswith("AUTH") for line in server.heard)


def test_a_refused_token_is_renewed_once(serving: Serving) -> None:
    asked: list[bool] = []

    def token(renew: bool) -> str:
        asked.append(renew)
        return "new" if renew else "old"

    login(oauth_server(serving, "new"), Credentials(lambda: "", token), auth_type="oauth")
    assert asked == [False, True]


def test_a_token_refused_twice_ends_with_the_servers_complaint_in_clear(serving: Serving) -> None:
    asked: list[bool] = []

    def token(renew: bool) -> str:
        asked.append(renew)
        return "canary-token"

    with pytest.raises(GiveUp) as caught:
        login(oauth_server(serving, "other"), Credentials(lambda: "", token), auth_type="oauth")
    assert asked == [False, True]
    assert "status 401, scope smtp" in str(caught.value) and "canary-token" not in str(caught.value)


def test_the_trace_holds_the_dialogue_and_neither_secrets_nor_bodies(
    dovecot: Dovecot, postfix: Postfix, pki: Pki
) -> None:
    user, lines = dovecot.user(), list[str]()
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        session = SmtpSession(
            "localhost",
            postfix.submission,
            user=user.name,
            tls="starttls",
            ca_file=pki.ca_file,
            mechanisms=(mechanism,),
        )
        outbox = SmtpOutbox(session, Credentials(lambda: user.password), lines.append)
        outbox.send(
            dataclasses.replace(to(user.address), data=b"Subject: canary-body\r\n\r\ncanary-body\r\n")
        )
        outbox.close()
    text = "\n".join(lines)
    assert "MAIL FROM" in text and "250 2.0.0 Ok" in text and "AUTH PLAIN" in text
    secrets = [user.password, base64.b64encode(f"\0{user.name}\0{user.password}".encode()).decode()]
    secrets += [base64.b64encode(user.password.encode()).decode(), "canary-body"]
    assert not any(secret in text for secret in secrets)
