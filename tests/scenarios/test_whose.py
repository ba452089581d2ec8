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
from flexmaild.core import exits
from tests.kit.house import House, reply_bytes, until
from tests.kit.in_process import HouseInProcess, mails_read_here
from tests.kit.other_users import BIN, DAEMON, SYS, as_user, flexmailctl_as
from tests.kit.process import free_ports, private_directory
from tests.kit.scripted import Serving, SmtpServer, Talk
from tests.kit.servers_settings import by_smtp
from tests.scenarios.test_nothing_leaks import read_page
from tests.unit.api.schema_check import check, further

ANNA = "anna@corp.test"
# What nobody may read whose business it is not.
SECRETS = ("Payroll", "salaries", "anna", "corp.test", "too dear", "build-77")
OUTLINE = {"id", "state", "owner", "created_at", "expires_at", "decided_at"}
JOB_OUTLINE = {"id", "state", "kind", "created_at", "approval_id"}


class OpenHouse:
    """A daemon whose socket everybody may connect to."""

    def __init__(self, root: Path, house: House) -> None:
        self.root, self.house = root, house
        self.socket = root / "control.sock"

    def started(self, **control: Any) -> OpenHouse:
        self.house.write_settings(
            {
                "control": {"socket": str(self.socket), "mode": "0666", **control},
                "approvals": {"settle_for": "0s"},
            }
        )
        self.house.client.path = self.socket
        self.house.start()
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
def open_house(tmp_path: Path) -> Iterator[OpenHouse]:
    root = private_directory("whose")
    with mails_read_here():
        house = HouseInProcess(tmp_path)
        yield OpenHouse(root, house)
        house.close()
    shutil.rmtree(root, ignore_errors=True)


def problem(answered: tuple[int, Any]) -> tuple[int, str]:
    status, body = answered
    return status, body["type"].rpartition(":")[2]


def paths_of(house: OpenHouse, one: str) -> list[str]:
    """Every route that may show something of this request."""
    shown = house.house.show(one)
    deliveries = house.house.call("deliveries.list")["items"]
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


def decided_request(house: OpenHouse, user: str, **body: Any) -> str:
    """One of this user's, rejected with a comment, and delivered."""
    one = house.request(user, **body)
    house.house.answer(house.house.mail(ANNA, "approval_request"), "Reject too dear")
    house.house.process_replies()
    assert house.house.decided(one)["state"] == "rejected"
    until(lambda: house.house.call("deliveries.list", query={"state": "done"})["items"], "a delivery")
    return one


def test_others_see_that_a_request_exists_and_its_state(open_house: OpenHouse) -> None:
    house = open_house.started()
    one = decided_request(house, DAEMON)
    for path in [*paths_of(house, one), "/v1/status"]:
        text = json.dumps(house.get(BIN, path))
        if path != "/v1/status":  # where our own addresses are
            assert [secret for secret in SECRETS if secret in text] == [], path
    assert set(house.get(BIN, f"/v1/approvals/{one}")) == OUTLINE
    assert house.get(BIN, f"/v1/approvals/{one}/wait?timeout=0")["state"] == "rejected"
    assert house.get(BIN, "/v1/approvals")["items"] == [house.get(BIN, f"/v1/approvals/{one}")]
    for queue in ("outbox", "deliveries"):
        jobs = house.get(BIN, f"/v1/{queue}")["items"]
        assert jobs and {frozenset(job) for job in jobs} == {frozenset(JOB_OUTLINE)}
        assert {job["approval_id"] for job in jobs} == {one}


def test_outlines_are_described(open_house: OpenHouse) -> None:
    house = open_house.started()
    one = decided_request(house, DAEMON)
    spec = house.house.call("openapi")
    templates = {path: methods["get"] for path, methods in spec["paths"].items() if "get" in methods}
    for path in paths_of(house, one):
        parts = path.partition("?")[0].split("/")
        (operation,) = (
            of
            for template, of in templates.items()
            if len(split := template.split("/")) == len(parts)
            and all(a == b or a.startswith("{") for a, b in zip(split, parts, strict=True))
        )
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        for user in (DAEMON, BIN):
            shown = house.get(user, path)
            assert check(schema, shown, spec) + further(schema, shown, spec) == [], path


def test_the_owner_sees_all_of_it(open_house: OpenHouse) -> None:
    house = open_house.started()
    one = decided_request(house, DAEMON)
    shown = house.get(DAEMON, f"/v1/approvals/{one}")
    assert (shown["title"], shown["owner"], shown["visible_to"]) == ("Payroll 4.2", DAEMON, [])
    assert shown["verdicts"][0]["comment"] == "too dear"
    assert shown["mails"][0]["to"] == [ANNA] and shown["history"]
    assert house.get(DAEMON, "/v1/approvals")["items"][0]["title"] == "Payroll 4.2"
    assert house.get(DAEMON, "/v1/outbox")["items"][0]["recipients"] == [ANNA]
    (delivered,) = house.get(DAEMON, "/v1/deliveries")["items"]
    assert delivered["receipt"] and house.get(DAEMON, f"/v1/deliveries/{delivered['id']}") == delivered


def test_only_the_owner_and_admins_act_on_it(open_house: OpenHouse) -> None:
    house = open_house.started(admins=[SYS])
    one = house.request(DAEMON, visible_to=[BIN])
    acts = [("remind", None), ("resend", {"approver": ANNA}), ("cancel", {"reason": "no"})]
    for verb, body in acts:
        path = f"/v1/approvals/{one}/{verb}"
        refused = house.ask(BIN, "POST", path, body)
        assert problem(refused) == (403, "not-permitted")
        assert DAEMON in refused[1]["detail"] and "control.admins" in refused[1]["cure"]
    assert problem(house.ask(BIN, "POST", "/v1/approvals/ap-none/cancel")) == (404, "unknown")
    assert house.house.show(one)["state"] == "pending"
    assert house.ask(DAEMON, "POST", f"/v1/approvals/{one}/remind")[0] == 200
    assert house.ask(SYS, "POST", f"/v1/approvals/{one}/resend", {"approver": ANNA})[0] == 200
    assert house.ask(DAEMON, "POST", f"/v1/approvals/{one}/cancel")[1]["state"] == "cancelled"


@pytest.mark.parametrize("shared", [BIN, f"@{BIN}"])
def test_who_it_is_shared_with_sees_it(open_house: OpenHouse, shared: str) -> None:
    house = open_house.started()
    one = decided_request(house, DAEMON, visible_to=shared)
    for path in paths_of(house, one):
        assert house.get(BIN, path) == house.get(DAEMON, path), path
    assert set(house.get(SYS, f"/v1/approvals/{one}")) == OUTLINE
    assert house.get(DAEMON, f"/v1/approvals/{one}")["visible_to"] == [shared]


def test_readers_see_what_admins_see(open_house: OpenHouse) -> None:
    house = open_house.started(readers=[BIN])
    one = decided_request(house, DAEMON)
    shown = house.get(BIN, f"/v1/approvals/{one}")
    assert shown["verdicts"][0]["comment"] == "too dear"
    assert house.get(BIN, "/v1/outbox")["items"][0]["recipients"] == [ANNA]
    raw = f"/v1/approvals/{one}/replies/{shown['replies'][0]['sha256']}/raw"
    assert problem(house.ask(BIN, "GET", raw)) == (403, "not-permitted")
    assert problem(house.ask(BIN, "POST", f"/v1/approvals/{one}/cancel")) == (403, "not-permitted")


def test_a_request_of_an_earlier_version_is_the_admins_alone(open_house: OpenHouse) -> None:
    house = open_house.started()
    one = house.request(DAEMON)
    house.house.stop()
    with closing(sqlite3.connect(house.house.root / "state" / "flexmaild.db")) as store, store:
        store.execute("UPDATE requests SET body = json_remove(body, '$.terms.belonging')")
    house.house.start()
    shown = house.get(DAEMON, f"/v1/approvals/{one}")
    assert set(shown) == OUTLINE and shown["owner"] == ""
    assert problem(house.ask(DAEMON, "POST", f"/v1/approvals/{one}/cancel")) == (403, "not-permitted")
    assert house.house.show(one)["title"] == "Payroll 4.2"
    assert house.house.call("approval.cancel", path={"id": one})["state"] == "cancelled"


def test_a_notification_belongs_to_who_sent_it(open_house: OpenHouse) -> None:
    house = open_house.started()
    body = {"to": [ANNA], "subject": "Payroll", "text": "The salaries."}
    status, queued = house.ask(DAEMON, "POST", "/v1/notifications", body)
    assert status == 202
    for path in (f"/v1/notifications/{queued['id']}", f"/v1/outbox/{queued['id']}"):
        assert house.get(DAEMON, path)["recipients"] == [ANNA]
        assert set(house.get(BIN, path)) == JOB_OUTLINE
        assert house.get("root", path)["recipients"] == [ANNA]


def test_mails_set_aside_are_the_admins_and_those_of_whose_request_they_answer(
    open_house: OpenHouse,
) -> None:
    house = open_house.started()
    house.request(DAEMON)
    asked = house.house.mail(ANNA, "approval_request")
    house.house.deliver(reply_bytes(asked, "Approve", From="eve@corp.test"))
    house.house.deliver(b"\r\nno header\r\n")
    house.house.process_replies()
    aside = house.house.call("quarantine.list")["items"]
    (named,) = (one["id"] for one in aside if one["approval_id"])
    (unnamed,) = (one["id"] for one in aside if not one["approval_id"])
    assert [one["id"] for one in house.get(DAEMON, "/v1/quarantine")["items"]] == [named]
    assert house.get(BIN, "/v1/quarantine") == {"items": [], "next": ""}
    assert house.get(DAEMON, f"/v1/quarantine/{named}")["sender"] == "eve@corp.test"
    for user, one in ((DAEMON, unnamed), (BIN, named), (BIN, unnamed)):
        assert problem(house.ask(user, "GET", f"/v1/quarantine/{one}")) == (403, "not-permitted")
    assert problem(house.ask(BIN, "GET", "/v1/quarantine/4711")) == (404, "unknown")


def test_status_names_no_approver_of_others(open_house: OpenHouse) -> None:
    house = open_house.started()
    one = house.request(DAEMON)
    with closing(sqlite3.connect(house.house.root / "state" / "flexmaild.db")) as store, store:
        store.execute("UPDATE requests SET body = json_set(body, '$.invitations[0].bounced', 'no such user')")
    (warning,) = (text for text in house.get(DAEMON, "/v1/status")["warnings"] if one in text)
    assert ANNA in warning
    assert not any(ANNA in text for text in house.get(BIN, "/v1/status")["warnings"])


def test_who_has_all_the_open_requests_one_may_have_keeps_nobody_else_from_asking(
    open_house: OpenHouse,
) -> None:
    house = open_house.started()
    house.house.write_settings(
        {"control": {"socket": str(house.socket), "mode": "0666"}, "approvals": {"max_pending": 2}}
    )
    house.house.call("reload")
    first, _ = house.request(BIN), house.request(BIN)
    asked = {"title": "Payroll 4.2", "text": "The salaries.", "approvers": [ANNA]}
    refused = house.ask(BIN, "POST", "/v1/approvals", asked)
    assert problem(refused) == (503, "too-many")
    assert BIN in refused[1]["detail"] and "approvals.max_pending" in refused[1]["detail"]
    house.request(DAEMON)
    assert house.ask(BIN, "POST", f"/v1/approvals/{first}/cancel")[0] == 200
    house.request(BIN)


def tried_again_later(house: House) -> list[Any]:
    house.advance(1000)
    house.call("outbox.retry_all")
    return [one for one in house.call("status")["incidents"] if one["kind"] == "outgoing_failed"]


@pytest.mark.parametrize("code", ["554 5.7.1", "451 4.7.1"])
def test_what_a_server_said_of_a_mail_is_not_for_others(
    open_house: OpenHouse, serving: Serving, code: str
) -> None:
    """Filters repeat what they object to. A server that takes nothing for a while is an incident, which the
    page for monitoring shows as well."""

    class Filter(SmtpServer):
        def _content(self, talk: Talk) -> None:
            lines = []
            while (line := talk.line()) != ".":
                lines.append(line)
            subject = next(line for line in lines if line.startswith("Subject:"))
            talk.say(f"{code} not with <{ANNA}>, '{subject}', the salaries")

    house, (port,) = open_house, free_ports(1)
    control = {"control": {"socket": str(house.socket), "mode": "0666"}}
    metrics = {"metrics": {"listen": f"127.0.0.1:{port}"}}
    house.house.write_settings(control | metrics | by_smtp(serving(Filter({})).port))
    house.house.client.path = house.socket
    house.house.start()
    house.request(DAEMON)
    until(lambda: house.house.call("status")["outgoing"]["last_fault"], "the fault of the way out")
    if code.startswith("4"):
        until(lambda: tried_again_later(house.house), "the incident")
    assert "salaries" in json.dumps(house.house.call("status"))
    said = json.dumps(house.get(BIN, "/v1/status"))
    assert "the server refused" in said
    said += read_page(house.house, port, "/-/ready")
    assert [word for word in ("Payroll", "salaries", "anna") if word in said] == []


def test_flexmailctl_shows_what_there_is_of_others(open_house: OpenHouse) -> None:
    house = open_house.started()
    one = decided_request(house, DAEMON)
    job = house.house.show(one)["mails"][0]["id"]
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
        done = flexmailctl_as(BIN, house.socket, *arguments)
        assert (done.returncode, said in done.stdout) == (code, True), (arguments, done)
        assert not any(secret in done.stdout for secret in SECRETS[:3])
    refused = flexmailctl_as(BIN, house.socket, "approval", "cancel", one)
    assert refused.returncode == exits.NOT_PERMITTED
    assert f"belongs to user {DAEMON}" in refused.stderr and "control.admins" in refused.stderr


def test_flexmailctl_tells_who_waits_for_anothers_open_request(open_house: OpenHouse) -> None:
    house = open_house.started()
    one = house.request(DAEMON)
    done = flexmailctl_as(BIN, house.socket, "approval", "wait", one, "--timeout", "1s")
    assert done.returncode == exits.WAIT_TIMED_OUT, done
    assert f"{one}  pending" in done.stdout


def test_flexmailctl_shares_a_request(open_house: OpenHouse) -> None:
    house = open_house.started()
    asked = ("--title", "Payroll 4.2", "--text", "x", "--approver", ANNA)
    shared = ("--visible-to", SYS, "--visible-to", f"@{BIN}")
    done = flexmailctl_as(DAEMON, house.socket, "approval", "request", *asked, *shared)
    one = done.stdout.strip()
    assert house.get(DAEMON, f"/v1/approvals/{one}")["visible_to"] == [SYS, f"@{BIN}"]
    for user in (SYS, BIN):
        shown = flexmailctl_as(user, house.socket, "approval", "show", one).stdout
        assert "Payroll 4.2" in shown and f"@{BIN}" in shown


def test_what_a_server_said_of_people_is_for_admins_by_each_command_that_reads_replies(
    open_house: OpenHouse,
) -> None:
    """As `status` has it."""
    folder = open_house.house.root / "anna@corp.test"
    for sub in ("tmp", "new", "cur"):
        (folder / sub).mkdir(parents=True)
    open_house.started()
    open_house.house.write_settings(
        {
            "control": {"socket": str(open_house.socket), "mode": "0666"},
            "incoming": {"path": str(folder)},
        }
    )
    open_house.house.call("reload")
    shutil.rmtree(folder)
    folder.write_text("a file in the place of the folder")
    status, told = open_house.ask("bin", "POST", "/v1/process")
    assert (status, "anna@" in json.dumps(told), "corp.test" in json.dumps(told)) == (502, False, True)
    with pytest.raises(Refused, match="anna@"):
        open_house.house.call("process")
