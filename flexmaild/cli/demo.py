"""One approval from end to end with embedded parts: `flexmaild demo`.

Starts the real daemon as a process of its own on a temporary directory (Maildir both ways, SQLite, a
socket), requests an approval, plays the approver's mail program, and shows the results. Every step is
checked; the exit status is 0 only if all of them succeeded.
"""

import email
import email.policy
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from typing import Any, TypeVar, cast

from flexmaild.cli.escapes import escaped
from flexmaild.client import Client, Refused, Unreachable
from flexmaild.core import exit_codes
from flexmaild.system.deadline import Deadline

_APPROVER = "alice@example.test"
REPLIES = "approvals@example.test"
_TIMEOUT = 20.0

_SETTINGS = """\
outgoing: {{transport: maildir, path: {root}/alice, from_address: {replies}}}
incoming: {{enabled: true, transport: maildir, path: {root}/replies, process_interval: 60s}}
sinks: {{folder: {{kind: dropfile, path: {root}/decisions}}}}
control: {{socket: {root}/control.sock}}
metrics: {{listen: ""}}
state_directory: {root}/state
log: {{level: warning}}
"""

_T = TypeVar("_T")


class _DemoFailed(Exception):
    """A step of the demo failed."""


def run(interactive: bool) -> int:
    """Runs the demo; returns the exit status."""
    with tempfile.TemporaryDirectory(prefix="flexmaild-demo-") as name:
        root = Path(name)
        try:
            if interactive:
                _prepare_input()
            _run_demo(root, interactive)
        except (_DemoFailed, Refused, Unreachable) as fault:
            print(f"\nThe demo failed: {escaped(str(fault))}", file=sys.stderr)
            return exit_codes.FAILED
    return exit_codes.DONE


def _run_demo(root: Path, interactive: bool) -> None:
    for folder in ("alice", "replies", "decisions", "state"):
        (root / folder).mkdir()
    settings = root / "flexmaild.yaml"
    settings.write_text(_SETTINGS.format(root=root, replies=REPLIES))
    settings.chmod(0o600)
    _print_step("1. The daemon starts with embedded parts: Maildir both ways, SQLite, a Unix socket.")
    command = [sys.executable, "-m", "flexmaild", "--config", str(settings)]
    daemon = subprocess.Popen(command, env={**os.environ, "NOTIFY_SOCKET": ""})
    try:
        _run_approval(root, Client(root / "control.sock"), daemon, interactive)
        daemon.send_signal(signal.SIGTERM)
        _require(daemon.wait(_TIMEOUT) == 0, "the daemon did not stop cleanly")
    finally:
        if daemon.poll() is None:
            daemon.kill()
            daemon.wait()


def _run_approval(root: Path, client: Client, daemon: subprocess.Popen[bytes], interactive: bool) -> None:
    _wait_until(lambda: _is_ready(client, daemon), "the daemon did not start")
    _print_step("2. A pipeline requests approval.")
    request = _request(client)
    print(f"   request {request['id']}: {request['title']!r}, asked: {_APPROVER}")
    mail = _wait_until(lambda: _newest(root / "alice"), "the approver's mail did not arrive")
    _print_step("3. The approver gets this mail (text part):")
    _quote(_text(mail))
    received = [mail]
    while (decided := _answer(root, client, request["id"], received[-1], interactive))["state"] == "pending":
        received += _explanations(root, client, request["id"], received)
    _print_step(f"5. The decision: {decided['state'].upper()} by {', '.join(decided['decided_by'])}")
    _check(root, decided, received)


def _answer(
    root: Path, client: Client, identifier: str, mail: EmailMessage, interactive: bool
) -> dict[str, Any]:
    """Answers as a person would, has the answer read, and returns the request."""
    answer = _read_answer() if interactive else "Approve looks good to me\n"
    _print_step("4. The approver answers from a mail program:")
    _quote(answer.rstrip("\n"))
    _deliver(root / "replies", _reply_to(mail, answer))
    processed = client.call("process").body
    print(f"   flexmaild reads the folder: {processed['detail']}; {processed.get('outcomes')}")
    shown = client.call("approval.wait", path={"id": identifier}, query={"timeout": 1}).body
    return cast(dict[str, Any], shown)


def _check(root: Path, decided: dict[str, Any], received: list[EmailMessage]) -> None:
    verdict = decided["verdicts"][0]
    print(f"   comment {verdict['comment']!r}, proven by {verdict['proof']}, mail {verdict['sha256'][:16]}…")
    file = _wait_until(
        lambda: next((root / "decisions").glob("*.json"), None), "no decision file was written"
    )
    event = json.loads(file.read_text())
    _require(event["data"]["state"] == decided["state"], "the decision file holds another state")
    print(f"   delivered to the pipeline as {file.name} ({event['type']})")
    confirmation = _wait_until(lambda: _newest(root / "alice", received), "no confirmation came")
    _print_step("6. The approver gets a confirmation:")
    print(f"   Subject: {confirmation['Subject']}")
    _quote(_text(confirmation).split("\n\n")[0])
    left = [f for d in ("new", "cur") for f in (root / "replies" / d).iterdir()]
    _require(not left, "the reply folder is not empty")
    _print_step("7. The reply folder is empty, the decision is on disk. That is all.")


def _explanations(
    root: Path, client: Client, identifier: str, received: list[EmailMessage]
) -> list[EmailMessage]:
    """The mail that explains how to answer; none where this text, or three others, were explained already."""
    print("\n   That answer is not clear: nothing was decided, and the request is still open.")
    mails = client.call("approval.show", path={"id": identifier}).body["mails"]
    if len(mails) <= len(received):
        return []
    print("   The approver gets a mail that explains how to answer:")
    explanation = _wait_until(lambda: _newest(root / "alice", received), "no explanation came")
    _quote(_text(explanation))
    return [explanation]


def _request(client: Client) -> dict[str, Any]:
    body = {
        "title": "Deploy billing 4.2 to production",
        "text": "Release 4.2 passed all tests on staging.\nDowntime: none.",
        "approvers": [{"address": _APPROVER, "name": "Alice Example"}],
        "requester": "jenkins",
        "expires_in": "24h",
        "metadata": {"application": "billing", "environment": "production", "build": "1742"},
    }
    return cast(dict[str, Any], client.call("approval.request", body=body).body)


def _reply_to(mail: EmailMessage, answer: str) -> bytes:
    """What a mail program makes of "Reply": the answer above the quoted mail."""
    reply = EmailMessage()
    reply["From"] = f"Alice Example <{_APPROVER}>"
    reply["To"] = str(mail["Reply-To"])
    reply["Subject"] = f"Re: {mail['Subject']}"
    reply["Message-ID"] = make_msgid(domain="example.test")
    reply["In-Reply-To"] = str(mail["Message-ID"])
    quoted = "".join(f"> {line}\n" for line in _text(mail).splitlines())
    reply.set_content(f"{answer}\n\nOn Sat, 21 Nov 2026 at 10:15, {REPLIES} wrote:\n{quoted}")
    return reply.as_bytes(policy=email.policy.SMTP.clone(max_line_length=998))


def _deliver(maildir: Path, data: bytes) -> None:
    for folder in ("tmp", "new", "cur"):
        (maildir / folder).mkdir(exist_ok=True)
    name = f"{time.time_ns()}.demo"
    (maildir / "tmp" / name).write_bytes(data)
    (maildir / "tmp" / name).rename(maildir / "new" / name)


def _newest(maildir: Path, received: Collection[EmailMessage] = ()) -> EmailMessage | None:
    """The newest mail that was not received before."""
    known = {str(mail["Message-ID"]) for mail in received}
    for file in sorted((maildir / "new").glob("*"), reverse=True):
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        if str(mail["Message-ID"]) not in known:
            return mail
    return None


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    _require(part is not None, "the mail has no text part")
    return str(part.get_content()).strip() if part else ""


def _prepare_input() -> None:
    _require(sys.stdin is not None, "standard input: it is closed")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")


def _read_answer() -> str:
    print("   Type your answer as in a mail program; an empty line ends it.")
    lines: list[str] = []
    try:
        while line := _read_line():
            lines.append(line)
        return "\n".join(lines) + "\n"
    except EOFError:
        pass
    except OSError as fault:
        raise _DemoFailed(f"standard input: {fault.strerror}") from fault
    _require(bool(lines), "nothing was typed")
    return "\n".join(lines) + "\n"


def _read_line() -> str:
    print("   > ", end="", flush=True)  # not by `input`, which loses a Ctrl-C meanwhile
    return input()


def _is_ready(client: Client, daemon: subprocess.Popen[bytes]) -> bool:
    _require(daemon.poll() is None, f"the daemon ended with status {daemon.returncode}")
    try:
        return bool(client.call("status").body)
    except Unreachable:
        return False


def _wait_until(look: Callable[[], _T | None], fault: str) -> _T:
    deadline = Deadline.after(_TIMEOUT)
    while not deadline.is_over:
        if found := look():
            return found
        time.sleep(0.05)
    raise _DemoFailed(fault)


def _require(holds: bool, fault: str) -> None:
    if not holds:
        raise _DemoFailed(fault)


def _print_step(text: str) -> None:
    print(f"\n{text}")


def _quote(text: str) -> None:
    for line in text.splitlines():
        print(f"   | {line}")
