"""`flexmaild doctor` looks into a real mailbox without a daemon, and leaves it as it was."""

import json
import smtplib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers.test_whole_way import Post, yaml_free
from tests.support.daemon import Daemon, merged, until
from tests.support.dovecot import Dovecot, User
from tests.support.pki import Pki
from tests.support.postfix import Postfix


@pytest.fixture
def post(dovecot: Dovecot, postfix: Postfix, pki: Pki) -> Post:
    return Post(dovecot, postfix, pki, dovecot.user(), dovecot.user())


def flags(dovecot: Dovecot, user: User) -> list[bytes]:
    client = dovecot.client(user)
    try:
        _, lines = client.fetch("1:*", "(UID FLAGS)")
    finally:
        client.logout()
    return [line for line in lines if isinstance(line, bytes)]


@pytest.mark.parametrize("mode", ["plain", "starttls"])
def test_mails_that_wait_are_listed_and_stay_unread(post: Post, tmp_path: Path, mode: str) -> None:
    daemon = Daemon(tmp_path)
    daemon.write_settings(merged(yaml_free(daemon), post.settings(mode)))
    with smtplib.SMTP("localhost", post.postfix.smtp) as smtp:
        for sender in ("bob@partner.test", "nora@nodmarc.test"):
            results = "Authentication-Results: mx.test; dmarc=pass"
            text = f"{results}\r\nFrom: {sender}\r\nSubject: x\r\n\r\nApprove\r\n"
            smtp.sendmail(sender, [post.own.address], text)
    until(lambda: post.waiting() == 2, "the mails in the mailbox")
    before = flags(post.dovecot, post.own)
    command = [sys.executable, "-m", "flexmaild", "doctor", "--json", "--config", str(daemon.config)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    found: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b""), found
    # Postfix delivers two mails in any order.
    assert {mail["domain"] for mail in found["mails"]} == {"nodmarc.test", "partner.test"}
    assert {field["id"] for mail in found["mails"] for field in mail["fields"]} == {"mx.test"}
    # It came in through localhost: what stands there a program can have brought.
    assert all(proposal["note"] for proposal in found["proposals"])
    after = flags(post.dovecot, post.own)
    assert [line.replace(b" \\Recent", b"") for line in after] == [
        line.replace(b" \\Recent", b"") for line in before
    ]
    assert not any(b"\\Seen" in line or b"\\Deleted" in line for line in after)
    assert not (tmp_path / "state").exists()
