"""The doctor's steps on real servers: each named, the first that fails with its cure, nothing changed by
looking.
"""

import dataclasses
import socket
from pathlib import Path

from flexmaild.core.steps import Step
from flexmaild.net.sasl import Credentials
from flexmaild.settings.javamail.session import ImapSession, SmtpSession
from flexmaild.transports.imap.probe import examine_imap
from flexmaild.transports.maildir.inbox import MaildirInbox
from flexmaild.transports.probe import examine_folder
from flexmaild.transports.smtp.probe import examine_smtp
from tests.support.dovecot import Dovecot
from tests.support.pki import Pki
from tests.support.postfix import Postfix


def names(steps: list[Step]) -> list[str]:
    return [step.name for step in steps]


def last(steps: list[Step]) -> Step:
    """The step that failed; all before it were passed."""
    assert all(step.ok for step in steps[:-1]) and not steps[-1].ok
    assert steps[-1].cure
    return steps[-1]


def test_a_working_smtp_server_passes_every_step(dovecot: Dovecot, postfix: Postfix, pki: Pki) -> None:
    user = dovecot.user()
    session = SmtpSession(
        "localhost", postfix.submission, user=user.name, tls="starttls", ca_file=pki.ca_file
    )
    steps = examine_smtp(session, Credentials(lambda: user.password))
    assert names(steps) == ["dns", "connect", "tls", "login"] and all(step.ok for step in steps)
    tls = steps[2]
    assert (
        "TLSv1." in tls.answer and "localhost" in tls.answer and "valid until" in tls.answer and not tls.cure
    )


def test_a_working_imap_server_passes_every_step_and_changes_nothing(dovecot: Dovecot, pki: Pki) -> None:
    user = dovecot.user()
    dovecot.deliver(user, [b"Subject: s0\r\n\r\nx\r\n"])
    session = ImapSession("localhost", dovecot.imaps, user=user.name, tls="implicit", ca_file=pki.ca_file)
    steps = examine_imap(session, Credentials(lambda: user.password), "INBOX", "")
    assert names(steps) == ["dns", "connect", "tls", "login", "folder", "delete"]
    assert all(step.ok and not step.cure for step in steps)
    assert steps[4].answer == "1 mails wait"
    assert dovecot.subjects(user) == ["s0"]


def test_the_first_step_that_fails_ends_the_examination(dovecot: Dovecot, postfix: Postfix, pki: Pki) -> None:
    user = dovecot.user()
    good = ImapSession("localhost", dovecot.imaps, user=user.name, tls="implicit", ca_file=pki.ca_file)
    right, wrong = Credentials(lambda: user.password), Credentials(lambda: "canary-wrong")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    assert last(examine_imap(dataclasses.replace(good, port=nobody), right, "INBOX", "")).name == "connect"
    assert (
        last(examine_imap(dataclasses.replace(good, ca_file=pki.other_ca_file), right, "INBOX", "")).name
        == "tls"
    )
    refused = last(examine_imap(good, wrong, "INBOX", ""))
    assert refused.name == "login" and "AUTHENTICATIONFAILED" in refused.answer
    assert "canary-wrong" not in str(refused)
    assert last(examine_imap(good, right, "No such", "")).name == "folder"
    out = SmtpSession("localhost", postfix.smtps, user=user.name, tls="implicit", ca_file=pki.ca_file)
    assert last(examine_smtp(out, wrong)).name == "login"
    assert last(examine_smtp(dataclasses.replace(out, ca_file=pki.other_ca_file), right)).name == "tls"


def test_a_connection_without_tls_passes_with_a_remark(dovecot: Dovecot, postfix: Postfix) -> None:
    steps = examine_smtp(SmtpSession("localhost", postfix.smtp), Credentials(lambda: ""))
    assert [(step.name, step.ok) for step in steps][-2:] == [("tls", True), ("login", True)]
    assert "not encrypted" in steps[2].answer


def test_missing_rights_are_reported_with_a_cure(dovecot: Dovecot) -> None:
    user = dovecot.user()
    owner = dovecot.client(user)
    owner.setacl("INBOX", user.name, "lrws")
    owner.logout()
    session = ImapSession("localhost", dovecot.imap, user=user.name)
    steps = examine_imap(session, Credentials(lambda: user.password), "INBOX", "")
    assert steps[-1].name == "delete" and steps[-1].cure


def test_a_directory_is_examined_as_well(tmp_path: Path) -> None:
    assert names(examine_folder(MaildirInbox(tmp_path / "m"), "open it")) == ["folder", "delete"]
    (tmp_path / "file").write_text("x")
    assert last(examine_folder(MaildirInbox(tmp_path / "file"), "open it")).name == "folder"
