"""What operators hold on to: metrics, health, intervals, reload, logs that keep secrets, the API."""

import json
import re
import signal
import socket
import urllib.error
import urllib.request

import pytest

from tests.acceptance.service import PATIENCE, Service, reply, until

ALICE = "alice@corp.example"
METRICS = {
    "flexmaild_build_info": (),
    "flexmaild_config_last_reload_successful": (),
    "flexmaild_config_last_reload_success_timestamp_seconds": (),
    "flexmaild_config_reloads_total": ("result",),
    "flexmaild_poll_interval_seconds": (),
    "flexmaild_polls_total": ("transport",),
    "flexmaild_poll_failures_total": ("transport", "reason"),
    "flexmaild_poll_last_success_timestamp_seconds": (),
    "flexmaild_poll_duration_seconds": (),
    "flexmaild_mailbox_messages": (),
    "flexmaild_messages_received_total": ("outcome",),
    "flexmaild_messages_deleted_total": (),
    "flexmaild_messages_quarantined": (),
    "flexmaild_messages_sent_total": ("transport", "kind"),
    "flexmaild_message_send_failures_total": ("transport", "reason"),
    "flexmaild_outbox_messages": ("state",),
    "flexmaild_approvals": ("state",),
    "flexmaild_decisions_total": ("decision",),
    "flexmaild_decision_latency_seconds": (),
    "flexmaild_deliveries_total": ("sink",),
    "flexmaild_delivery_failures_total": ("sink", "reason"),
    "flexmaild_delivery_queue_events": ("sink", "state"),
    "flexmaild_component_last_heartbeat_timestamp_seconds": ("component",),
    "flexmaild_control_requests_total": ("command", "result"),
    "flexmaild_unhandled_exceptions_total": ("component",),
}


@pytest.mark.parametrize(("name", "labels"), METRICS.items())
def test_every_metric_of_the_contract_is_there_from_the_start(
    shared: Service, name: str, labels: tuple[str, ...]
) -> None:
    lines = [
        line
        for line in shared.metrics().splitlines()
        if re.match(rf"{name}(_bucket|_count|_sum)?[ {{]", line)
    ]
    assert lines, f"no sample of {name}"
    for label in labels:
        assert all(f'{label}="' in line for line in lines), lines


def test_no_label_names_a_person(shared: Service) -> None:
    shared.request(ALICE, title="Very private title")
    shared.mail(ALICE, "Very private title")
    text = shared.metrics()
    assert "@" not in text
    assert "private" not in text


@pytest.mark.parametrize("path", ["/-/healthy", "/-/ready"])
def test_health_answers_200(shared: Service, path: str) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{shared.metrics_port}{path}", timeout=PATIENCE) as page:
        assert page.status == 200


def junk(number: int) -> bytes:
    return f"From: x{number}@evil.example\r\nSubject: buy {number}\r\n\r\nspam\r\n".encode()


def test_an_interval_costs_process_count_mails_and_takes_the_oldest_first(service: Service) -> None:
    service.start(incoming={"process_count": 3})
    asked = service.request(ALICE)
    for number in range(3):
        service.deliver(junk(number))
    service.deliver(reply(service.mail(ALICE), "Approve"))
    first = service.process_now()
    assert (first["messages"], first["outcomes"]) == (3, {"unknown_reference": 3})
    assert service.waiting() == 1
    service.process_now()
    assert service.waiting() == 0
    assert service.shown(asked["id"])["state"] == "approved"


def test_processed_mails_may_be_moved_in_place_of_deleted(service: Service) -> None:
    service.start(incoming={"after_processing": {"move": "Done"}})
    service.deliver(junk(1))
    service.process_now()
    assert service.waiting() == 0
    moved = [file for part in ("new", "cur") for file in (service.inbox / ".Done" / part).iterdir()]
    assert [file.read_bytes() for file in moved] == [junk(1)]


def test_the_interval_is_taken_over_by_a_signal_without_a_restart(service: Service) -> None:
    service.start()
    service.write(incoming={"process_interval": "1s"})
    assert service.process is not None
    service.process.send_signal(signal.SIGHUP)
    until(lambda: "flexmaild_poll_interval_seconds 1.0" in service.metrics(), "the new interval")
    asked = service.request(ALICE)
    service.deliver(reply(service.mail(ALICE), "Approve"))
    assert service.get(f"/v1/approvals/{asked['id']}/wait?timeout=30").body["state"] == "approved"


def test_open_requests_survive_a_restart_and_references_stay_good(service: Service) -> None:
    service.start()
    asked = service.request(ALICE)
    mail = service.mail(ALICE)
    assert service.stop() == 0
    service.deliver(reply(mail, "Approve"))
    service.start()
    assert service.get(f"/v1/approvals/{asked['id']}/wait?timeout=30").body["state"] == "approved"


def test_neither_secrets_nor_mail_bodies_are_logged(service: Service) -> None:
    service.start(outgoing={"password": "hunter2-secret", "username": "u"})
    service.request(ALICE, text="A very confidential text")
    service.deliver(reply(service.mail(ALICE), "Approve with-a-private-comment"))
    service.process_now()
    service.stop()
    text = service.log.read_text()
    assert "approv" in text
    for word in ("hunter2", "confidential", "private-comment"):
        assert word not in text
    for line in text.splitlines():
        json.loads(line)


def test_sixty_four_kilobytes_of_subject_or_a_mail_too_large_hold_nobody_up(service: Service) -> None:
    service.start(incoming={"max_message_size": "64KiB"})
    asked = service.request(ALICE)
    service.deliver(b"Subject: " + b"x" * 65_000 + b"\r\n\r\n")
    service.deliver(b"Subject: big\r\n\r\n" + b"y" * 200_000)
    service.deliver(b"\xff\x00" * 1000)
    service.deliver(reply(service.mail(ALICE), "Approve"))
    service.process_now()
    assert service.shown(asked["id"])["state"] == "approved"
    assert service.waiting() == 0


# The socket.


def test_openapi_describes_every_route_of_the_contract(shared: Service) -> None:
    paths = shared.get("/openapi.json").body["paths"]
    assert {
        "/v1/test-email", "/v1/test-incoming", "/v1/doctor", "/v1/status", "/v1/reload", "/v1/process",
        "/v1/notifications", "/v1/approvals", "/v1/approvals/{id}", "/v1/approvals/{id}/wait",
        "/v1/approvals/{id}/cancel", "/v1/approvals/{id}/remind", "/v1/outbox", "/v1/deliveries",
        "/v1/quarantine",
    } <= set(paths)  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("DELETE", "/v1/approvals", None, 405),
        ("POST", "/v1/approvals", b"not json", 400),
        ("POST", "/v1/approvals", b'{"title": "a", "title": "b"}', 400),
        ("POST", "/v1/approvals", b"\xff", 400),
        ("POST", "/v1/approvals", [], 422),
        ("GET", "/v1/approvals?state=odd", None, 422),
        ("GET", "/v1/approvals/none/wait?timeout=x", None, 422),
        ("POST", "/v1/approvals/none/cancel", None, 404),
        ("GET", "/v1/deliveries/none", None, 404),
        ("GET", "/v1/quarantine/none", None, 404),
    ],
)
def test_errors_are_problem_json(shared: Service, method: str, path: str, body: object, status: int) -> None:
    failed = shared.ask(method, path, body)
    assert failed.status == status
    assert failed.headers["content-type"] == "application/problem+json"
    assert failed.body["status"] == status
    assert {"type", "title", "detail"} <= set(failed.body)


def test_a_body_of_a_hundred_megabytes_is_refused_before_it_is_read(shared: Service) -> None:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(PATIENCE)
        caller.connect(str(shared.socket))
        caller.sendall(b"POST /v1/approvals HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n{")
        assert caller.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_status_names_the_parts(shared: Service) -> None:
    status = shared.get("/v1/status").body
    assert status["healthy"] is True
    assert {"version", "incoming", "outgoing", "approvals", "issues", "warnings", "started_at"} <= set(status)
