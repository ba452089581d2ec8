"""`flexmailctl oauth` as a person at a terminal meets it; and that nothing secret is ever seen or kept."""

import os
import pty
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.daemon import REPLIES, until
from tests.support.fake_microsoft import FakeMicrosoft
from tests.support.graph_daemon import ALICE, GraphDaemon, GraphProcess

pytestmark = pytest.mark.servers
COMMAND = [sys.executable, "-c", "from flexmaild.cli.flexmailctl import main; main()"]
METRICS = "127.0.0.1:0"


@pytest.fixture
def fake() -> Iterator[FakeMicrosoft]:
    with FakeMicrosoft() as microsoft:
        microsoft.add_app("app")
        microsoft.add_user(REPLIES)
        microsoft.add_user(ALICE)
        microsoft.entra.interval = 0
        yield microsoft


@pytest.fixture
def daemon(fake: FakeMicrosoft, tmp_path: Path) -> Iterator[GraphDaemon]:
    made = GraphDaemon(tmp_path, fake, {"flow": "device_code"})
    made.write_settings({"metrics": {"listen": METRICS}})
    try:
        yield made.start()
    finally:
        made.close()


def ctl(daemon: GraphProcess, *words: str) -> subprocess.Popen[str]:
    command = [*COMMAND, "--socket", str(daemon.root / "control.sock"), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def new_code(daemon: GraphProcess, before: int) -> str:
    codes = daemon.fake.entra._user_codes
    until(lambda: len(codes) > before, "a code to enter")
    return list(codes)[-1]


def test_the_right_person_ends_it_well_and_the_status_tells_all(daemon: GraphDaemon) -> None:
    waiting = ctl(daemon, "oauth", "authorize", "m365")
    daemon.fake.entra.enter_code(new_code(daemon, 0), REPLIES)
    code, out, err = said(waiting)
    assert code == 0 and "done" in out and REPLIES in out and "/device" in err
    _, shown, _ = said(ctl(daemon, "oauth", "status"))
    for word in (REPLIES, "Mail.Send", "expires at", "last refresh", "next alarm", "m365", "device_code"):
        assert word in shown


@pytest.mark.parametrize(
    ("how", "words"),
    [("wrong", "another user"), ("decline", "declined"), ("expire", "in time"), ("scope", "Mail.ReadWrite")],
)
def test_every_other_end_is_reported_with_its_cure(daemon: GraphDaemon, how: str, words: str) -> None:
    waiting = ctl(daemon, "oauth", "authorize", "m365")
    entra, shown = daemon.fake.entra, new_code(daemon, 0)
    if how == "decline":
        entra.decline(shown)
    elif how == "expire":
        entra.expire(shown)
    else:
        entra.apps["app"].consented = {"Mail.Send"} if how == "scope" else None
        entra.enter_code(shown, ALICE if how == "wrong" else REPLIES)
    code, out, err = said(waiting)
    assert code == 1 and words in err and "cure" in out and "NAME" not in out
    assert daemon.call("oauth.status")["applications"][0]["state"] == "not_authorized"


@pytest.mark.parametrize("end", [GraphProcess.kill, GraphProcess.stop])
def test_a_restart_of_the_daemon_meanwhile_is_reported(
    fake: FakeMicrosoft, tmp_path: Path, end: Callable[[GraphProcess], object]
) -> None:
    """However it ended: one that is killed says nothing to who waits."""
    daemon = GraphProcess(tmp_path, fake, {"flow": "device_code"})
    try:
        daemon.start()
        waiting = ctl(daemon, "oauth", "authorize", "m365")
        new_code(daemon, 0)
        end(daemon)
        daemon.start()
        code, _, err = said(waiting)
        assert code in (1, 69) and err.strip()
    finally:
        daemon.close()


def test_an_interrupted_wait_ends_nothing(daemon: GraphDaemon) -> None:
    waiting = ctl(daemon, "oauth", "authorize", "m365")
    shown = new_code(daemon, 0)
    assert waiting.stderr
    until(lambda: waiting.stderr and "Code" in waiting.stderr.readline(), "the code on the screen")
    waiting.send_signal(signal.SIGINT)
    assert said(waiting)[0] == 130
    daemon.fake.entra.enter_code(shown, REPLIES)
    until(lambda: daemon.call("oauth.status")["applications"][0]["state"] == "ok", "the authorisation")


def test_a_terminal_shows_a_code_to_scan(daemon: GraphDaemon) -> None:
    child, screen = pty.fork()
    if child == 0:
        os.execv(
            sys.executable,
            [*COMMAND, "--socket", str(daemon.root / "control.sock"), "oauth", "authorize", "m365"],
        )
    daemon.fake.entra.enter_code(new_code(daemon, 0), REPLIES)
    seen = b""
    while True:
        try:
            seen += os.read(screen, 65536)
        except OSError:
            break
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert "█▀".encode() in seen and b"done" in seen


def test_nothing_secret_is_in_anything_the_daemon_shows_or_keeps(daemon: GraphDaemon) -> None:
    """Log at debug, every command, the metrics and every file of the state, after good days and bad ones."""
    fake, shown = daemon.fake, []
    for user in (ALICE, REPLIES):
        waiting = ctl(daemon, "oauth", "authorize", "m365")
        fake.entra.enter_code(new_code(daemon, len(fake.entra._user_codes)), user)
        shown += said(waiting)[1:]
    daemon.request(ALICE)
    daemon.mail(ALICE)
    for pattern, number in (("POST .*token", 50173), ("POST .*token", 90033)):
        echo = f"AADSTS{number}: {fake.entra.issued[-1]} {next(iter(fake.entra.refresh_tokens))}"
        said_back = {"error": "invalid_grant", "error_codes": [number], "error_description": echo}
        fake.login.fail(pattern, 400, said_back, times=3)
        daemon.advance(4000)
        for words in (
            ["process"],
            ["doctor"],
            ["status", "--json"],
            ["oauth", "status", "--json"],
            ["outbox", "list"],
        ):
            shown += said(ctl(daemon, *words))[1:]
    fake.login.faults.clear()
    fake.api.fail(".*", 403, {"error": {"code": "x", "message": f"Bearer {fake.entra.issued[-1]}"}}, times=5)
    for words in (["doctor"], ["process"], ["test-email", "--to", ALICE], ["test-incoming"]):
        shown += said(ctl(daemon, *words))[1:]
    address = re.search(r'"listen": ?"(127\.0\.0\.1:\d+)"', daemon.log.read_text())
    assert address
    with urllib.request.urlopen(f"http://{address[1]}/metrics", timeout=10) as answer:
        shown.append(answer.read().decode())
    assert 'flexmaild_token_expiry_timestamp_seconds{application="m365"}' in shown[-1]
    daemon.stop()
    kept = [path.read_bytes() for path in daemon.root.rglob("*") if path.is_file()]
    everything = "\n".join(shown).encode() + b"".join(kept)
    secrets = [*fake.entra.issued, *fake.entra._device, *fake.entra.refresh_tokens]
    assert len(secrets) > 5
    assert [one for one in secrets if one.encode() in everything] == []
    assert b"Bearer ey" not in everything and b"Authorization: " not in everything
