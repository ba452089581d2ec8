"""flexmailctl: what it asks for, what it shows, and the exit codes that pipelines branch on."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from flexmaild.api.problems import Fault, Problem
from flexmaild.api.routes import ROUTES
from flexmaild.cli import oauth, waiting
from flexmaild.cli.flexmailctl import cli
from flexmaild.core import exit_codes
from tests.support.programs import run
from tests.unit.cli.cli_support import NOW, ScriptedApi, Terminal, approval, serve

PROGRAM = [sys.executable, "-c", "from flexmaild.cli.flexmailctl import main; main()"]


def commands_of(group: Any, prefix: str = "") -> set[str]:
    found = set()
    for name, command in group.commands.items():
        nested = hasattr(command, "commands")
        found |= commands_of(command, f"{prefix}{name} ") if nested else {f"{prefix}{name}"}
    return found


def test_every_command_of_the_route_table_can_be_called_and_no_other_is_offered() -> None:
    named = {route.cli.split(" --")[0] for route in ROUTES if route.cli}
    assert commands_of(cli) == named


@pytest.mark.parametrize(
    ("state", "code"), [("approved", 0), ("rejected", 3), ("expired", 4), ("cancelled", 4), ("pending", 5)]
)
def test_a_wait_ends_with_the_code_of_the_state(terminal: Terminal, state: str, code: int) -> None:
    terminal.api.script = {"approval.wait": approval(state)}
    done = terminal.run("approval", "wait", "ap-1", "--timeout", "0")
    assert done.exit_code == code
    assert state in done.stdout


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Problem(404, detail="no such approval"), 1),
        (Problem(409, detail="decided already"), 1),
        (Problem(422, detail="bad"), 2),
        (Problem(403, detail="may not"), 77),
        (Problem(500), 1),
        (Problem(502, detail="login refused"), 1),
        (Problem(503, detail="stopping"), 69),
        (Problem(504, detail="slow"), 1),
    ],
)
def test_a_refusal_ends_with_its_code_and_says_why(terminal: Terminal, problem: Problem, code: int) -> None:
    terminal.api.script = {"approval.show": problem}
    done = terminal.run("approval", "show", "ap-1")
    assert done.exit_code == code
    assert (problem.detail or problem.title) in done.stderr
    assert done.stdout == ""


def test_a_daemon_that_is_not_there_is_69_with_a_cure(tmp_path: Path) -> None:
    api = ScriptedApi()
    done = Terminal(api, tmp_path / "none", lambda: serve(tmp_path, api)).run("status")
    assert done.exit_code == 69
    assert "systemctl start" in done.stderr


def test_a_socket_one_may_not_open_is_77(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> None:
    def refuse(self: socket.socket, address: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    done = terminal.run("status")
    assert done.exit_code == 77
    assert "group" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("statsu",),
        ("approval", "list", "--state", "maybe"),
        ("approval", "wait", "ap-1", "--timeout", "soon"),
        ("approval", "request", "--metadata", "novalue"),
        ("approval", "request", "--file", "/no/such/file"),
        ("test-email",),
        ("log-level", "loud"),
        ("outbox", "retry"),
        ("outbox", "retry", "--all", "job-1"),
        ("quarantine", "drop"),
    ],
)
def test_wrong_usage_is_2_and_asks_nothing_of_the_daemon(
    terminal: Terminal, arguments: tuple[str, ...]
) -> None:
    done = terminal.run(*arguments)
    assert done.exit_code == 2
    assert done.stderr
    assert terminal.api.calls == []


def test_settings_with_faults_are_78_and_each_fault_is_shown(terminal: Terminal) -> None:
    faults = (Fault("outgoing.port", "f.yaml:3:9: is not a port", "use 1 to 65535"), Fault("x", "unknown"))
    terminal.api.script = {
        "reload": Problem(422, "The settings have faults", "d", faults, kind="bad-settings")
    }
    done = terminal.run("reload")
    assert done.exit_code == 78
    assert "outgoing.port: f.yaml:3:9: is not a port (use 1 to 65535)" in done.stderr
    assert "x: unknown" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("--json", "approval", "list"), ("approval", "--json", "list"), ("approval", "list", "--json")],
)
def test_json_is_taken_in_every_position(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    page = {"items": [approval()], "next": ""}
    terminal.api.script = {"approval.list": page}
    done = terminal.run(*arguments)
    assert (done.exit_code, json.loads(done.stdout)) == (0, page)


def test_with_json_a_refusal_is_a_document_too(terminal: Terminal) -> None:
    terminal.api.script = {"status": Problem(403, detail="may not", cure="ask")}
    done = terminal.run("status", "--json")
    assert done.exit_code == 77
    assert json.loads(done.stdout)["cure"] == "ask"


def test_the_socket_may_be_named_in_every_position(terminal: Terminal) -> None:
    terminal.api.script = {"status": {"healthy": True, "version": "1", "issues": []}}
    moved = Terminal(terminal.api, Path("/no/such/socket"), terminal.serve)
    assert moved.run("--socket", str(terminal.path), "status").exit_code == 0
    assert moved.run("status", "--socket", str(terminal.path)).exit_code == 0
    assert moved.run("status").exit_code == 69


def test_what_strangers_wrote_cannot_move_the_cursor(terminal: Terminal) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07 ok\u202e\r\nfake line"
    verdict = {"approver": "a", "by": evil, "answer": "approve", "comment": evil, "at": NOW, "proof": evil}
    answer = approval("approved", title=evil, verdicts=[verdict | {"sha256": ""}], decided_because=evil)
    terminal.api.script = {
        "approval.show": answer,
        "approval.list": {"items": [answer]},
        "status": {"healthy": False, "version": evil, "issues": [evil], "part": {evil: evil}},
        "test_incoming": Problem(502, detail=evil, cure=evil),
    }
    for arguments in (("approval", "show", "ap-1"), ("approval", "list"), ("status",), ("test-incoming",)):
        done = terminal.run(*arguments)
        assert done.exit_code in (0, 1)
        for character in done.output:
            assert character == "\n" or character.isprintable(), (arguments, hex(ord(character)))


def test_a_request_carries_every_option(terminal: Terminal, tmp_path: Path) -> None:
    terminal.api.script = {"approval.request": approval()}
    (tmp_path / "plan.txt").write_text("plan")
    done = terminal.run(
        *("approval", "request", "--title", "Release 4.2", "--text", "-", "--approver", "anna@example.org"),
        *("--approver", "ops:bob@example.org", "--approver", "ops:carl@example.org", "--quorum", "2"),
        *(
            "--expires-in",
            "24h",
            "--remind-after",
            "1h",
            "--remind-after",
            "2h",
            "--requester",
            "ci@example.org",
        ),
        *("--no-allow-requester", "--sink", "jenkins", "--metadata", "build=77=x", "--no-any-reject"),
        *("--attach", str(tmp_path / "plan.txt"), "--idempotency-key", "k1", "--require", "dmarc"),
        stdin="May it go?\n",
    )
    assert (done.exit_code, done.stdout) == (0, "ap-1\n")
    assert terminal.api.calls[0][1].idempotency_key == "k1"
    assert terminal.api.body() == {
        "title": "Release 4.2",
        "text": "May it go?\n",
        "approvers": [
            "anna@example.org",
            {"group": "ops", "members": ["bob@example.org", "carl@example.org"]},
        ],
        "quorum": 2,
        "any_reject": False,
        "expires_in": 86400.0,
        "remind_after": [3600.0, 7200.0],
        "requester": "ci@example.org",
        "allow_requester": False,
        "require": "dmarc",
        "sinks": ["jenkins"],
        "metadata": {"build": "77=x"},
        "attachments": [{"filename": "plan.txt", "content": "cGxhbg=="}],
    }


def test_options_add_to_a_body_file_or_take_its_place(terminal: Terminal) -> None:
    terminal.api.script = {"approval.request": approval()}
    given = {"title": "old", "approvers": ["a@example.org"], "metadata": {"k": 1}}
    done = terminal.run("approval", "request", "--file", "-", "--title", "new", stdin=json.dumps(given))
    assert done.exit_code == 0
    assert terminal.api.body() == given | {"title": "new"}


def test_each_run_has_an_idempotency_key_of_its_own(terminal: Terminal) -> None:
    terminal.api.script = {"approval.request": approval()}
    for _ in range(2):
        terminal.run("approval", "request", "--title", "t", "--approver", "a@example.org")
    keys = [call.idempotency_key for _, call in terminal.api.calls]
    assert all(keys)
    assert keys[0] != keys[1]


def test_faults_of_a_request_are_shown_with_their_place_and_are_wrong_usage(terminal: Terminal) -> None:
    done = terminal.run("approval", "request", "--title", "t", "--approver", "nobody", "--quorum", "most")
    assert done.exit_code == 2
    assert "approvers.0: 'nobody' is not an address" in done.stderr
    assert "quorum: must be one of" in done.stderr


def test_request_and_wait_in_one_ends_with_the_decision(terminal: Terminal) -> None:
    terminal.api.script = {"approval.request": approval(), "approval.wait": approval("rejected")}
    done = terminal.run(
        "approval", "request", "--title", "t", "--approver", "a@example.org", "--wait", "--json"
    )
    assert done.exit_code == 3
    assert json.loads(done.stdout)["state"] == "rejected"
    assert "ap-1 is waiting" in done.stderr


def test_a_wait_goes_on_over_a_restart_of_the_daemon(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon goes away in the middle of a wait, and comes back; the pipeline notices nothing."""
    away = terminal.path.with_name("away")
    answers = iter(["pending", "approved"])
    pauses: list[float] = []

    def act(call: Any) -> Any:
        state = next(answers)
        if state == "pending":
            terminal.path.rename(away)
        return approval(state)

    def come_back(seconds: float) -> None:
        pauses.append(seconds)
        away.rename(terminal.path)

    monkeypatch.setattr(waiting.time, "sleep", come_back)
    terminal.api.script = {"approval.wait": act}
    assert terminal.run("approval", "wait", "ap-1").exit_code == 0
    assert pauses == [waiting.PAUSE]


def test_a_wait_for_a_daemon_that_stays_away_ends(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PAUSE", 0.01)
    monkeypatch.setattr(waiting, "LONGEST_OUTAGE", 0.05)

    def act(call: Any) -> Any:
        terminal.path.unlink(missing_ok=True)
        return approval()

    terminal.api.script = {"approval.wait": act}
    assert terminal.run("approval", "wait", "ap-1").exit_code == 69


@pytest.mark.parametrize(
    ("arguments", "command", "path"),
    [
        (("approval", "cancel", "ap-1"), "approval.cancel", {"id": "ap-1"}),
        (("approval", "remind", "ap-1"), "approval.remind", {"id": "ap-1"}),
        (("outbox", "hold", "j"), "outbox.hold", {"id": "j"}),
        (("outbox", "release", "j"), "outbox.release", {"id": "j"}),
        (("outbox", "drop", "j"), "outbox.drop", {"id": "j"}),
        (("delivery", "show", "j"), "deliveries.show", {"id": "j"}),
        (("delivery", "retry", "j"), "deliveries.retry", {"id": "j"}),
        (("delivery", "retry", "--all"), "deliveries.retry_all", {}),
        (("quarantine", "show", "q"), "quarantine.show", {"id": "q"}),
        (("quarantine", "release", "q"), "quarantine.release", {"id": "q"}),
        (("oauth", "forget", "m365"), "oauth.forget", {"name": "m365"}),
    ],
)
def test_a_command_about_one_thing_names_it(
    terminal: Terminal, arguments: tuple[str, ...], command: str, path: dict[str, str]
) -> None:
    terminal.api.script = {command: approval() | {"retried": 1, "forgotten": True}}
    assert terminal.run(*arguments).exit_code == 0
    assert [(c, dict(call.path)) for c, call in terminal.api.calls] == [(command, path)]


def test_several_may_be_retried_at_once(terminal: Terminal) -> None:
    terminal.api.script = {"outbox.retry": {"id": "j", "state": "queued"}}
    assert terminal.run("outbox", "retry", "a", "b").exit_code == 0
    assert [call.path["id"] for _, call in terminal.api.calls] == ["a", "b"]


def test_a_resend_names_the_approver_and_a_cancel_its_reason(terminal: Terminal) -> None:
    terminal.api.script = {"approval.resend": approval(), "approval.cancel": approval("cancelled")}
    terminal.run("approval", "resend", "ap-1", "Anna@Example.org")
    assert terminal.api.body() == {"approver": "anna@example.org"}
    terminal.run("approval", "cancel", "ap-1", "--reason", "built again")
    assert terminal.api.body() == {"reason": "built again"}


def test_a_list_asks_for_the_page_and_says_how_to_go_on(terminal: Terminal) -> None:
    terminal.api.script = {"outbox.list": {"items": [{"id": "j", "state": "failed"}], "next": "j"}}
    done = terminal.run("outbox", "list", "--state", "failed", "--limit", "1", "--after", "i")
    assert dict(terminal.api.calls[0][1].query) == {"state": "failed", "limit": 1, "after": "i"}
    assert done.stdout.splitlines()[0].split()[:2] == ["ID", "STATE"]
    assert "--after j" in done.stderr


def test_the_raw_bytes_of_a_mail_come_out_as_they_are(terminal: Terminal) -> None:
    terminal.api.script = {"quarantine.raw": b"From: x\r\n\r\n\xff\x00"}
    assert terminal.run("quarantine", "show", "q", "--raw").stdout_bytes == b"From: x\r\n\r\n\xff\x00"
    terminal.api.script = {"approval.reply": b"\xff\x00\r\n"}
    assert terminal.run("approval", "reply", "ap-one", "00").stdout_bytes == b"\xff\x00\r\n"


def test_a_notification_carries_logs_and_files(terminal: Terminal, tmp_path: Path) -> None:
    terminal.api.script = {"notification.send": {"id": "job-1", "state": "queued"}}
    for name in ("good.log", "bad.log", "report.txt"):
        (tmp_path / name).write_text(name)
    done = terminal.run(
        *("notify", "--to", "a@example.org", "--to", "b@example.org", "--subject", "Done", "--text", "t"),
        *("--outcome", "failure", "--log", str(tmp_path / "good.log")),
        *("--failed-log", str(tmp_path / "bad.log"), "--attach", str(tmp_path / "report.txt")),
    )
    assert (done.exit_code, done.stdout) == (0, "job-1\n")
    body = terminal.api.body()
    assert body["to"] == ["a@example.org", "b@example.org"]
    assert [(log["filename"], log.get("failed")) for log in body["logs"]] == [
        ("good.log", None),
        ("bad.log", True),
    ]
    assert [file["filename"] for file in body["attachments"]] == ["report.txt"]


def test_an_unhealthy_daemon_is_shown_and_fails_only_where_that_is_asked(terminal: Terminal) -> None:
    terminal.api.script = {
        "status": {"healthy": False, "version": "1", "issues": ["no login"], "incoming": {"x": 1}}
    }
    shown = terminal.run("status")
    assert shown.exit_code == 0
    assert "NOT healthy" in shown.stdout
    assert "no login" in shown.stdout
    assert terminal.run("status", "--check").exit_code == 1


def test_a_border_that_believes_forgeries_fails_the_self_test(terminal: Terminal) -> None:
    steps = [{"name": "border", "result": "failed", "answer": "still there", "cure": "Remove it."}]
    terminal.api.script = {"self_test": {"healthy": False, "steps": steps}}
    done = terminal.run("self-test")
    assert done.exit_code == 1
    assert "FAILED   border" in done.stdout


def test_a_doctor_who_finds_something_fails_and_names_the_cure(terminal: Terminal) -> None:
    steps = [
        {"name": "dns", "result": "ok", "tried": "mx"},
        {"name": "login", "result": "failed", "answer": "535 no", "cure": "Check the password."},
    ]
    terminal.api.script = {"doctor": {"healthy": False, "steps": steps}}
    done = terminal.run("doctor")
    assert done.exit_code == 1
    assert "FAILED   login" in done.stdout
    assert "cure: Check the password." in done.stdout


FIELD = {
    "id": "x",
    "host": "x",
    "place": "above",
    "said": "",
    "trusted": False,
    "text": "id \x1b[2Jx, trusted: no",
}
PROPOSALS = [
    {"settings": "- {id: mx.test, results: above}", "mails": 3, "note": ""},
    {"settings": '- {id: "1.5", results: below}', "mails": 1, "note": "Only if\nso."},
]


def test_what_arrived_is_listed_and_the_proposal_can_be_pasted(terminal: Terminal) -> None:
    mails = [
        {"at": NOW, "domain": "a.test", "outcome": "decision", "fields": [FIELD]},
        {"at": NOW, "domain": "", "outcome": "", "has_received": False, "fields": []},
    ]
    body = {"healthy": True, "steps": [], "mails": mails, "proposals": PROPOSALS}
    terminal.api.script = {"doctor": body}
    shown = terminal.run("doctor").stdout
    assert "\x1b" not in shown
    assert "trusted: no" in shown
    assert "not read yet" in shown
    assert "no Authentication-Results field, and no Received" in shown
    start, end = shown.index("  incoming:"), shown.index("Healthy.")
    borders = yaml.safe_load(shown[start:end])["incoming"]["sender_authentication"]["borders"]
    assert borders == [{"id": "mx.test", "results": "above"}, {"id": "1.5", "results": "below"}]


def test_every_spelling_of_the_self_test_is_told(terminal: Terminal) -> None:
    fates = {"removed": "removed", "counted": "COUNTS", "set_aside": "set aside", "refused": "refused"}
    spellings = [{"name": f"as {fate}", "result": fate, "said": "so"} for fate in fates]
    body = {"healthy": True, "steps": [], "spellings": spellings, "fields": [FIELD]}
    terminal.api.script = {"self_test": body}
    lines = [line.split() for line in terminal.run("self-test").stdout.splitlines()]
    for fate, told in fates.items():
        assert [*told.split(), "as", f"{fate}:", "so"] in lines


def test_a_mail_set_aside_is_shown_with_its_fields(terminal: Terminal) -> None:
    item = {"id": "q", "at": NOW, "outcome": "unauthenticated", "because": "no", "size": 1, "sha256": "0"}
    for results, said in (
        ([FIELD], "trusted: no"),
        ([], "No Authentication-Results field."),
        (None, "its bytes are no longer kept"),
    ):
        terminal.api.script = {"quarantine.show": item | {"results": results, "proposals": PROPOSALS}}
        assert said in terminal.run("quarantine", "show", "q").stdout


def test_warnings_at_a_request_do_not_disturb_what_is_printed(terminal: Terminal) -> None:
    warning = {"code": "never_proven", "approver": "ann@x", "detail": "no reply \x1b[2J"}
    terminal.api.script = {"approval.request": approval("pending") | {"warnings": [warning]}}
    done = terminal.run("approval", "request", "--title", "t", "--text", "x", "--approver", "ann@x")
    assert (done.exit_code, done.stdout) == (0, f"{approval('pending')['id']}\n")
    assert "warning: ann@x never proven: no reply" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_broken_audit_trail_fails(terminal: Terminal) -> None:
    terminal.api.script = {"audit.verify": {"ok": False, "entries": 3, "broken_at": 2}}
    assert terminal.run("audit", "verify").exit_code == 1
    terminal.api.script = {"audit.verify": {"ok": True, "entries": 3}}
    assert terminal.run("audit", "verify").exit_code == 0


def test_the_log_level_takes_a_time(terminal: Terminal) -> None:
    terminal.api.script = {"log_level": {"level": "debug", "until": NOW}}
    assert terminal.run("log-level", "debug", "--for", "10m").exit_code == 0
    assert terminal.api.body() == {"level": "debug", "for": 600.0}


def test_what_was_read_is_summed_up(terminal: Terminal) -> None:
    terminal.api.script = {"process": {"messages": 2, "outcomes": {"decision": 2}}}
    assert terminal.run("process").stdout == "2 mail(s) read: decision=2.\n"


STARTED = {
    "id": "f1",
    "flow": "device_code",
    "message": "Sign in as the mailbox's user.",
    "verification_uri": "https://login.example/device",
    "user_code": "ABCD-EFGH",
    "expires_in": 900,
}


@pytest.mark.parametrize(("state", "code"), [("done", 0), ("failed", 1), ("expired", 1)])
def test_an_authorisation_shows_the_code_and_waits_for_the_end(
    terminal: Terminal, state: str, code: int
) -> None:
    states = iter(["pending", "pending", state])
    terminal.api.script = {
        "oauth.authorize": STARTED,
        "oauth.progress": lambda call: {"state": next(states), "account": "bot@example.org", "detail": "why"},
    }
    done = terminal.run("oauth", "authorize", "m365")
    assert done.exit_code == code
    assert "ABCD-EFGH" in done.stderr
    assert "https://login.example/device" in done.stderr
    assert terminal.api.commands == ["oauth.authorize"] + ["oauth.progress"] * 3
    assert not code or "why" in done.stderr


def test_a_terminal_gets_a_qr_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    oauth.show_invitation(STARTED)
    shown = capsys.readouterr().err
    assert "█" in shown or "▀" in shown or "\x1b[7m" in shown


def test_a_code_that_nobody_uses_ends_the_wait(terminal: Terminal) -> None:
    terminal.api.script = {
        "oauth.authorize": STARTED | {"expires_in": 0.05},
        "oauth.progress": {"state": "pending"},
    }
    assert terminal.run("oauth", "authorize", "m365").exit_code == 1


def test_the_installed_program_ends_with_the_code_and_completes_words(tmp_path: Path) -> None:
    environment = {"FLEXMAILD_SOCKET": str(tmp_path / "none")}
    assert run("flexmailctl", "status", env=environment).returncode == exit_codes.UNREACHABLE
    script = run("flexmailctl", env=environment | {"_FLEXMAILCTL_COMPLETE": "bash_source"})
    assert "_flexmailctl_completion" in script.stdout


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    """A pipeline calls flexmailctl often: it must start fast."""
    code = "import sys, flexmaild.cli.flexmailctl, flexmaild.cli.flexmaild; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    heavy = {
        "pydantic",
        "sqlalchemy",
        "yaml",
        "structlog",
        "requests",
        "jinja2",
        "segno",
        "msal",
        "cryptography",
    }
    assert heavy & set(done.stdout.split()) == set()


@pytest.mark.parametrize("status", [b"200 OK", b"404 Not Found"])
@pytest.mark.parametrize("body", [b"<html>ok</html>", b"null", b"[]", b"{}"])
def test_an_answer_that_is_not_the_daemons_ends_a_wait_with_words(
    terminal: Terminal, status: bytes, body: bytes
) -> None:
    """As from another service's socket."""
    terminal.path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(terminal.path))
        other.listen()

        def answer() -> None:
            talk, _ = other.accept()
            with talk:
                talk.recv(65536)
                talk.sendall(
                    b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n"
                    b"Connection: close\r\n\r\n" + body
                )

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        done = terminal.run("approval", "wait", "ap-1")
        thread.join()
    assert done.exit_code == exit_codes.UNREACHABLE and "is not flexmaild" in done.stderr


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize(("state", "code"), [("approved", 0), ("rejected", 3)])
def test_a_full_disk_under_the_output_of_a_wait_is_no_other_answer(
    terminal: Terminal, stream: str, state: str, code: int
) -> None:
    """A wait of hours does not end for it either."""
    states = iter([approval(), approval(state)])
    terminal.api.script = {"approval.wait": lambda call: next(states)}
    environment = {"FLEXMAILD_SOCKET": str(terminal.path)}
    with open("/dev/full", "w") as full:
        done = run("flexmailctl", "approval", "wait", "ap-1", env=environment, **{stream: full})
    assert done.returncode == code and "Traceback" not in done.stderr
    assert stream == "stderr" or "No space left on device" in done.stderr


def test_an_interrupted_command_is_130(terminal: Terminal) -> None:
    asked, over = threading.Event(), threading.Event()
    terminal.api.script = {"status": lambda call: asked.set() or {"over": over.wait(60)}}
    with subprocess.Popen(
        [*PROGRAM, "status"],
        env=os.environ | {"FLEXMAILD_SOCKET": str(terminal.path)},
        stderr=subprocess.PIPE,
    ) as program:
        assert asked.wait(20)
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=20)
    over.set()
    assert program.returncode == exit_codes.INTERRUPTED and b"Traceback" not in said
