"""The README's words on real servers: its settings for Postfix and Dovecot, its commands, its curl."""

import email
import email.policy
import json
import re
import shlex
import smtplib
import subprocess
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from tests.acceptance.service import BIN, Service, flexmaild, reply, until
from tests.support.dovecot import Dovecot, User
from tests.support.pki import Pki
from tests.support.postfix import Postfix
from tests.support.process import require

README = Path(__file__).resolve().parents[2] / "README.md"


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    return [text for spoken, text in found if spoken == language]


@pytest.mark.parametrize("number", range(3))
def test_every_settings_example_is_valid_once_its_secret_is_there(tmp_path: Path, number: int) -> None:
    secret, file = tmp_path / "mail.secret", tmp_path / "flexmaild.yaml"
    secret.write_text("secret")
    file.write_text(blocks("yaml")[number].replace("/etc/flexmaild/mail.secret", str(secret)))
    for path in (secret, file):
        path.chmod(0o600)
    checked = flexmaild("check", "--config", file)
    assert checked.returncode == 0, checked.stderr


def mails_of(dovecot: Dovecot, user: User) -> list[EmailMessage]:
    client = dovecot.client(user)
    try:
        _, found = client.search(None, "ALL")
        numbers = found[0].decode().split()
        raw = [cast(Any, client.fetch(n, "(BODY.PEEK[])")[1][0])[1] for n in numbers]
    finally:
        client.logout()
    return [cast(EmailMessage, email.message_from_bytes(r, policy=email.policy.default)) for r in raw]


@pytest.fixture
def posted(
    service: Service, tmp_path: Path, dovecot: Dovecot, postfix: Postfix, pki: Pki
) -> tuple[Service, User]:
    """A service with the README's first settings, but for names, ports and the CA; and its own mail user."""
    own = dovecot.user()
    secret = tmp_path / "mail.secret"
    secret.write_text(own.password)
    secret.chmod(0o600)
    text = (
        blocks("yaml")[0]
        .replace("mail.example.org", "localhost")
        .replace("approvals@example.org", own.address)
    )
    settings = yaml.safe_load(text.replace("/etc/flexmaild/mail.secret", str(secret)))
    settings["outgoing"] |= {"port": postfix.submission, "username": own.name, "ca_file": pki.ca_file}
    settings["incoming"] |= {"port": dovecot.imaps, "ca_file": pki.ca_file}
    settings["incoming"]["sender_authentication"] = {"require": "reference"}  # no border in this mail system
    cleared: dict[str, Any] = {
        "outgoing": {"transport": "smtp", "path": None},
        "incoming": {"transport": "imap", "path": None},
    }
    service.start(**{name: cleared[name] | settings[name] for name in cleared})
    return service, own


def test_the_five_minute_settings_do_the_main_job(
    posted: tuple[Service, User], dovecot: Dovecot, postfix: Postfix
) -> None:
    service, own = posted
    approver = dovecot.user()
    assert service.ctl("doctor").returncode == 0
    tested = json.loads(service.ctl("--json", "test-email", "--to", approver.address).stdout)
    assert tested["answer"].startswith("250")
    assert tested["tls"].startswith("TLSv1.")
    assert service.ctl("test-incoming").returncode == 0
    asked = service.ctl("--json", "approval", "request", "--title", "Deploy billing 4.2",
                        "--text", "All tests passed.",
                        "--approver", approver.address, "--idempotency-key", "build-1")  # fmt: skip
    identifier = json.loads(asked.stdout)["id"]

    def arrived() -> EmailMessage | None:
        return next((m for m in mails_of(dovecot, approver) if "Deploy billing" in str(m["Subject"])), None)

    mail = until(arrived, "the request in the approver's mailbox")
    mail["Delivered-To"] = approver.address
    with smtplib.SMTP("localhost", postfix.smtp) as smtp:
        smtp.sendmail(approver.address, [own.address], reply(mail, "Approve looks good to me"))
    until(lambda: dovecot.subjects(own), "the reply in the mailbox")
    assert service.ctl("process").returncode == 0
    assert service.ctl("approval", "wait", identifier, "--timeout", "30").returncode == 0
    assert dovecot.subjects(own) == []


def test_a_notification_reaches_to_cc_and_bcc_by_a_real_server(
    posted: tuple[Service, User], dovecot: Dovecot
) -> None:
    service, _ = posted
    to, second, cc, bcc = (dovecot.user() for _ in range(4))
    body = {
        "to": [to.address, second.address],
        "cc": [cc.address],
        "bcc": [bcc.address],
        "subject": "All",
        "text": "x",
    }
    assert service.post("/v1/notifications", body).status == 202
    for person in (to, second, cc, bcc):
        (mail,) = until(lambda person=person: mails_of(dovecot, person), f"the mail to {person.name}")  # type: ignore[misc]
        assert mail["To"] == f"{to.address}, {second.address}"
        assert mail["Cc"] == cc.address
        assert bcc.address not in mail.as_string().partition("\n\n")[0].partition("From:")[2]


def test_curl_on_the_socket_asks_as_the_readme_shows(shared: Service) -> None:
    (example,) = [block for block in blocks("") if block.startswith("curl")]
    words = shlex.split(
        example.replace("\\\n", " ").replace("/run/flexmaild/control.sock", str(shared.socket))
    )
    done = subprocess.run(
        [require("curl", "curl"), *words[1:], "--silent"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["state"] == "pending"


def test_the_shell_example_of_the_readme_deploys_when_approved(shared: Service, tmp_path: Path) -> None:
    (example,) = [block for block in blocks("") if block.startswith("id=$(")]
    deploy = tmp_path / "deploy.sh"
    deploy.write_text("#!/bin/sh\necho deployed\n")
    deploy.chmod(0o755)
    script = example.replace("jq -r .id", "python3 -c 'import json,sys; print(json.load(sys.stdin)[\"id\"])'")
    script = script.replace("--quorum all", "--quorum any").replace("alice@example.org", "alice@corp.example")
    env = {"PATH": f"{BIN}:/usr/bin:/bin", "FLEXMAILD_SOCKET": str(shared.socket), "BUILD_TAG": "b-1"}
    with subprocess.Popen(
        ["sh", "-ec", script], cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True
    ) as shell:
        shared.answer(shared.mail("alice@corp.example", "Deploy billing 4.2"), "Approve")
        said, _ = shell.communicate(timeout=60)
    assert said.strip().endswith("deployed")
    assert shell.returncode == 0
