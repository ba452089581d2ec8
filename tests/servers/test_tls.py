"""TLS with real and with scripted servers: what is refused, in what words, and that nothing secret goes
out before.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from flexmaild.core.errors import Failure, GiveUp, Reason
from flexmaild.core.ports import Envelope, Outbox
from flexmaild.net.sasl import Credentials
from flexmaild.settings.javamail.session import ImapSession, SmtpSession
from flexmaild.transports.imap.inbox import ImapInbox
from flexmaild.transports.smtp.outbox import SmtpOutbox
from tests.support.dovecot import Dovecot
from tests.support.pki import Pki
from tests.support.postfix import Postfix
from tests.support.scripted import Dialogue, ImapServer, Scripted, SmtpServer

SECRET = "canary-secret"
MAIL = Envelope("m@mail.test", "app@mail.test", ("user@mail.test",), b"Subject: s\r\n\r\nx\r\n")

Serving = Callable[[Any], Any]
Session = SmtpSession | ImapSession


def attempt(session: Session, password: str = SECRET) -> str:
    """Log in and do what the adapter is for; returns the TLS version of a mail that was sent."""
    credentials = Credentials(lambda: password)
    if isinstance(session, ImapSession):
        inbox = ImapInbox(session, credentials)
        try:
            inbox.open()
        finally:
            inbox.close()
        return ""
    outbox: Outbox = SmtpOutbox(session, credentials)
    try:
        return outbox.send(MAIL).tls
    finally:
        outbox.close()


def refusal(session: Session) -> Failure:
    with pytest.raises(Failure) as caught:
        attempt(session)
    assert SECRET not in str(caught.value)
    return caught.value


def scripted(protocol: str, pki: Pki, certificate: str, way: str) -> tuple[Scripted, Session]:
    """A scripted server with this certificate, and a session that trusts the kit's CA."""
    implicit = way == "implicit"
    server: Scripted
    if protocol == "smtp":
        server = SmtpServer({}, pki.context(certificate), implicit)
        session: Session = SmtpSession("localhost", server.port, user="u", tls=way, ca_file=pki.ca_file)  # type: ignore[arg-type]
    else:
        server = ImapServer({}, (), pki.context(certificate), implicit)
        session = ImapSession("localhost", server.port, user="u", tls=way, ca_file=pki.ca_file)  # type: ignore[arg-type]
    return server, session


both_protocols = pytest.mark.parametrize("protocol", ["smtp", "imap"])
both_ways = pytest.mark.parametrize("way", ["starttls", "implicit"])


@both_ways
def test_mail_goes_out_encrypted_to_postfix(dovecot: Dovecot, postfix: Postfix, pki: Pki, way: str) -> None:
    user = dovecot.user()
    port = postfix.smtps if way == "implicit" else postfix.submission
    session = SmtpSession("localhost", port, user=user.name, tls=way, ca_file=pki.ca_file)  # type: ignore[arg-type]
    outbox = SmtpOutbox(session, Credentials(lambda: user.password))
    receipt = outbox.send(dataclasses.replace(MAIL, recipients=(user.address,)))
    outbox.close()
    assert receipt.tls in {"TLSv1.2", "TLSv1.3"}


@both_ways
def test_mail_comes_in_encrypted_from_dovecot(dovecot: Dovecot, pki: Pki, way: str) -> None:
    user = dovecot.user()
    port = dovecot.imaps if way == "implicit" else dovecot.imap
    session = ImapSession("localhost", port, user=user.name, tls=way, ca_file=pki.ca_file)  # type: ignore[arg-type]
    inbox = ImapInbox(session, Credentials(lambda: user.password))
    assert inbox.open().messages == 0
    inbox.close()


def test_the_versions_in_the_settings_are_the_versions_used(
    dovecot: Dovecot, postfix: Postfix, pki: Pki
) -> None:
    user = dovecot.user()
    for version in ("TLSv1.2", "TLSv1.3"):
        session = SmtpSession(
            "localhost",
            postfix.smtps,
            user=user.name,
            tls="implicit",
            ca_file=pki.ca_file,
            tls_versions=(version,),
        )
        outbox = SmtpOutbox(session, Credentials(lambda: user.password))
        assert outbox.send(dataclasses.replace(MAIL, recipients=(user.address,))).tls == version
        outbox.close()


@both_ways
@both_protocols
@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        ("wrong_name", "it is not for 'localhost', but for other.example"),
        ("expired", "it expired on 2020-01-01"),
        ("unknown_ca", "its issuer ("),
    ],
)
def test_a_bad_certificate_is_refused_before_login_and_described(
    serving: Serving, pki: Pki, protocol: str, way: str, certificate: str, words: str
) -> None:
    server, session = scripted(protocol, pki, certificate, way)
    serving(server)
    error = refusal(session)
    assert isinstance(error, GiveUp) and (error.reason, error.step) == (Reason.TLS, "tls")
    assert words in error.text and error.cure and f"localhost:{server.port}" in str(error)
    assert not any("AUTH" in line.upper() for line in server.heard)


@both_ways
@both_protocols
def test_only_a_host_named_under_trust_is_not_verified(
    serving: Serving, pki: Pki, protocol: str, way: str
) -> None:
    server, session = scripted(protocol, pki, "unknown_ca", way)
    serving(server)
    attempt(dataclasses.replace(session, trust=("LOCALHOST",)))
    attempt(dataclasses.replace(session, trust=("*",)))
    assert refusal(dataclasses.replace(session, trust=("elsewhere.example",))).reason is Reason.TLS


@both_protocols
def test_without_check_identity_the_name_may_differ_but_not_the_issuer(
    serving: Serving, pki: Pki, protocol: str
) -> None:
    misnamed, session = scripted(protocol, pki, "wrong_name", "implicit")
    serving(misnamed)
    attempt(dataclasses.replace(session, check_identity=False))
    unknown, session = scripted(protocol, pki, "unknown_ca", "implicit")
    serving(unknown)
    assert refusal(dataclasses.replace(session, check_identity=False)).reason is Reason.TLS


@both_protocols
def test_starttls_that_is_stripped_from_the_offer_ends_the_attempt(serving: Serving, protocol: str) -> None:
    server: Scripted = SmtpServer({}) if protocol == "smtp" else ImapServer({})
    serving(server)
    kind: Any = SmtpSession if protocol == "smtp" else ImapSession
    error = refusal(kind("localhost", server.port, user="u", tls="starttls"))
    assert (error.reason, error.step) == (Reason.TLS, "starttls") and error.cure
    assert not any("AUTH" in line.upper() or "MAIL" in line.upper() for line in server.heard)


@both_protocols
def test_starttls_that_is_refused_ends_the_attempt(serving: Serving, pki: Pki, protocol: str) -> None:
    server: Scripted
    if protocol == "smtp":
        server = SmtpServer({"STARTTLS": "454 TLS not available"}, pki.context())
    else:
        server = ImapServer({"STARTTLS": "{tag} NO not now"}, (), pki.context())
    serving(server)
    kind: Any = SmtpSession if protocol == "smtp" else ImapSession
    error = refusal(kind("localhost", server.port, user="u", tls="starttls", ca_file=pki.ca_file))
    assert error.step == "starttls"
    assert not any("AUTH" in line.upper() or "MAIL" in line.upper() for line in server.heard)


@both_protocols
def test_text_injected_behind_the_answer_to_starttls_is_refused(
    serving: Serving, pki: Pki, protocol: str
) -> None:
    """CVE-2011-0411: what comes before the handshake must not be read as if it came after."""

    def injecting(talk: Dialogue) -> None:
        answer = (
            b"220 go\r\n250-AUTH PLAIN\r\n250 x\r\n"
            if protocol == "smtp"
            else b"%s OK go\r\n* CAPABILITY X\r\n"
        )
        tag = server.heard[-1].split(" ")[0].encode()
        talk.raw(answer.replace(b"%s", tag))

    server: Scripted
    answers = {"STARTTLS": injecting}
    server = (
        SmtpServer(answers, pki.context()) if protocol == "smtp" else ImapServer(answers, (), pki.context())
    )
    serving(server)
    kind: Any = SmtpSession if protocol == "smtp" else ImapSession
    error = refusal(kind("localhost", server.port, user="u", tls="starttls", ca_file=pki.ca_file))
    assert error.reason is Reason.TLS and "before the encryption" in error.text


def test_preauth_is_refused_where_tls_is_demanded(serving: Serving, pki: Pki) -> None:
    """A greeting that says we are logged in would keep us from STARTTLS, which needs the state before."""
    server = serving(ImapServer({"greeting": "* PREAUTH welcome"}, (), pki.context()))
    error = refusal(ImapSession("localhost", server.port, user="u", tls="starttls", ca_file=pki.ca_file))
    assert (error.reason, error.step) == (Reason.TLS, "starttls")
    assert not any("SELECT" in line for line in server.heard)


@both_protocols
def test_capabilities_are_asked_again_after_tls(serving: Serving, pki: Pki, protocol: str) -> None:
    server, session = scripted(protocol, pki, "good", "starttls")
    serving(server)
    attempt(session)
    asking = "EHLO" if protocol == "smtp" else "CAPABILITY"
    starttls = next(number for number, line in enumerate(server.heard) if "STARTTLS" in line)
    assert any(asking in line.upper() for line in server.heard[starttls:])


@both_protocols
def test_a_plain_server_on_a_tls_port_fails_within_its_time(serving: Serving, protocol: str) -> None:
    server: Scripted = SmtpServer({}) if protocol == "smtp" else ImapServer({})
    serving(server)
    kind: Any = SmtpSession if protocol == "smtp" else ImapSession
    error = refusal(kind("localhost", server.port, user="u", tls="implicit", read_timeout=2.0))
    assert error.reason is Reason.TLS and error.cure


@both_protocols
def test_a_password_crosses_no_network_in_clear(serving: Serving, protocol: str) -> None:
    """`mail.test` stands for another machine: a name is loopback only if it is localhost by definition."""
    server: Scripted = SmtpServer({}) if protocol == "smtp" else ImapServer({})
    serving(server)
    kind: Any = SmtpSession if protocol == "smtp" else ImapSession
    other = "0.0.0.0"  # reaches this machine, but is not a loopback address
    error = refusal(kind(other, server.port, user="u"))
    assert (error.reason, error.step) == (Reason.TLS, "login")
    assert "allow_cleartext_login" in error.cure
    attempt(kind(other, server.port, user="u", cleartext_login=True))
    attempt(kind("localhost", server.port, user="u"))


def test_settings_that_no_tls_library_can_satisfy_are_named(serving: Serving) -> None:
    server = serving(SmtpServer({}))
    error = refusal(SmtpSession("localhost", server.port, tls="implicit", ca_file="/nonexistent/ca.pem"))
    assert error.reason is Reason.TLS and "ca.pem" in str(error) and error.cure
