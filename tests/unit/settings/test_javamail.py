"""Property blocks come to the sessions JavaMail would have, and better ones where it fails in silence."""

from dataclasses import fields as fields_of
from typing import Any

import pytest

from flexmaild.settings.faults import Finding
from flexmaild.settings.javamail import session_of
from flexmaild.settings.javamail.block import masked
from flexmaild.settings.javamail.session import ImapSession, Proxy, SmtpSession
from flexmaild.settings.javamail.table import known_properties


def smtp(block: str = session_of.SMTP_BLOCK, **changed: Any) -> tuple[SmtpSession, list[Finding]]:
    given = {"host": "mail.example.com", "port": 25, "starttls": True, "properties": block, **changed}
    session, findings = session_of.smtp_session(session_of.Fields(**given))
    return session, [f for f in findings if f.grave]


def imap(block: str = session_of.IMAP_BLOCK, **changed: Any) -> tuple[ImapSession, list[Finding]]:
    given = {"host": "imap.example.com", "port": 993, "starttls": False, "properties": block, **changed}
    session, findings = session_of.imap_session(session_of.Fields(**given))
    return session, [f for f in findings if f.grave]


def test_the_default_blocks_demand_tls_as_the_fields_say() -> None:
    out, out_faults = smtp()
    back, back_faults = imap()

    assert (out.host, out.port, out.tls, out.tls_versions) == (
        "mail.example.com",
        25,
        "starttls",
        ("TLSv1.2",),
    )
    assert (out.connect_timeout, out.read_timeout, out.write_timeout) == (30.0, 30.0, 30.0)
    assert (back.host, back.port, back.tls) == ("imap.example.com", 993, "implicit")
    assert not out_faults and not back_faults
    assert out.check_identity and back.check_identity and back.peek


def test_without_starttls_and_without_a_user_mail_goes_in_clear_text_as_in_javamail() -> None:
    session, faults = smtp(starttls=False)

    assert (session.tls, session.user, faults) == ("none", "", [])


@pytest.mark.parametrize(
    ("port", "starttls", "tls"),
    [(993, False, "implicit"), (993, True, "implicit"), (143, True, "starttls"), (10143, True, "starttls")],
)
def test_the_default_imap_block_succeeds_wherever_javamail_does(port: int, starttls: bool, tls: str) -> None:
    session, faults = imap(port=port, starttls=starttls)

    assert (session.tls, session.port, faults) == (tls, port, [])


def test_an_ssl_factory_never_falls_back_to_clear_text() -> None:
    session, faults = imap(port=143)

    assert session.tls == "implicit"
    assert "143 begins in clear text" in faults[0].text


@pytest.mark.parametrize(
    ("block", "port"),
    [
        (session_of.SMTP_BLOCK, 465),
        (session_of.SMTP_BLOCK.replace("PROTOCOL=smtp", "PROTOCOL=smtps"), 465),
        ("mail.smtp.host=x", 465),
    ],
)
def test_a_block_that_would_hang_is_a_fault(block: str, port: int) -> None:
    assert "would hang" in smtp(block, port=port)[1][0].text


def test_smtps_means_tls_from_the_start_once_the_plain_class_is_gone() -> None:
    block = session_of.SMTP_BLOCK.replace("PROTOCOL=smtp", "PROTOCOL=smtps").replace(
        "com.sun.mail.smtp.SMTPTransport", "x.SMTPSSLTransport"
    )

    session, faults = smtp(block, port=465)

    assert (session.tls, faults) == ("implicit", [])


def test_the_block_wins_over_the_fields() -> None:
    session, _ = smtp(
        "mail.smtp.host=other\nmail.smtp.port=2525\nmail.smtp.user=me\nmail.smtp.starttls.enable=false",
        username="you",
    )

    assert (session.host, session.port, session.user, session.tls) == ("other", 2525, "me", "none")


def test_where_the_block_is_silent_the_fields_count() -> None:
    session, faults = smtp("# nothing", username="you", port=587)

    assert (session.host, session.port, session.user, session.tls) == (
        "mail.example.com",
        587,
        "you",
        "starttls",
    )
    assert not faults


def test_true_and_false_count_in_any_case() -> None:
    assert smtp("mail.smtp.starttls.enable=FALSE")[0].tls == "none"
    assert smtp("mail.smtp.starttls.enable=True", starttls=False)[0].tls == "starttls"


@pytest.mark.parametrize("value", ["0", "-1", "7200000"])
def test_there_is_always_a_time_out(value: str) -> None:
    session, faults = smtp(f"mail.smtp.timeout={value}")

    assert (session.read_timeout, faults) == (600.0, [])


def test_a_password_in_clear_text_needs_loopback_or_leave() -> None:
    block = "mail.smtp.starttls.enable=false"

    assert smtp(block, username="u")[1]
    assert not smtp(block, username="u", allow_cleartext_login=True)[1]
    assert not smtp(block, username="u", host="127.0.0.1")[1]
    assert not smtp(block, username="u", host="localhost")[1]


def test_oauth_uses_token_mechanisms_and_the_mailbox_as_user() -> None:
    session, _ = smtp(auth_type="oauth", username="robot@example.com", mailbox="team@example.com")

    assert (session.auth_type, session.user) == ("oauth", "team@example.com")
    assert session.mechanisms == ("XOAUTH2", "OAUTHBEARER")


def test_naming_xoauth2_with_an_application_at_hand_means_oauth() -> None:
    block = "mail.smtp.auth.mechanisms=XOAUTH2"

    assert smtp(block, username="u", oauth_application="m365")[0].auth_type == "oauth"
    assert smtp(block, username="u")[0].mechanisms == ("XOAUTH2",)


def test_ciphers_by_javas_names_become_openssls() -> None:
    block = "mail.smtp.ssl.ciphersuites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 TLS_AES_128_GCM_SHA256"

    assert smtp(block)[0].ciphers == ("ECDHE-RSA-AES128-GCM-SHA256",)


def test_a_proxys_password_is_masked_wherever_it_hides() -> None:
    block = "PW=hunter2\nmail.smtp.proxy.password=${{PW}}\n"
    block += "mail.smtp.proxy.password = hun\\\n  ter2\nmail.smtp.port=25"

    assert "hunter2" not in masked(block) and "ter2" not in masked(block)
    assert "mail.smtp.port=25" in masked(block)


def test_every_property_of_javamail_is_in_the_table() -> None:
    assert {family: len(known_properties(family)) for family in ("smtp", "imap")} == {"smtp": 62, "imap": 74}


# One value for each honoured property that must change the session, with the lines it needs beside it.
EFFECTS = {
    "auth.login.disable": "true",
    "auth.mechanisms": "PLAIN",
    "auth.plain.disable": "true",
    "class": "x.SMTPSSLTransport",
    "auth.xoauth2.disable": "true",
    "connectiontimeout": "5000",
    "host": "other",
    "localaddress": "127.0.0.2",
    "localport": "4711",
    "port": "2525",
    "proxy.host": "p",
    "proxy.password": "secret",
    "proxy.port": "3128",
    "proxy.user": "me",
    "sasl.authorizationid": "other",
    "sasl.enable": "true",
    "sasl.mechanisms": "PLAIN",
    "socketFactory.class": "javax.net.ssl.SSLSocketFactory",
    "socketFactory.fallback": "false",
    "socketFactory.port": "2465",
    "socks.host": "p",
    "socks.port": "1081",
    "ssl.checkserveridentity": "false",
    "ssl.ciphersuites": "ECDHE-RSA-AES128-GCM-SHA256",
    "ssl.enable": "true",
    "ssl.protocols": "TLSv1.3",
    "ssl.socketFactory.class": "javax.net.ssl.SSLSocketFactory",
    "ssl.socketFactory.port": "2465",
    "ssl.trust": "*",
    "starttls.enable": "true",
    "starttls.required": "true",
    "timeout": "5000",
    "user": "other",
    "writetimeout": "5000",
    "allow8bitmime": "true",
    "auth": "false",
    "dsn.notify": "NEVER",
    "dsn.ret": "HDRS",
    "ehlo": "false",
    "from": "a@b",
    "localhost": "me",
    "mailextension": "X",
    "quitwait": "false",
    "sendpartial": "true",
    "submitter": "a@b",
    "userset": "true",
    "allowreadonlyselect": "true",
    "compress.enable": "true",
    "fetchsize": "65536",
    "partialfetch": "false",
    "peek": "false",
    "proxyauth.user": "other",
}
BESIDE = {
    "proxy.password": "proxy.host=p",
    "proxy.port": "proxy.host=p",
    "proxy.user": "proxy.host=p",
    "socks.port": "socks.host=p",
    "sasl.mechanisms": "sasl.enable=true",
    "sasl.enable": "sasl.mechanisms=PLAIN",
    "socketFactory.port": "socketFactory.class=javax.net.ssl.SSLSocketFactory",
    "ssl.socketFactory.port": "ssl.enable=true\nX.ssl.socketFactory.class=javax.net.ssl.SSLSocketFactory",
    "ssl.socketFactory.class": "ssl.enable=true\nX.ssl.socketFactory.port=2465",
    "auth.xoauth2.disable": "host=x",
}
# These state what holds anyway: TLS never falls back.
ALWAYS = {"socketFactory.fallback"}


@pytest.mark.parametrize(
    ("family", "name"),
    [
        (f, p.name)
        for f in ("smtp", "imap")
        for p in known_properties(f).values()
        if p.treatment == "honoured"
    ],
)
def test_every_honoured_property_changes_the_session(family: str, name: str) -> None:
    beside = "".join(f"mail.{family}.{line}\n" for line in BESIDE.get(name, "host=x").split("\nX."))
    line = f"mail.{family}.{name}={EFFECTS[name]}"
    oauth = "oauth" if "xoauth2" in name else "basic"
    make = smtp if family == "smtp" else imap
    port = 2525 if name != "port" else 25

    without, _ = make(beside, port=port, starttls=False, username="u", auth_type=oauth)
    with_it, faults = make(
        beside + line, port=port, starttls=False, username="u", auth_type=oauth, allow_cleartext_login=True
    )

    changed = [f.name for f in fields_of(with_it) if getattr(with_it, f.name) != getattr(without, f.name)]
    assert not faults
    assert name in ALWAYS or set(changed) - {"cleartext_login"}


@pytest.mark.parametrize(
    ("family", "name", "treatment"),
    [
        (f, p.name, p.treatment)
        for f in ("smtp", "imap")
        for p in known_properties(f).values()
        if p.treatment != "honoured"
    ],
)
def test_every_other_property_is_reported_once(family: str, name: str, treatment: str) -> None:
    kind = known_properties(family)[name].kind
    value = {"boolean": "true", "number": "5", "bytes": "5"}.get(kind, "x")
    fields = session_of.Fields("x", 2525, False, f"mail.{family}.{name}={value}")
    make = session_of.smtp_session if family == "smtp" else session_of.imap_session

    findings = make(fields)[1]

    assert [f.grave for f in findings] == [treatment == "refused"]
    assert known_properties(family)[name].note in findings[0].text


def test_names_without_a_protocol_are_fallbacks() -> None:
    session, faults = smtp("mail.host=other\nmail.user=me\nmail.from=a@example.com\nmail.debug=true")

    assert (session.host, session.user, session.envelope_from, faults) == ("other", "me", "a@example.com", [])
    assert set(known_properties("general")) >= {"host", "user", "from", "debug"}


def test_proxies_are_applied() -> None:
    http = smtp("mail.smtp.proxy.host=p\nmail.smtp.proxy.user=u\nmail.smtp.proxy.password=x")[0]

    assert http.proxy == Proxy("http", "p", 80, "u", "x")
    assert smtp("mail.smtp.socks.host=p")[0].proxy == Proxy("socks5", "p", 1080)
