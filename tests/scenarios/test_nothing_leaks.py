"""Servers that repeat what they are told, and mails that hold a reference where none belongs: nothing of it
is kept, shown or handed on. What is looked at when a daemon closes (`tests.support.canary`) is itself tried
by leaks made on purpose.
"""

import base64
import sqlite3
import urllib.request
from collections.abc import Callable
from contextlib import closing, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from flexmaild.client import Refused
from tests.support.canary import Canary
from tests.support.daemon import REPLIES, Daemon, merged, until
from tests.support.in_process import DaemonInProcess
from tests.support.process import free_ports
from tests.support.scripted import Dialogue, ImapServer, Serving, SmtpServer
from tests.support.servers_settings import PLAIN_IMAP, by_imap, by_smtp

ALICE = "alice@corp.test"
PASSWORD = 'Tr0ub4dor&3"x'


class Parrot(SmtpServer):
    """Says after a mail what Exchange says: its Message-ID."""

    def _content(self, talk: Dialogue) -> None:
        lines = []
        while (line := talk.line()) != ".":
            lines.append(line)
        (identifier,) = [line.split(" ", 1)[1] for line in lines if line.startswith("Message-ID: ")]
        talk.say(f"250 2.6.0 {identifier} [InternalId=4711] Queued mail for delivery")
        self.mails.append("\r\n".join(lines).encode())


def asked(daemon: Daemon, command: str, **parts: Any) -> str:
    """What came, a refusal too; the daemon's canary hears it."""
    try:
        return str(daemon.call(command, **parts))
    except Refused as refused:
        return str(refused.document)


def read_page(daemon: Daemon, port: int, path: str) -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as page:
            text = page.read().decode()
    except urllib.error.HTTPError as error:
        text = error.read().decode()
    daemon.canary.shown(path, text)
    return str(text)


def everything(daemon: Daemon, request: str) -> str:
    """All that is asked of a daemon whose servers fail."""
    said = [asked(daemon, "approval.show", path={"id": request})]
    said.append(asked(daemon, "test_email", body={"to": ALICE}))
    said += [asked(daemon, name) for name in ("test_incoming", "doctor", "process", "status", "outbox.list")]
    for job in daemon.call("outbox.list")["items"]:
        said.append(asked(daemon, "outbox.show", path={"id": job["id"]}))
    return "\n".join(said)


def test_a_password_that_servers_repeat_is_shown_nowhere(daemon: Daemon, serving: Serving) -> None:
    def smtp_echo(talk: Dialogue) -> None:
        line = smtp.heard[-1]
        talk.say(f"535 5.7.8 {line} is {base64.b64decode(line.split()[-1]).decode()}".replace("\0", " "))

    def imap_echo(talk: Dialogue) -> None:
        tag, _, command = imap.heard[-1].partition(" ")
        talk.say(f"{tag} BAD Error in IMAP command {command} (0.001 + 0.000 secs).")

    smtp, imap = (
        serving(SmtpServer({"AUTH": smtp_echo})),
        serving(ImapServer({"LOGIN": imap_echo}, capabilities="IMAP4rev1 UIDPLUS")),
    )
    (port,) = free_ports(1)
    login = {"username": "bob", "password": PASSWORD}
    settings = merged(by_smtp(smtp.port, **login), by_imap(imap.port, **login, properties=PLAIN_IMAP))
    daemon.write_settings(merged(settings, {"metrics": {"listen": f"127.0.0.1:{port}"}}))
    daemon.start()
    request = daemon.request(ALICE)["id"]
    until(lambda: daemon.call("status")["outgoing"]["last_fault"], "the fault of the way out")
    said = (
        everything(daemon, request)
        + read_page(daemon, port, "/-/ready")
        + read_page(daemon, port, "/metrics")
    )
    assert "5.7.8" in said and "Error in IMAP command LOGIN" in said


def test_what_a_reply_of_several_lines_tears_is_put_together_and_hidden(
    daemon: Daemon, serving: Serving
) -> None:
    """Each line has the status code again (RFC 2034 section 4)."""

    def echo(talk: Dialogue) -> None:
        password = base64.b64decode(smtp.heard[-1].split()[-1]).decode().split("\0")[-1]
        talk.say(f"535-5.7.8 refused {password[:6]}\n535 5.7.8 {password[6:]} for ever")

    class Tearing(SmtpServer):
        def _content(self, talk: Dialogue) -> None:
            lines = []
            while (line := talk.line()) != ".":
                lines.append(line)
            (identifier,) = [line.split(" ", 1)[1] for line in lines if line.startswith("Message-ID: ")]
            spelt = "".join(f"={ord(letter):02X}" for letter in identifier)
            talk.say(f"250-2.6.0 {identifier[:24]}\n250-2.6.0 {identifier[24:]}\n250 2.6.0 {spelt} queued")
            self.mails.append("\r\n".join(lines).encode())

    smtp = serving(Tearing({"AUTH": echo}))
    daemon.write_settings(by_smtp(smtp.port, username="bob", password=PASSWORD))
    daemon.start()
    request = daemon.request(ALICE)["id"]
    until(lambda: daemon.call("status")["outgoing"]["last_fault"], "the fault of the way out")
    said = everything(daemon, request)
    assert "refused" in said and "for ever" in said
    assert PASSWORD[6:] not in said + daemon.log.read_text()
    smtp.answers["AUTH"] = "235 in"
    daemon.call("outbox.retry_all")
    until(lambda: smtp.mails, "the mail")
    until(lambda: daemon.call("outbox.list", query={"state": "done"})["items"], "its receipt")
    daemon.canary.know_mail(smtp.mails[0])
    said = asked(daemon, "outbox.list", query={"state": "done"}) + daemon.log.read_text()
    (tail,) = daemon.canary.issued
    assert "queued" in said
    assert "".join(f"={ord(letter):02X}" for letter in tail) not in said


def test_a_reference_that_a_server_repeats_is_in_no_receipt(daemon: Daemon, serving: Serving) -> None:
    smtp = serving(Parrot({}))
    daemon.write_settings(by_smtp(smtp.port))
    daemon.start()
    request = daemon.request(ALICE)["id"]
    until(lambda: smtp.mails, "the mail")
    until(lambda: daemon.call("outbox.list", query={"state": "done"})["items"], "its receipt")
    daemon.canary.know_mail(smtp.mails[0])
    said = asked(daemon, "outbox.list", query={"state": "done"}) + everything(daemon, request)
    assert "InternalId=4711" in said


def test_a_reference_in_a_strangers_subject_and_message_id_is_hidden(daemon: Daemon) -> None:
    daemon.start()
    request = daemon.request(ALICE)
    mail = daemon.mail(ALICE)
    reference = str(mail["Message-ID"]).strip("<>").partition(".")[0]
    odd = {"Subject": f"Re: {reference}", "Message_ID": f"<{reference}@evil.test>"}
    daemon.answer(mail, "Approve", From="mallory@elsewhere.test", **odd)
    daemon.process_replies()
    for mail_aside in daemon.call("quarantine.list")["items"]:
        asked(daemon, "quarantine.show", path={"id": mail_aside["id"]})
    daemon.answer(mail, "Approve", Subject=odd["Subject"], Message_ID=f"<2.{reference}@corp.test>")
    daemon.process_replies()
    assert daemon.decided(request["id"])["state"] == "approved"
    daemon.show(request["id"])


def test_a_reference_in_a_delivery_report_is_hidden(daemon: Daemon) -> None:
    daemon.start()
    request = daemon.request(ALICE)
    mail = daemon.mail(ALICE)
    daemon.deliver(report(mail))
    daemon.process_replies()
    shown = daemon.show(request["id"])
    assert "no such user" in shown["approvers"][0]["bounced"]


def report(mail: EmailMessage) -> bytes:
    identifier = str(mail["Message-ID"])
    lines = [
        "From: MAILER-DAEMON@corp.test", f"To: {REPLIES}", "Subject: Undelivered Mail Returned to Sender",
        "Message-ID: <bounce.1@corp.test>", "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "",
        "--b", "Content-Type: text/plain", "", "It could not be delivered.", "",
        "--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; corp.test", "",
        f"Final-Recipient: rfc822; {ALICE}", "Action: failed", "Status: 5.1.1",
        f"Diagnostic-Code: smtp; 550 5.1.1 no such user for {identifier}", "",
        "--b", "Content-Type: text/rfc822-headers", "", f"Message-ID: {identifier}", "", "--b--",
    ]  # fmt: skip
    return "\r\n".join([*lines, ""]).encode()


# The canary itself.

REFERENCE = "FM1-GAYTEMZUGU3DOOBZAAAGOHB2BUQ7VFJQAWUCIGO2OVSSG"


def into_log(daemon: Daemon, text: str) -> None:
    with daemon.log.open("a") as log:
        log.write(f'{{"event": "oops", "said": "{text}"}}\n')


def into_store(daemon: Daemon, text: str) -> None:
    with closing(sqlite3.connect(daemon.root / "state" / "flexmaild.db")) as store, store:
        store.execute("INSERT INTO meta (name, value) VALUES ('oops', ?)", (text,))


LEAKS: dict[str, Callable[[Daemon, str], None]] = {
    "log, oops": into_log,
    "answer to status, .a[].b": lambda daemon, text: daemon.canary.answered("status", {"a": [{"b": text}]}),
    "metrics": lambda daemon, text: daemon.canary.shown("metrics", text),
    "file of a sink, .json": lambda daemon, text: as_file(daemon.decisions / "1.json", text),
    "store, meta.value": into_store,
}


def as_file(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Daemon:
    """A daemon that has leaked nothing."""
    made = DaemonInProcess(tmp_path_factory.mktemp("leaks"))
    login = {"username": "bob", "password": PASSWORD}
    made.write_settings({"incoming": {**login}})
    made.start()
    made.close()
    return made


@pytest.mark.parametrize("place", LEAKS)
@pytest.mark.parametrize(
    ("leak", "kind"),
    [
        (PASSWORD.replace('"', '\\"'), "password"),
        (base64.b64encode(f"\0bob\0{PASSWORD}".encode()).decode(), "password"),
        (f"<{REFERENCE}.m-1@corp.test>", "a reference"),
        (f"{REFERENCE.lower()[20:]}", "a reference"),
    ],
    ids=["as it is", "in a SASL response", "a Message-ID", "a torn one"],
)
def test_a_leak_is_told_by_test_place_and_kind(closed: Daemon, place: str, leak: str, kind: str) -> None:
    closed.canary = Canary()
    closed.canary.know_mail(REFERENCE.encode())
    before = closed.log.read_text()
    LEAKS[place](closed, leak)
    try:
        with pytest.raises(AssertionError) as told:
            closed.look_for_leaks()
    finally:
        closed.log.write_text(before)
        with suppress(FileNotFoundError):
            (closed.decisions / "1.json").unlink()
        with closing(sqlite3.connect(closed.root / "state" / "flexmaild.db")) as store, store:
            store.execute("DELETE FROM meta WHERE name = 'oops'")
    said = str(told.value)
    assert "test_a_leak_is_told_by_test_place_and_kind" in said and f"{place}: {kind}" in said
    assert leak not in said and PASSWORD not in said
