"""flexmailctl: every command of the contract, --json in every position, and every exit code."""

import json
from pathlib import Path

import pytest

from tests.acceptance.service import BIN, Service, reply, until
from tests.support.programs import run

ALICE = "alice@corp.example"
EVERY = [
    ["test-email", "--to", ALICE],
    ["test-incoming"],
    ["doctor"],
    ["status"],
    ["reload"],
    ["process"],
    ["notify", "--to", ALICE, "--subject", "s", "--text", "t"],
    ["approval", "request", "--title", "t", "--text", "x", "--approver", ALICE],
    ["approval", "list"],
    ["approval", "show", "ID"],
    ["approval", "remind", "ID"],
    ["approval", "cancel", "ID"],
    ["approval", "wait", "ID"],
    ["outbox", "list"],
    ["outbox", "show", "MAIL"],
    ["outbox", "retry", "--all"],
    ["delivery", "list"],
    ["delivery", "retry", "--all"],
    ["quarantine", "list"],
    ["oauth", "status"],
    ["log-level", "debug"],
]


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_every_command_speaks_json_wherever_the_option_stands(shared: Service, command: list[str]) -> None:
    asked = shared.request(ALICE)["id"]
    mail = until(lambda: shared.get("/v1/outbox").body["items"], "a mail in the outbox")[0]["id"]
    words = [{"ID": asked, "MAIL": mail}.get(word, word) for word in command]
    ended = 4 if command[:2] == ["approval", "wait"] else 0
    if ended:
        shared.post(f"/v1/approvals/{asked}/cancel")
    plain = shared.ctl(*words)
    assert plain.returncode == ended, plain.stderr
    assert not plain.stdout.startswith("{")
    if command[:2] == ["approval", "cancel"]:
        return  # nothing left to be cancelled
    for place in range(len(words) + 1):
        if place and words[place - 1].startswith("--") and words[place - 1] != "--all":
            continue  # there it would be that option's value
        spoken = shared.ctl(*words[:place], "--json", *words[place:])
        assert spoken.returncode == ended, spoken.stderr
        json.loads(spoken.stdout)


@pytest.mark.parametrize(("said", "code"), [("Approve", 0), ("Reject", 3)])
def test_wait_ends_with_0_or_3_when_decided(shared: Service, said: str, code: int) -> None:
    asked = shared.ctl(
        "--json", "approval", "request", "--title", f"Wait {said}", "--text", "x", "--approver", ALICE
    )
    identifier = json.loads(asked.stdout)["id"]
    shared.answer(shared.mail(ALICE, f"Wait {said}"), said)
    assert shared.ctl("approval", "wait", identifier).returncode == code


def test_wait_ends_with_4_when_cancelled_or_expired_and_5_when_the_time_is_over(shared: Service) -> None:
    cancelled, expired, open_ = (shared.request(ALICE, expires_in=t)["id"] for t in ("1h", "1s", "1h"))
    shared.ctl("approval", "cancel", cancelled, "--reason", "built again")
    assert shared.ctl("approval", "wait", cancelled).returncode == 4
    assert shared.ctl("approval", "wait", expired, "--timeout", "30").returncode == 4
    assert shared.ctl("approval", "wait", open_, "--timeout", "0.2").returncode == 5
    assert shared.ctl("approval", "wait", open_, "--timeout", "1s").returncode == 5


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["approval", "show", "ap-none"], 1),
        (["approval", "wait", "ap-none"], 1),
        (["outbox", "show", "m-none"], 1),
        (["delivery", "drop", "d-none"], 1),
        (["quarantine", "release", "77"], 1),
        (["oauth", "authorize", "none"], 1),
        (["oauth", "forget", "none"], 1),
        (["nonsense"], 2),
        (["approval"], 2),
        (["approval", "show"], 2),
        (["approval", "request"], 2),
        (["approval", "request", "--title", "t", "--approver", "nobody"], 2),
        (["approval", "request", "--title", "t", "--approver", ALICE, "--quorum", "most"], 2),
        (["test-email"], 2),
        (["test-email", "--to", "nobody"], 2),
        (["log-level", "loud"], 2),
        (["outbox", "retry"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_what_fails_is_1_and_wrong_usage_is_2(shared: Service, words: list[str], code: int) -> None:
    done = shared.ctl(*words)
    assert done.returncode == code, done.stderr
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_no_daemon_is_69_and_says_what_to_do(tmp_path: Path) -> None:
    for arguments in (
        ["--socket", str(tmp_path / "none"), "status"],
        ["status", "--socket", str(tmp_path / "none")],
    ):
        done = run("flexmailctl", *arguments)
        assert done.returncode == 69
        assert "systemctl start flexmaild" in done.stderr


def test_the_socket_may_come_from_the_environment(shared: Service) -> None:
    assert run("flexmailctl", "status", env={"FLEXMAILD_SOCKET": str(shared.socket)}).returncode == 0


def test_a_reload_of_faulty_settings_is_78_and_changes_nothing(service: Service) -> None:
    service.start()
    good = service.config.read_text()
    service.config.write_text(good.replace("process_interval: 60", "process_interval: often"))
    refused = service.ctl("reload")
    assert refused.returncode == 78
    assert f"{service.config}:" in refused.stderr
    assert "process_interval" in refused.stderr
    assert service.ctl("status", "--check").returncode == 1
    assert "flexmaild_config_last_reload_successful 0.0" in service.metrics()
    assert "flexmaild_poll_interval_seconds 3600.0" in service.metrics()
    service.config.write_text(good.replace("process_interval: 60", "process_interval: 120"))
    assert service.ctl("reload").returncode == 0
    assert "flexmaild_poll_interval_seconds 7200.0" in service.metrics()
    assert "flexmaild_config_last_reload_successful 1.0" in service.metrics()


def test_a_mail_server_that_is_away_is_1_with_the_failing_step(service: Service) -> None:
    service.start(
        outgoing={"transport": "smtp", "path": None, "host": "127.0.0.1", "port": service.metrics_port + 1,
                  "properties": "PROTOCOL=smtp\nmail.smtp.host=${{SMTP_HOST_NAME}}\nmail.smtp.port=1\n"},
    )  # fmt: skip
    done = service.ctl("test-email", "--to", ALICE)
    assert done.returncode == 1
    assert "127.0.0.1" in done.stderr
    failed = service.post("/v1/test-email", {"to": ALICE})
    assert failed.status == 502
    assert failed.body["step"] == "connect"
    assert service.ctl("doctor").returncode == 1


def test_quarantine_is_listed_shown_released_and_dropped(service: Service) -> None:
    service.start()
    service.request(ALICE)
    forged = reply(service.mail(ALICE), "Approve", From="eve@corp.example")
    service.deliver(forged)
    service.process_now()
    (held,) = json.loads(service.ctl("--json", "quarantine", "list").stdout)["items"]
    assert held["sender"] == "eve@corp.example"
    assert "eve@corp.example" in service.ctl("quarantine", "show", held["id"]).stdout
    assert "From: eve@corp.example" in service.ctl("quarantine", "show", held["id"], "--raw").stdout
    assert service.ctl("quarantine", "release", held["id"]).returncode == 0
    (again,) = json.loads(service.ctl("--json", "quarantine", "list").stdout)["items"]
    assert again["id"] != held["id"]
    assert service.ctl("quarantine", "drop", again["id"]).returncode == 0
    assert json.loads(service.ctl("--json", "quarantine", "list").stdout)["items"] == []


def test_a_mail_can_be_held_retried_and_dropped(service: Service) -> None:
    dead = "PROTOCOL=smtp\nmail.smtp.host=127.0.0.1\nmail.smtp.port=1\n"
    service.start(outgoing={"transport": "smtp", "path": None, "properties": dead})
    for subject in ("one", "two"):
        service.ctl("notify", "--to", ALICE, "--subject", subject, "--text", "x")
    until(lambda: service.get("/v1/outbox?state=deferred").body["items"], "a mail that waits for another try")
    first, second = (one["id"] for one in service.get("/v1/outbox").body["items"])
    assert service.ctl("outbox", "hold", first).returncode == 0
    assert service.ctl("outbox", "drop", second).returncode == 0
    states = {one["id"]: one["state"] for one in service.get("/v1/outbox").body["items"]}
    assert states == {first: "held", second: "dropped"}
    service.write()
    assert service.ctl("reload").returncode == 0
    assert service.ctl("outbox", "retry", first).returncode == 0
    assert service.mail(ALICE)["Subject"] == "two"


def test_help_needs_no_daemon() -> None:
    for words in ([], ["approval"], ["outbox"], ["delivery"], ["quarantine"], ["oauth"]):
        assert run("flexmailctl", *words, "--help").returncode == 0
    assert run("flexmailctl", "--version").stdout.startswith("flexmailctl")
    assert (BIN / "flexmaild").exists()
