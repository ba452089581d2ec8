"""The daemon on real servers that fail in the middle: lost answers, frozen servers, changed passwords; and
that nothing of it puts a secret, a reference or a mail's text where it does not belong.
"""

import base64
import os
import signal
import sqlite3
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flexmaild.client import Refused
from tests.servers.test_whole_way import Post, start
from tests.support.daemon import Daemon, merged, text_of, until
from tests.support.dovecot import Dovecot, User
from tests.support.pki import Pki
from tests.support.postfix import Postfix
from tests.support.proxy import Proxy

HOUR = 3600.0


@pytest.fixture
def post(dovecot: Dovecot, postfix: Postfix, pki: Pki) -> Post:
    return Post(dovecot, postfix, pki, dovecot.user(), dovecot.user())


def test_an_answer_lost_after_the_final_dot_doubles_a_mail_and_no_verdict(
    daemon: Daemon, post: Post, proxied: Callable[[int], Proxy]
) -> None:
    """Postfix has taken the mail, its 250 is lost: the copy has the same Message-ID, one reply counts."""
    proxy = proxied(post.postfix.smtp)
    start(daemon, post.settings("plain", smtp=proxy.port))
    proxy.cut_after = b"\r\n.\r\n"
    asked = daemon.request(post.approver.address)
    until(lambda: _jobs(daemon)[0]["uncertain"] or None, "the uncertain end")
    assert _jobs(daemon)[0]["state"] == "deferred"
    daemon.advance(120)
    post.newest("approval_request", count=2)
    first, second = post.mails("approval_request")
    assert first["Message-ID"] == second["Message-ID"]
    post.reply(first, "Approve")
    until(lambda: post.waiting() == 1 or None, "the first reply")  # Postfix may deliver a later mail first
    post.reply(second, "Reject")
    until(lambda: post.waiting() == 2 or None, "both replies")
    outcomes = daemon.process_replies()["outcomes"]
    assert outcomes["decision"] == 1
    assert sum(outcomes.values()) == 2
    assert daemon.decided(asked["id"])["state"] == "approved"
    assert len(daemon.show(asked["id"])["verdicts"]) == 1
    assert post.waiting() == 0


def _jobs(daemon: Daemon) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = daemon.call("outbox.list")["items"]
    return items


def test_a_frozen_imap_server_stops_no_mail_and_is_read_again_when_it_thaws(
    daemon: Daemon, post: Post, new_dovecot: Callable[..., Dovecot]
) -> None:
    """Accepts connections and says nothing: the poll fails in time, is seen, and everything else goes on."""
    frozen = new_dovecot()
    assert frozen._process is not None
    user = frozen.user()
    settings = merged(
        post.settings("plain", imap=frozen.imap),
        {"incoming": {"username": user.name, "password": user.password}},
    )
    settings["incoming"]["properties"] += "mail.imap.timeout=1000\nmail.imap.connectiontimeout=1000\n"
    start(daemon, settings)
    os.killpg(frozen._process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(Refused) as refused:
            daemon.process_replies()
        assert refused.value.status == 502
        asked = daemon.request(post.approver.address)
        assert post.newest("approval_request")
        assert not daemon.call("status")["healthy"]
    finally:
        os.killpg(frozen._process.pid, signal.SIGCONT)
    until(lambda: _polls(daemon), "a poll that ends well")
    assert daemon.show(asked["id"])["state"] == "pending"
    until(lambda: daemon.call("status")["healthy"] or None, "health")


def _polls(daemon: Daemon) -> bool:
    try:
        return bool(daemon.process_replies())
    except Refused:
        return False


PASSWORD = "pw-canary: ä%s\\x"  # with what breaks careless encoders


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_no_secret_reference_or_text_of_a_mail_gets_into_log_metrics_or_answers(
    daemon: Daemon, post: Post, mechanism: str
) -> None:
    """At debug, with a wrong password and then the right one, and a reply with a comment."""
    only = f"mail.smtp.auth=true\nmail.smtp.auth.mechanisms={mechanism}\n"
    smtp = "PROTOCOL=smtp\nmail.smtp.host=${{SMTP_HOST_NAME}}\nmail.smtp.port=${{SMTP_HOST_PORT}}\n"
    smtp += "mail.smtp.starttls.enable=true\n" + only
    settings = merged(post.settings("starttls"), {"outgoing": {"properties": smtp}})
    settings["incoming"]["properties"] += f"mail.imap.auth.mechanisms={mechanism}\n"
    wrong = {"outgoing": {"password": PASSWORD}, "incoming": {"password": PASSWORD}}
    start(daemon, merged(settings, wrong), metrics={"listen": "127.0.0.1:0"})
    with pytest.raises(Refused) as refused:
        daemon.call("test_email", body={"to": post.approver.address})
    answers = [str(refused.value.document)]
    with pytest.raises(Refused) as refused:
        daemon.call("test_incoming")
    answers.append(str(refused.value.document))
    daemon.write_settings(merged({"outgoing": {"path": None}, "incoming": {"path": None}}, settings))
    daemon.call("reload")
    asked = daemon.request(post.approver.address, text="TEXT-CANARY of the request")
    mail = post.newest("approval_request")
    post.reply(mail, "Approve COMMENT-CANARY of the reply")
    until(lambda: post.waiting() or None, "the reply")
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    assert daemon.decided(asked["id"])["state"] == "approved"
    post.newest("accepted")
    answers += [str(daemon.call("status")), str(daemon.call("doctor")), str(daemon.call("outbox.list"))]
    log = daemon.log.read_text()
    assert "dialogue" in log, "this is at debug"
    secrets = [*_forms(PASSWORD, post.own), *_forms(post.own.password, post.own)]
    reference = next(line for line in text_of(mail).splitlines() if "FM1-" in line).split()[-1]
    for name, text in {"log": log, "answers": "\n".join(answers)}.items():
        for secret in secrets:
            assert secret not in text, (name, secret)
    for canary in ("TEXT-CANARY", "COMMENT-CANARY", reference, reference.lower()):
        assert canary not in log
    assert daemon.stop() == 0
    store = _dump(daemon.root / "state" / "flexmaild.db")
    for secret in secrets:
        assert secret not in store


def _forms(password: str, user: User) -> list[str]:
    """The password as it may travel: bare, and in the base64 of PLAIN and LOGIN."""
    raw = password.encode()
    plain = b"\0" + user.name.encode() + b"\0" + raw
    return [password, *(base64.b64encode(form).decode() for form in (raw, plain)), repr(password)[1:-1]]


def _dump(file: Path) -> str:
    with closing(sqlite3.connect(file)) as store:
        return "\n".join(store.iterdump())


def test_the_metrics_page_holds_no_name(daemon: Daemon, post: Post) -> None:
    start(daemon, post.settings("plain"), metrics={"listen": "127.0.0.1:0"}, log={"level": "info"})
    asked = daemon.request(post.approver.address)
    post.newest("approval_request")
    address = daemon.log.read_text().partition('"listen": "')[2].partition('"')[0]
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        page = answer.read().decode()
    for word in (post.approver.name, post.own.name, post.own.password, asked["id"], "FM1-"):
        assert word not in page
