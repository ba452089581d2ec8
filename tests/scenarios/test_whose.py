"""A request belongs to the user who asked: what others are shown of it, and what they may do about it, by
every route. The callers are real users of this machine, each of whom the kernel names to the daemon.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flexmaild.client import Refused
from flexmaild.core import exit_codes
from tests.scenarios.test_nothing_leaks import read_page
from tests.support.daemon import Daemon, reply_bytes, until
from tests.support.in_process import DaemonInProcess, mails_read_here
from tests.support.other_users import BIN, DAEMON, SYS, as_user, flexmailctl_as
from tests.support.process import free_ports, private_directory
from tests.support.scripted import Dialogue, Serving, SmtpServer
from tests.support.servers_settings import by_smtp
from tests.unit.api.schema_check import check, further

ANNA = "anna@corp.test"
# What nobody may read whose business it is not.
SECRETS = ("Payroll", "salaries", "anna", "corp.test", "too dear", "build-77")
OUTLINE = {"id", "state", "owner", "created_at", "expires_at", "decided_at"}
JOB_OUTLINE = {"id", "state", "kind", "created_at", "approval_id"}


class OpenDaemon:
    """A daemon whose socket everybody may connect to."""

    def __init__(self, root: Path, daemon: Daemon) -> None:
        self.root, self.daemon = root, daemon
        self.socket = root / "control.sock"

    def started(self, **control: Any) -> OpenDaemon:
        self.daemon.write_settings(
            {
                "control": {"socket": str(self.socket), "mode": "0666", **control},
                "approvals": {"settle_for": "0s"},
            }
        )
        self.daemon.client.path = self.socket
        self.daemon.start()
        return self

    def ask(self, user: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return as_user(user, self.socket, method, path, body)

    def get(self, user: str, path: str) -> Any:
        status, body = self.ask(user, "GET", path)
        assert status == 200, body
        return body

    def request(self, user: str, **body: Any) -> str:
        asked = {"title": "Payroll 4.2", "text": "The salaries.", "approvers": [ANNA]}
        asked["metadata"] = {"build": "build-77"}
        status, made = self.ask(user, "POST", "/v1/approvals", asked | body)
        assert status == 201, made
        return str(made["id"])


@pytest.fixture
def open_daemon(tmp_path: Path) -> Iterator[OpenDaemon]:
    root = private_directory("whose")
    with mails_read_here():
        daemon = DaemonInProcess(tmp_path)
        yield OpenDaemon(root, daemon)
        daemon.close()
    shutil.rmtree(root, ignore_errors=True)


def problem(answered: tuple[int, Any]) -> tuple[int, str]:
    status, body = answered
    return status, body["type"].rpartition(":")[2]


def paths_of(daemon: OpenDaemon, one: str) -> list[str]:
    """Every route that may show something of this request."""
    shown = daemon.daemon.show(one)
    deliveries = daemon.daemon.call("deliveries.list")["items"]
    return [
        "/v1/approvals",
        f"/v1/approvals/{one}",
        f"/v1/approvals/{one}/wait?timeout=0",
        "/v1/outbox",
        *(f"/v1/outbox/{mail['id']}" for mail in shown["mails"]),
        *(f"/v1/notifications/{mail['id']}" for mail in shown["mails"]),
        "/v1/deliveries",
        *(f"/v1/deliveries/{job['id']}" for job in deliveries),
        "/v1/quarantine",
        "/v1/audit/verify",
    ]


def decided_request(daemon: OpenDaemon, user: str, **body: Any) -> str:
    """One of this user's, rejected with a comment, and delivered."""
    one = daemon.request(user, **body)
    daemon.daemon.answer(daemon.daemon.mail(ANNA, "approval_request"), "Reject too dear")
    daemon.daemon.process_replies()
    assert daemon.daemon.decided(one)["state"] == "rejected"
    until(lambda: daemon.daemon.call("deliveries.list", query={"state": "done"})["items"], "a delivery")
    return one


def test_others_see_that_a_request_exists_and_its_state(open_daemon: OpenDaemon) -> None:
    daemon = open_daemon.started()
    one = decided_request(daemon, DAEMON)
    for path in [*paths_of(daemon, one), "/v1/status"]:
        text = json.dumps(daemon.get(BIN, path))
        if path != "/v1/status":  # where our own addresses are
            assert [secret for secret in SECRETS if secret in text] == [], path
    assert set(daemon.get(BIN, f"/v1/approvals/{one}")) == OUTLINE
    assert daemon.get(BIN, f"/v1/approvals/{one}/wait?timeout=0")["state"] == "rejected"
    assert daemon.get(BIN, "/v1/approvals")["items"] == [daemon.get(BIN, f"/v1/approvals/{one}")]
    for queue in ("outbox", "deliveries"):
        jobs = daemon.get(BIN, f"/v1/{queue}")["items"]
        assert jobs and {frozenset(job) for job in jobs} == {frozenset(JOB_OUTLINE)}
        assert {job["approval_id"] for job in jobs} == {one}


def test_outlines_are_described(open_daemon: OpenDaemon) -> None:
    daemon = open_daemon.started()
    one = decided_request(daemon, DAEMON)
    spec = daemon.daemon.call("openapi")
    templates = {path: methods["get"] for path, methods in spec["paths"].items() if "get" in methods}
    for path in paths_of(daemon, one):
        parts = path.partition("?")[0].split("/")
        (operation,) = (
            of
            for template, of in templates.items()
            if len(split := template.split("/")) == len(parts)
            and all(a == b or a.startswith("{") for a, b in zip(split, parts, strict=True))
        )
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        for user in (DAEMON, BIN):
            shown = daemon.get(user, path)
            assert check(schema, shown, spec) + further(schema, shown, spec) == [], path


def test_the_owner_sees_all_of_it(open_daemon: OpenDaemon) -> None:
    daemon = open_daemon.started()
    one = decided_request(daemon, DAEMON)
    shown = daemon.get(DAEMON, f"/v1/approvals/{one}")
    assert (shown["title"], shown["owner"], shown["visible_to"]) == ("Payroll 4.2", DAEMON, [])
    assert shown["verdicts"][0]["comment"] == "too dear"
    assert shown["mails"][0]["to"] == [ANNA] and shown["history"]
    assert daemon.get(DAEMON, "/v1/approvals")["items"][0]["title"] == "Payroll 4.2"
    assert daemon.get(DAEMON, "/v1/outbox")["items"][0]["recipients"] == [ANNA]
    (delivered,) = daemon.get(DAEMON, "/v1/deliveries")["items"]
    assert delivered["receipt"] and daemon.get(DAEMON, f"/v1/deliveries/{delivered['id']}") == delivered


def test_only_the_owner_and_admins_act_on_it(open_daemon: OpenDaemon) -> None:
    daemon = open_daemon.started(admins=[SYS])
    one = daemon.request(DAEMON, visible_to=[BIN])
    acts = [("remind", None), ("resend", {"approver": ANNA}), ("cancel", {"reason": "no"})]
    for verb, body in acts:
        path = f"/v1/approvals/{one}/{verb}"
        refused = daemon.ask(BIN, "POST", path, body)
        assert problem(refused) == (403, "not-permitted")
        assert DAEMON in refused[1]["detail"] and "control.admins" in refused[1]["cure"]
    assert problem(daemon.ask(BIN, "POST", "/v1/approvals/ap-none/cancel")) == (404, "unknown")
    assert daemon.daemon.show(one)["state"] == "pending"
    assert daemon.ask(DAEMON, "POST", f"/v1/approvals/{one}/remind")[0] == 200
    assert daemon.ask(SYS, "POST", f"/v1/approvals/{one}/resend", {"approver": ANNA})[0] == 200
    assert daemon.ask(DAEMON, "POST", f"/v1/approvals/{one}/cancel")[1]["state"] == "cancelled"


@pytest.mark.parametrize("shared", [BIN, f"@{BIN}"])
def test_who_it_is_shared_with_sees_it(open_daemon: OpenDaemon, shared: str) -> None:
    daemon = open_daemon.started()
    one = decided_request(daemon, DAEMON, visible_to=shared)
    for path in paths_of(daemon, one):
        assert daemon.get(BIN, path) == daemon.get(DAEMON, path), path
    assert set(daemon.get(SYS, f"/v1/approvals/{one}")) == OUTLINE
    assert daemon.get(DAEMON, f"/v1/approvals/{one}")["visible_to"] == [shared]


def test_readers_see_what_admins_see(open_daemon: OpenDaemon) -> None:
    daemon = open_daemon.started(readers=[BIN])
    one = decided_request(daemon, DAEMON)
    shown = daemon.get(BIN, f"/v1/approvals/{one}")
    assert shown["verdicts"][0]["comment"] == "too dear"
    assert daemon.get(BIN, "/v1/outbox")["items"][0]["recipients"] == [ANNA]
    raw = f"/v1/approvals/{one}/replies/{shown['replies'][0]['sha256']}/raw"
    assert problem(daemon.ask(BIN, "GET", raw)) == (403, "not-permitted")
    assert problem(daemon.ask(BIN, "POST", f"/v1/approvals/{one}/cancel")) == (403, "not-permitted")


def test_a_request_of_an_earlier_version_is_the_admins_alone(open_daemon: OpenDaemon) -> None:
    daemon = open_daemon.started()
    one = daemon.request(DAEMON)
    daemon.daemon.stop()
    with closing(sqlite3.connect(daemon.daemon.root / "state" / "flexmaild.db")) as store, store:
        store.execute("UPDATE requests SET body = json_remove(body, '$.terms.belonging')")
    daemon.daemon.start()
    shown = daemon.get(DAEMON, f"/v1/approvals/{one}")
    assert set(shown) == OUTLINE and shown["owner"] == ""
    assert problem(daemon.ask(DAEMON, "POST", f"/v1/approvals/{one}/cancel")) == (403, "not-permitted")
    assert daemon.daemon.show(one)["title"] == "Payroll 4.2"
    assert daemon.daemon.call("approval.cancel", path={"id": one})["state"] == "cancelled"


def test_a_notification_belongs_to_who_sent_it(open_daemon: OpenDaemon) -> None:
    daemon = open_daemon.started()
    body = {"to": [ANNA], "subject": "Payroll", "text": "The salaries."}
    status, queued = daemon.ask(DAEMON, "POST", "/v1/notifications", body)
    assert status == 202
    for path in (f"/v1/notifications/{queued['id']}", f"/v1/outbox/{queued['id']}"):
        assert daemon.get(DAEMON, path)["recipients"] == [ANNA]
        assert set(daemon.get(BIN, path)) == JOB_OUTLINE
        assert daemon.get("root", path)["recipients"] == [ANNA]


def test_mails_set_aside_are_the_admins_and_those_of_whose_request_they_answer(
    open_daemon: OpenDaemon,
) -> None:
    daemon = open_daemon.started()
    daemon.request(DAEMON)
    asked = daemon.daemon.mail(ANNA, "approval_request")
    daemon.daemon.deliver(reply_bytes(asked, "Approve", From="eve@corp.test"))
    daemon.daemon.deliver(b"\r\nno header\r\n")
    daemon.daemon.process_replies()
    aside = daemon.daemon.call("quarantine.list")["items"]
    (named,) = (one["id"] for one in aside if one["approval_id"])
    (unnamed,) = (one["id"] for one in aside if not one["approval_id"])
    assert [one["id"] for one in daemon.get(DAEMON, "/v1/quarantine")["items"]] == [named]
    assert daemon.get(BIN, "/v1/quarantine") == {"items": [], "next": ""}
    assert daemon.get(DAEMON, f"/v1/quarantine/{named}")["sender"] == "eve@corp.test"
    for user, one in ((DAEMON, unnamed), (BIN, named), (BIN, unnamed)):
        assert problem(daemon.ask(user, "GET", f"/v1/quarantine/{one}")) == (403, "not-permitted")
    assert problem(daemon.ask(BIN, "GET", "/v1/quarantine/4711")) == (404, "unknown")


def test_status_names_no_approver_of_others(open_daemon: OpenDaemon) -> None:
    daemon = open_daemon.started()
    one = daemon.request(DAEMON)
    with closing(sqlite3.connect(daemon.daemon.root / "state" / "flexmaild.db")) as store, store:
        store.execute("UPDATE requests SET body = json_set(body, '$.invitations[0].bounced', 'no such user')")
    (warning,) = (text for text in daemon.get(DAEMON, "/v1/status")["warnings"] if one in text)
    assert ANNA in warning
    assert not any(ANNA in text for text in daemon.get(BIN, "/v1/status")["warnings"])


def test_who_has_all_the_open_requests_one_may_have_keeps_nobody_else_from_asking(
    open_daemon: OpenDaemon,
) -> None:
    daemon = open_daemon.started()
    daemon.daemon.write_settings(
        {"control": {"socket": str(daemon.socket), "mode": "0666"}, "approvals": {"max_pending": 2}}
    )
    daemon.daemon.call("reload")
    first, _ = daemon.request(BIN), daemon.request(BIN)
    asked = {"title": "Payroll 4.2", "text": "The salaries.", "approvers": [ANNA]}
    refused = daemon.ask(BIN, "POST", "/v1/approvals", asked)
    assert problem(refused) == (503, "too-many")
    assert BIN in refused[1]["detail"] and "approvals.max_pending" in refused[1]["detail"]
    daemon.request(DAEMON)
    assert daemon.ask(BIN, "POST", f"/v1/approvals/{first}/cancel")[0] == 200
    daemon.request(BIN)


def tried_again_later(daemon: Daemon) -> list[Any]:
    daemon.advance(1000)
    daemon.call("outbox.retry_all")
    return [one for one in daemon.call("status")["incidents"] if one["kind"] == "outgoing_failed"]


@pytest.mark.parametrize("code", ["554 5.7.1", "451 4.7.1"])
def test_what_a_server_said_of_a_mail_is_not_for_others(
    open_daemon: OpenDaemon, serving: Serving, code: str
) -> None:
    """Filters repeat what they object to. A server that takes nothing for a while is an incident, which the
    page for monitoring shows as well."""

    class Filter(SmtpServer):
        def _content(self, talk: Dialogue) -> None:
            lines = []
            while (line := talk.line()) != ".":
                lines.append(line)
            subject = next(line for line in lines if line.startswith("Subject:"))
            talk.say(f"{code} not with <{ANNA}>, '{subject}', the salaries")

    daemon, (port,) = open_daemon, free_ports(1)
    control = {"control": {"socket": str(daemon.socket), "mode": "0666"}}
    metrics = {"metrics": {"listen": f"127.0.0.1:{port}"}}
    daemon.daemon.write_settings(control | metrics | by_smtp(serving(Filter({})).port))
    daemon.daemon.client.path = daemon.socket
    daemon.daemon.start()
    daemon.request(DAEMON)
    until(lambda: daemon.daemon.call("status")["outgoing"]["last_fault"], "the fault of the way out")
    if code.startswith("4"):
        until(lambda: tried_again_later(daemon.daemon), "the incident")
    assert "salaries" in json.dumps(daemon.daemon.call("status"))
    said = json.dumps(daemon.get(BIN, "/v1/status"))
    assert "the server refused" in said
    said += read_page(daemon.daemon, port, "/-/ready")
    assert [word for word in ("Payroll", "salaries", "anna") if word in said] == []


def test_flexmailctl_shows_what_there_is_of_others(open_daemon: OpenDaemon) -> None:
    daemon = open_daemon.started()
    one = decided_request(daemon, DAEMON)
    job = daemon.daemon.show(one)["mails"][0]["id"]
    for arguments, code, said in (
        (("approval", "list"), 0, "rejected"),
        (("approval", "show", one), 0, f"{one}  rejected  (belongs to {DAEMON})"),
        (("approval", "wait", one), 3, f"{one}  rejected  (belongs to {DAEMON})"),
        (("outbox", "list"), 0, job),
        (("outbox", "show", job), 0, one),
        (("delivery", "list"), 0, one),
        (("quarantine", "list"), 0, ""),
        (("status",), 0, ""),
    ):
        done = flexmailctl_as(BIN, daemon.socket, *arguments)
        assert (done.returncode, said in done.stdout) == (code, True), (arguments, done)
        assert not any(secret in done.stdout for secret in SECRETS[:3])
    refused = flexmailctl_as(BIN, daemon.socket, "approval", "cancel", one)
    assert refused.returncode == exit_codes.NOT_PERMITTED
    assert f"belongs to user {DAEMON}" in refused.stderr and "control.admins" in refused.stderr


def test_flexmailctl_tells_who_waits_for_anothers_open_request(open_daemon: OpenDaemon) -> None:
    daemon = open_daemon.started()
    one = daemon.request(DAEMON)
    done = flexmailctl_as(BIN, daemon.socket, "approval", "wait", one, "--timeout", "1s")
    assert done.returncode == exit_codes.WAIT_TIMED_OUT, done
    assert f"{one}  pending" in done.stdout


def test_flexmailctl_shares_a_request(open_daemon: OpenDaemon) -> None:
    daemon = open_daemon.started()
    asked = ("--title", "Payroll 4.2", "--text", "x", "--approver", ANNA)
    shared = ("--visible-to", SYS, "--visible-to", f"@{BIN}")
    done = flexmailctl_as(DAEMON, daemon.socket, "approval", "request", *asked, *shared)
    one = done.stdout.strip()
    assert daemon.get(DAEMON, f"/v1/approvals/{one}")["visible_to"] == [SYS, f"@{BIN}"]
    for user in (SYS, BIN):
        shown = flexmailctl_as(user, daemon.socket, "approval", "show", one).stdout
        assert "Payroll 4.2" in shown and f"@{BIN}" in shown


def test_what_a_server_said_of_people_is_for_admins_by_each_command_that_reads_replies(
    open_daemon: OpenDaemon,
) -> None:
    """As `status` has it."""
    folder = open_daemon.daemon.root / "anna@corp.test"
    for sub in ("tmp", "new", "cur"):
        (folder / sub).mkdir(parents=True)
    open_daemon.started()
    open_daemon.daemon.write_settings(
        {
            "control": {"socket": str(open_daemon.socket), "mode": "0666"},
            "incoming": {"path": str(folder)},
        }
    )
    open_daemon.daemon.call("reload")
    shutil.rmtree(folder)
    folder.write_text("a file in the place of the folder")
    status, told = open_daemon.ask("bin", "POST", "/v1/process")
    assert (status, "anna@" in json.dumps(told), "corp.test" in json.dumps(told)) == (502, False, True)
    with pytest.raises(Refused, match="anna@"):
        open_daemon.daemon.call("process")


def test_the_event_log_shows_each_caller_the_events_of_requests_that_they_may_see(
    open_daemon: OpenDaemon,
) -> None:
    """Of others' requests not even that something happened; of operators' actions only who sees all."""
    open_daemon.started(readers=[SYS])
    hers = decided_request(open_daemon, DAEMON)
    shared = open_daemon.request(DAEMON, visible_to=[BIN])
    open_daemon.daemon.call("reload")

    def seen_by(user: str) -> list[dict[str, Any]]:
        done = flexmailctl_as(user, open_daemon.socket, "events", "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    assert {event["request"] for event in seen_by(DAEMON)} == {hers, shared}
    assert {event["request"] for event in seen_by(BIN)} == {shared}
    everything = seen_by(SYS)
    assert {event["request"] for event in everything} == {hers, shared, ""}
    assert [event["number"] for event in everything] == list(range(1, len(everything) + 1))
    assert not any("salaries" in json.dumps(event) for event in seen_by(BIN) if event["request"] != shared)
