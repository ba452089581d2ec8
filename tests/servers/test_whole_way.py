"""The whole way over real servers: request, Postfix, Dovecot, a reply, decision, confirmation, empty folder.

For each way of encryption, with the servers failing while it works, and with the daemon killed at random.
"""

import email
import email.policy
import imaplib
import random
import smtplib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, cast

import pytest

from flexmaild.client import Refused, Unreachable
from tests.support.daemon import Daemon, merged, reply_bytes, until
from tests.support.dovecot import Dovecot, User
from tests.support.pki import Pki
from tests.support.postfix import Postfix
from tests.support.proxy import Proxy
from tests.support.servers_settings import PLAIN_IMAP

IMPLICIT_SMTP = """\
PROTOCOL=smtp
mail.smtp.host=${{SMTP_HOST_NAME}}
mail.smtp.port=${{SMTP_HOST_PORT}}
mail.smtp.ssl.enable=true
"""


@dataclass
class Post:
    """The mail system around the daemon: its own mailbox and an approver's."""

    dovecot: Dovecot
    postfix: Postfix
    pki: Pki
    own: User
    approver: User

    def settings(self, mode: str, *, imap: int = 0, smtp: int = 0) -> dict[str, Any]:
        """mode: "plain", "starttls" or "implicit", for both directions. imap, smtp: other ports."""
        ports = {
            "plain": (self.postfix.smtp, self.dovecot.imap),
            "starttls": (self.postfix.submission, self.dovecot.imap),
            "implicit": (self.postfix.smtps, self.dovecot.imaps),
        }[mode]
        login = {"username": self.own.name, "password": self.own.password}
        outgoing: dict[str, Any] = {
            "transport": "smtp",
            "host": "localhost",
            "port": smtp or ports[0],
            "from_address": self.own.address,
            "starttls": mode == "starttls",
            "ca_file": self.pki.ca_file,
        }
        incoming: dict[str, Any] = {
            "transport": "imap",
            "host": "localhost",
            "port": imap or ports[1],
            "starttls": mode == "starttls",
            "ca_file": self.pki.ca_file,
        }
        if mode != "plain":
            outgoing |= login
        if mode == "implicit":
            outgoing["properties"] = IMPLICIT_SMTP
        else:
            incoming["properties"] = PLAIN_IMAP
        return {"outgoing": outgoing, "incoming": incoming | login}

    def newest(self, kind: str, count: int = 1) -> EmailMessage:
        """The newest mail of that kind in the approver's mailbox, once there are `count`."""

        def look() -> EmailMessage | None:
            found = self.mails(kind)
            return found[-1] if len(found) >= count else None

        return until(look, f"a mail {kind} in Dovecot")

    def mails(self, kind: str) -> list[EmailMessage]:
        client = self.dovecot.client(self.approver)
        try:
            _, lines = client.fetch("1:*", "(BODY.PEEK[])")
        except imaplib.IMAP4.error:
            return []  # 1:* of an empty folder
        finally:
            client.logout()
        raw = [line[1] for line in lines if isinstance(line, tuple)]
        parsed = [email.message_from_bytes(r, policy=email.policy.default) for r in raw]
        return [cast(EmailMessage, m) for m in parsed if m["Flexmaild-Mail"] == kind]

    def reply(self, mail: EmailMessage, text: str) -> None:
        """As the approver's mail program: by the real SMTP server."""
        with smtplib.SMTP("localhost", self.postfix.smtp) as smtp:
            smtp.sendmail(self.approver.address, [self.own.address], reply_bytes(mail, text))

    def waiting(self) -> int:
        return len(self.dovecot.subjects(self.own))


@pytest.fixture
def post(dovecot: Dovecot, postfix: Postfix, pki: Pki) -> Post:
    return Post(dovecot, postfix, pki, dovecot.user(), dovecot.user())


def start(daemon: Daemon, settings: dict[str, Any], **more: Any) -> None:
    base = yaml_free(daemon)
    daemon.write_settings(merged(base, merged(settings, more)))
    daemon.start()


def yaml_free(daemon: Daemon) -> dict[str, Any]:
    """The kit's daemon is made for Maildirs; their paths mean nothing to servers."""
    return {"outgoing": {"path": None}, "incoming": {"path": None}}


@pytest.mark.parametrize("mode", ["plain", "starttls", "implicit"])
def test_the_main_job_by_postfix_and_dovecot(daemon: Daemon, post: Post, mode: str) -> None:
    start(daemon, post.settings(mode))
    asked = daemon.request(post.approver.address)
    post.reply(post.newest("approval_request"), "Approve by a real mail program")
    until(lambda: post.waiting() or None, "the reply in the mailbox")
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    decided = daemon.decided(asked["id"])
    assert decided["state"] == "approved"
    assert decided["verdicts"][0]["comment"] == "by a real mail program"
    assert post.newest("accepted")["Auto-Submitted"] == "auto-replied"
    assert post.waiting() == 0


def test_the_two_test_commands_show_the_servers_answers(daemon: Daemon, post: Post) -> None:
    start(daemon, post.settings("starttls"))
    sent = daemon.call("test_email", body={"to": post.approver.address})
    assert sent["answer"].startswith("250")
    assert sent["tls"] == "TLSv1.2"  # FlexDeploy's default block pins it
    assert post.newest("test")
    seen = daemon.call("test_incoming")
    assert (seen["messages"], seen["can_delete"]) == (0, True)
    steps = daemon.call("doctor")["steps"]
    assert {s["name"] for s in steps} >= {"dns", "connect", "tls", "login", "folder"}
    assert all(s["result"] != "failed" for s in steps), steps


FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "wrong password": ({"incoming": {"password": "wrong"}}, "login", "password"),
    "wrong folder": ({"incoming": {"reply_folder": "Nowhere"}}, "select", "INBOX"),
    "unknown authority": ({"incoming": {"ca_file": None}}, "tls", "CA certificate"),
}


@pytest.mark.parametrize(("wrong", "step", "cure"), FAULTS.values(), ids=FAULTS)
def test_a_wrong_setting_is_named_with_step_and_cure_and_stops_nothing_else(
    daemon: Daemon, post: Post, wrong: dict[str, Any], step: str, cure: str
) -> None:
    start(daemon, merged(post.settings("implicit"), wrong))
    with pytest.raises(Refused) as refused:
        daemon.call("test_incoming")
    document = refused.value.document
    assert document["status"] == 502
    assert document["step"] == step
    assert cure in str(document)
    asked = daemon.request(post.approver.address)
    assert post.newest("approval_request")
    assert daemon.show(asked["id"])["state"] == "pending"
    status = daemon.call("status")
    assert not status["healthy"]
    assert "localhost" in str(status["issues"])


def test_a_server_killed_between_fetch_and_deletion_loses_and_doubles_nothing(
    daemon: Daemon, post: Post, new_dovecot: Callable[..., Dovecot], proxied: Callable[[int], Proxy]
) -> None:
    """The connection is cut when the deletion is asked for: all is committed, nothing was deleted."""
    proxy = proxied(post.dovecot.imap)
    proxy.cut_before = b"STORE"
    start(daemon, post.settings("plain", imap=proxy.port))
    asked = daemon.request(post.approver.address)
    post.reply(post.newest("approval_request"), "Approve")
    until(lambda: post.waiting() or None, "the reply in the mailbox")
    with pytest.raises(Refused):
        daemon.process_replies()
    assert daemon.decided(asked["id"])["state"] == "approved"
    assert post.waiting() == 1
    assert daemon.process_replies()["outcomes"] == {}
    assert post.waiting() == 0
    shown = daemon.show(asked["id"])
    assert (len(shown["verdicts"]), shown["replies_total"]) == (1, 1)
    assert daemon.call("status")["incidents"] == []


# On a busy machine a start takes as long as the pause between two kills, and nothing would come to its end.
MOST_KILLS = 15


@pytest.mark.process
def test_a_day_on_real_servers_survives_kill_nine(daemon: Daemon, post: Post) -> None:
    """Fifty requests, fifty replies, the daemon killed at random moments: each decided once, as answered."""
    start(daemon, merged(post.settings("plain"), {"incoming": {"process_count": 7}}))
    chance, over = random.Random(7), threading.Event()
    killer = threading.Thread(target=_kill_now_and_then, args=(daemon, chance, over))
    killer.start()
    wanted: dict[str, str] = {}
    try:
        for number in range(50):
            asked = until(lambda n=number: _try(lambda: _ask(daemon, post, n)), f"answer {number}")
            wanted[asked["id"]] = "approved" if number % 2 else "rejected"
        until(
            lambda: len({str(m["Message-ID"]) for m in post.mails("approval_request")}) == 50 or None, "mails"
        )
        answered: set[str] = set()
        for mail in post.mails("approval_request"):
            request = next(i for i in wanted if i.removeprefix("ap-") in str(mail["Message-ID"]))
            if request not in answered:  # a mail may come twice after a kill, under one Message-ID
                answered.add(request)
                post.reply(mail, "Approve" if wanted[request] == "approved" else "Reject too risky")
        until(lambda: _emptied(daemon, post), "an empty folder", 60)
    finally:
        over.set()
        killer.join()
    assert {i: daemon.decided(i)["state"] for i in wanted} == wanted
    assert all(len(daemon.show(i)["verdicts"]) == 1 for i in wanted)
    until(lambda: len(list(daemon.decisions.glob("*.json"))) == 50 or None, "fifty decision files")


def _ask(daemon: Daemon, post: Post, number: int) -> dict[str, Any]:
    return daemon.request(post.approver.address, key=f"n{number}")


def _emptied(daemon: Daemon, post: Post) -> bool:
    _try(daemon.process_replies)
    return all(s["state"] != "pending" for s in _try(lambda: _all(daemon)) or [{"state": "pending"}]) and (
        post.waiting() == 0
    )


def _all(daemon: Daemon) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], daemon.call("approval.list", query={"limit": 100})["items"])


def _try(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (Unreachable, Refused):
        return None


def _kill_now_and_then(daemon: Daemon, chance: random.Random, over: threading.Event) -> None:
    for _ in range(MOST_KILLS):
        if over.wait(chance.uniform(0.2, 1.5)):
            return
        daemon.kill()
        daemon.start()
