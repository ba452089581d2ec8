"""Servers that repeat what they are told, and mails that hold a reference where none belongs: nothing of it
is kept, shown or handed on. What is looked at when a house closes (`tests.kit.canary`) is itself tried by
leaks made on purpose.
"""

from __future__ import annotations

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
from tests.kit.canary import Canary
from tests.kit.house import REPLIES, House, merged, until
from tests.kit.in_process import HouseInProcess
from tests.kit.process import free_ports
from tests.kit.scripted import ImapServer, Serving, SmtpServer, Talk
from tests.kit.servers_settings import PLAIN_IMAP, by_imap, by_smtp

ALICE = "alice@corp.test"
PASSWORD = 'Tr0ub4dor&3"x'


class Parrot(SmtpServer):
    """Says after a mail what Exchange says: its Message-ID."""

    def _content(self, talk: Talk) -> None:
        lines = []
        while (line := talk.line()) != ".":
            lines.append(line)
        (identifier,) = [line.split(" ", 1)[1] for line in lines if line.startswith("Message-ID: ")]
        talk.say(f"250 2.6.0 {identifier} [InternalId=4711] Queued mail for delivery")
        self.mails.append("\r\n".join(lines).encode())


def asked(house: House, command: str, **parts: Any) -> str:
    """What came, a refusal too; the house's canary hears it."""
    try:
        return str(house.call(command, **parts))
    except Refused as refused:
        return str(refused.document)


def read_page(house: House, port: int, path: str) -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as page:
            text = page.read().decode()
    except urllib.error.HTTPError as error:
        text = error.read().decode()
    house.canary.shown(path, text)
    return str(text)


def everything(house: House, request: str) -> str:
    """All that is asked of a daemon whose servers fail."""
    said = [asked(house, "approval.show", path={"id": request})]
    said.append(asked(house, "test_email", body={"to": ALICE}))
    said += [asked(house, name) for name in ("test_incoming", "doctor", "process", "status", "outbox.list")]
    for job in house.call("outbox.list")["items"]:
        said.append(asked(house, "outbox.show", path={"id": job["id"]}))
    return "\n".join(said)


def test_a_password_that_servers_repeat_is_shown_nowhere(house: House, serving: Serving) -> None:
    def smtp_echo(talk: Talk) -> None:
        line = smtp.heard[-1]
        talk.say(f"535 5.7.8 {line} is {base64.b64decode(line.split()[-1]).decode()}".replace("\0", " "))

    def imap_echo(talk: Talk) -> None:
        tag, _, command = imap.heard[-1].partition(" ")
        talk.say(f"{tag} BAD Error in IMAP command {command} (0.001 + 0.000 secs).")

    smtp, imap = (
        serving(SmtpServer({"AUTH": smtp_echo})),
        serving(ImapServer({"LOGIN": imap_echo}, capabilities="IMAP4rev1 UIDPLUS")),
    )
    (port,) = free_ports(1)
    login = {"username": "bob", "password": PASSWORD}
    settings = merged(by_smtp(smtp.port, **login), by_imap(imap.port, **login, properties=PLAIN_IMAP))
    house.write_settings(merged(settings, {"metrics": {"listen": f"127.0.0.1:{port}"}}))
    house.start()
    request = house.request(ALICE)["id"]
    until(lambda: house.call("status")["outgoing"]["last_fault"], "the fault of the way out")
    said = (
        everything(house, request) + read_page(house, port, "/-/ready") + read_page(house, port, "/metrics")
    )
    assert "5.7.8" in said and "Error in IMAP command LOGIN" in said


def test_what_a_reply_of_several_lines_tears_is_put_together_and_hidden(
    house: House, serving: Serving
) -> None:
    """Each line has the status code again (RFC 2034 section 4)."""

    def echo(talk: Talk) -> None:
        password = base64.b64decode(smtp.heard[-1].split()[-1]).decode().split("\0")[-1]
        talk.say(f"535-5.7.8 refused {password[:6]}\n535 5.7.8 {password[6:]} for ever")

    class Tearing(SmtpServer):
        def _content(self, talk: Talk) -> None:
            lines = []
            while (line := talk.line()) != ".":
                lines.append(line)
            (identifier,) = [line.split(" ", 1)[1] for line in lines if line.startswith("Message-ID: ")]
            spelt = "".join(f"={ord(letter):02X}" for letter in identifier)
            talk.say(f"250-2.6.0 {identifier[:24]}\n250-2.6.0 {identifier[24:]}\n250 2.6.0 {spelt} queued")
            self.mails.append("\r\n".join(lines).encode())

    smtp = serving(Tearing({"AUTH": echo}))
    house.write_settings(by_smtp(smtp.port, username="bob", password=PASSWORD))
    house.start()
    request = house.request(ALICE)["id"]
    until(lambda: house.call("status")["outgoing"]["last_fault"], "the fault of the way out")
    said = everything(house, request)
    assert "refused" in said and "for ever" in said
    assert PASSWORD[6:] not in said + house.log.read_text()
    smtp.answers["AUTH"] = "235 in"
    house.call("outbox.retry_all")
    until(lambda: smtp.mails, "the mail")
    until(lambda: house.call("outbox.list", query={"state": "done"})["items"], "its receipt")
    house.canary.know_mail(smtp.mails[0])
    said = asked(house, "outbox.list", query={"state": "done"}) + house.log.read_text()
    (tail,) = house.canary.issued
    assert "queued" in said
    assert "".join(f"={ord(letter):02X}" for letter in tail) not in said


def test_a_reference_that_a_server_repeats_is_in_no_receipt(house: House, serving: Serving) -> None:
    smtp = serving(Parrot({}))
    house.write_settings(by_smtp(smtp.port))
    house.start()
    request = house.request(ALICE)["id"]
    until(lambda: smtp.mails, "the mail")
    until(lambda: house.call("outbox.list", query={"state": "done"})["items"], "its receipt")
    house.canary.know_mail(smtp.mails[0])
    said = asked(house, "outbox.list", query={"state": "done"}) + everything(house, request)
    assert "InternalId=4711" in said


def test_a_reference_in_a_strangers_subject_and_message_id_is_hidden(house: House) -> None:
    house.start()
    request = house.request(ALICE)
    mail = house.mail(ALICE)
    reference = str(mail["Message-ID"]).strip("<>").partition(".")[0]
    odd = {"Subject": f"Re: {reference}", "Message_ID": f"<{reference}@evil.test>"}
    house.answer(mail, "Approve", From="mallory@elsewhere.test", **odd)
    house.process_replies()
    for mail_aside in house.call("quarantine.list")["items"]:
        asked(house, "quarantine.show", path={"id": mail_aside["id"]})
    house.answer(mail, "Approve", Subject=odd["Subject"], Message_ID=f"<2.{reference}@corp.test>")
    house.process_replies()
    assert house.decided(request["id"])["state"] == "approved"
    house.show(request["id"])


def test_a_reference_in_a_delivery_report_is_hidden(house: House) -> None:
    house.start()
    request = house.request(ALICE)
    mail = house.mail(ALICE)
    house.deliver(report(mail))
    house.process_replies()
    shown = house.show(request["id"])
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


def into_log(house: House, text: str) -> None:
    with house.log.open("a") as log:
        log.write(f'{{"event": "oops", "said": "{text}"}}\n')


def into_store(house: House, text: str) -> None:
    with closing(sqlite3.connect(house.root / "state" / "flexmaild.db")) as store, store:
        store.execute("INSERT INTO meta (name, value) VALUES ('oops', ?)", (text,))


LEAKS: dict[str, Callable[[House, str], None]] = {
    "log, oops": into_log,
    "answer to status, .a[].b": lambda house, text: house.canary.answered("status", {"a": [{"b": text}]}),
    "metrics": lambda house, text: house.canary.shown("metrics", text),
    "file of a sink, .json": lambda house, text: as_file(house.decisions / "1.json", text),
    "store, meta.value": into_store,
}


def as_file(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house that has leaked nothing."""
    made = HouseInProcess(tmp_path_factory.mktemp("leaks"))
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
def test_a_leak_is_told_by_test_place_and_kind(closed: House, place: str, leak: str, kind: str) -> None:
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
