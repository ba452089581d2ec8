"""Logins to IMAP servers: every mechanism, tokens, what is traced."""

import base64
from typing import Any

import pytest

from flexmaild.core.errors import GiveUp, Reason
from flexmaild.net.sasl import Credentials
from flexmaild.settings.javamail.session import ImapSession
from flexmaild.transports.imap.inbox import ImapInbox
from tests.support.dovecot import Dovecot, User
from tests.support.inboxes import (
    NewDovecot,
    failure_of,
    inbox_at,
    inbox_of,
    mail,
    nobody_is_known,
)
from tests.support.pki import Pki
from tests.support.scripted import Dialogue, ImapServer, Serving

# Logins.


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_every_mechanism_logs_in_to_a_real_server(dovecot: Dovecot, pki: Pki, mechanism: str) -> None:
    user = dovecot.user()
    inbox = inbox_of(user, dovecot.imaps, tls="implicit", ca_file=pki.ca_file, mechanisms=(mechanism,))
    assert inbox.open().messages == 0
    inbox.close()


def test_a_wrong_password_is_an_auth_failure_with_a_cure(dovecot: Dovecot) -> None:
    with pytest.raises(GiveUp) as caught:
        inbox_of(User("user000", "canary-wrong"), dovecot.imap).open()
    assert (caught.value.reason, caught.value.step) == (Reason.AUTH, "login") and caught.value.cure
    assert "canary-wrong" not in str(caught.value)


def test_a_server_with_the_login_command_only_gets_it(serving: Serving) -> None:
    server = serving(ImapServer({}, capabilities="IMAP4rev1 UIDPLUS"))
    inbox_at(server).open()
    assert any(line.endswith('LOGIN user "canary-secret"') for line in server.heard)
    assert failure_of(inbox_of(User("user", "pässwort"), server.port)).reason is Reason.AUTH


@pytest.mark.parametrize("offered", ["", " AUTH=PLAIN AUTH=LOGIN"])
@pytest.mark.parametrize(
    "settings",
    [
        {"auth_type": "oauth"},
        {"auth_type": "oauth", "mechanisms": ("PLAIN", "LOGIN")},
        # As JavaMail has it: the password is the token.
        {"mechanisms": ("XOAUTH2",)},
        {"mechanisms": ("OAUTHBEARER", "CRAM-MD5")},
    ],
)
def test_a_token_is_never_sent_as_a_password(
    serving: Serving, offered: str, settings: dict[str, Any]
) -> None:
    server = serving(ImapServer({}, capabilities=f"IMAP4rev1 UIDPLUS{offered}"))
    session = ImapSession("localhost", server.port, user="ann@mail.test", **settings)
    with pytest.raises(GiveUp, match="no way to log in") as caught:
        ImapInbox(session, Credentials(lambda: "canary-token", lambda renew: "canary-token")).open()
    assert (caught.value.reason, caught.value.step) == (Reason.AUTH, "login")
    assert "never sent as a password" in caught.value.cure
    assert not any("canary" in line or "LOGIN" in line or "AUTH" in line for line in server.heard)


def test_where_the_secret_may_be_a_token_the_login_command_is_not_guessed(serving: Serving) -> None:
    server = serving(ImapServer({}, capabilities="IMAP4rev1 UIDPLUS"))
    session = ImapSession("localhost", server.port, user="ann", mechanisms=("XOAUTH2", "PLAIN", "LOGIN"))
    with pytest.raises(GiveUp, match="no way to log in"):
        ImapInbox(session, Credentials(lambda: "canary-token")).open()
    assert not any("canary" in line for line in server.heard)


def test_a_password_of_any_characters_logs_in(new_dovecot: NewDovecot) -> None:
    server = new_dovecot()
    password = 'pä%s :"\\ €{}'
    (server.root / "users").write_text(
        f"odd:{{PLAIN.b64}}{base64.b64encode(password.encode()).decode()}::::::\n"
    )
    inbox = inbox_of(User("odd", password), server.imap)
    assert inbox.open().messages == 0
    inbox.close()


def oauth_server(serving: Serving, good: str, mechanism: str) -> ImapServer:
    def authenticate(talk: Dialogue) -> None:
        tag = server.heard[-1].split(" ")[0]
        talk.say("+ ")
        said = base64.b64decode(talk.line()).decode()
        if f"auth=Bearer {good}\x01" in said:
            talk.say(f"{tag} OK in")
            return
        talk.say("+ " + base64.b64encode(b'{"status":"400","scope":"imap"}').decode())
        talk.line()
        talk.say(f"{tag} NO [AUTHENTICATIONFAILED] denied")

    server = serving(
        ImapServer({"AUTHENTICATE": authenticate}, capabilities=f"IMAP4rev1 UIDPLUS AUTH={mechanism}")
    )
    return server


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_a_refused_token_is_renewed_once(serving: Serving, mechanism: str) -> None:
    server = oauth_server(serving, "new", mechanism)
    asked: list[bool] = []

    def token(renew: bool) -> str:
        asked.append(renew)
        return "new" if renew else "canary-old"

    session = ImapSession("localhost", server.port, user="ann@mail.test", auth_type="oauth")
    inbox = ImapInbox(session, Credentials(lambda: "", token))
    assert inbox.open().messages == 0
    inbox.close()
    assert asked == [False, True]


def test_a_token_refused_twice_ends_with_the_servers_complaint_in_clear(serving: Serving) -> None:
    server = oauth_server(serving, "other", "XOAUTH2")
    session = ImapSession("localhost", server.port, user="ann@mail.test", auth_type="oauth")
    with pytest.raises(GiveUp) as caught:
        ImapInbox(session, Credentials(lambda: "", lambda renew: "canary-token")).open()
    assert "status 400, scope imap" in str(caught.value) and "canary-token" not in str(caught.value)


def test_the_trace_holds_the_dialogue_and_neither_secrets_nor_bodies(dovecot: Dovecot) -> None:
    user, lines = dovecot.user(), list[str]()
    dovecot.deliver(user, [mail("canary-body", b"canary-body\r\n")])
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        inbox = inbox_of(user, dovecot.imap, mechanisms=(mechanism,), trace=lines.append)
        inbox.open()
        inbox.fetch(10, nobody_is_known)
        inbox.close()
    text = "\n".join(lines)
    assert "SELECT" in text and "UID FETCH" in text
    secrets = [
        user.password,
        base64.b64encode(f"\0{user.name}\0{user.password}".encode()).decode(),
        "canary-body",
    ]
    assert not any(secret in text for secret in [*secrets, base64.b64encode(user.password.encode()).decode()])
