"""Notifications as a pipeline sends them: recipients, logs as FlexDeploy attaches them, templates, keys."""

import base64
import io
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.service import Service, text_of, until

ANN, BEN, CHIEF, HIDDEN = (f"{name}@corp.example" for name in ("ann", "ben", "chief", "hidden"))


@pytest.fixture
def service(shared: Service) -> Service:
    """The one daemon, by a reload with the settings of each test, and with no mail so far."""
    for mail in (shared.sent / "new").glob("*"):
        mail.unlink()
    return shared


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def note(**more: Any) -> dict[str, Any]:
    return {"to": [ANN], "subject": "Deployed", "text": "All is well."} | more


def files_of(mail: EmailMessage) -> list[tuple[str | None, bytes]]:
    return [(part.get_filename(), part.get_payload(decode=True)) for part in mail.iter_attachments()]  # type: ignore[misc]


def test_all_are_reached_and_all_but_the_hidden_are_named(shared: Service) -> None:
    body = note(to=[ANN, BEN], cc=[CHIEF], bcc=[HIDDEN], reply_to="ops@corp.example", subject="To many")
    queued = shared.post("/v1/notifications", body)
    assert (queued.status, queued.headers["location"]) == (202, f"/v1/notifications/{queued.body['id']}")
    for person in (ANN, BEN, CHIEF, HIDDEN):
        mail = shared.mail(person, "To many")
        assert mail["To"] == f"{ANN}, {BEN}"
        assert (mail["Cc"], mail["Reply-To"], mail["Bcc"]) == (CHIEF, "ops@corp.example", None)
        head = [f"{name}: {value}" for name, value in mail.items() if name != "Delivered-To"]
        assert HIDDEN not in "\n".join(head)
    assert until(lambda: _done(shared, queued.body["id"]), "the end of the job")


def _done(service: Service, identifier: str) -> bool:
    return bool(service.get(f"/v1/notifications/{identifier}").body["state"] == "done")


def test_text_and_html_both_go_out(shared: Service) -> None:
    shared.post("/v1/notifications", note(subject="Both", html="<p>All is <b>well</b>.</p>"))
    mail = shared.mail(ANN, "Both")
    assert "All is well." in text_of(mail)
    page = mail.get_body(("html",))
    assert page is not None
    assert "<b>well</b>" in page.get_content()


ONE = [{"step_number": 3, "step_name": "Deploy", "endpoint": "node1", "execution_id": 4711,
        "content": coded("boom"), "failed": True}]  # fmt: skip
TWO = [*ONE, {"step_number": 4, "step_name": "Check", "endpoint": "node2", "execution_id": 4712,
              "content": coded("fine")}]  # fmt: skip
LOG, OTHER = "3_Deploy_node1(4711).log", "4_Check_node2(4712).log"


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("attach", "outcome", "logs", "names"),
    [
        ("never", "failure", TWO, []),
        ("always", "success", ONE, [f"shop_{LOG}"]),
        ("always", "success", TWO, ["shop_logs.zip"]),
        ("on_failure", "success", TWO, []),
        ("on_failure", "failure", TWO, [f"shop_{LOG}"]),
        ("on_failure", "failure", [*TWO, {**TWO[1], "failed": True}], ["shop_logs.zip"]),
    ],
)
def test_logs_are_attached_as_the_page_says(
    service: Service, attach: str, outcome: str, logs: list[dict[str, Any]], names: list[str]
) -> None:
    service.start(notifications={"attach_logs": attach})
    sent = service.post("/v1/notifications", note(instance="shop", outcome=outcome, logs=logs))
    assert sent.status == 202, sent.raw
    found = files_of(service.mail(ANN))
    assert [name for name, _ in found] == names
    if names == ["shop_logs.zip"]:
        inside = unzipped(found[0][1])
        assert {LOG, OTHER} <= set(inside)
        assert inside[LOG] == b"boom"
    elif names:
        assert found[0][1] == b"boom"


def test_attachments_go_out_whatever_is_said_of_logs(shared: Service) -> None:
    files = [{"filename": "report.csv", "content": coded("a;b")}]
    shared.post("/v1/notifications", note(subject="Attached", attachments=files))
    assert files_of(shared.mail(ANN, "Attached")) == [("report.csv", b"a;b")]


@pytest.fixture
def templates(tmp_path: Path) -> Callable[..., str]:
    folder = tmp_path / "templates"
    folder.mkdir()

    def write(**files: str) -> str:
        for name, text in files.items():
            (folder / f"{name}.txt.j2").write_text(text)
        return str(folder)

    return write


def test_an_operator_s_template_takes_the_place_of_ours(
    service: Service, templates: Callable[..., str]
) -> None:
    path = templates(
        notification="Dear {{ address }}: {{ body_text }}", release="Version {{ version }} is out."
    )
    service.start(notifications={"templates": path})
    service.post("/v1/notifications", note())
    assert text_of(service.mail(ANN)).startswith(f"Dear {ANN}: All is well.")
    service.post("/v1/notifications", note(text="", template="release", variables={"version": "4.2"}))
    assert "Version 4.2 is out." in text_of(service.mail(ANN, count=2))


@pytest.mark.parametrize("kind", ["approvals", "notifications"])
@pytest.mark.parametrize("fault", [{"template": "nowhere"}, {"template": "release"}])
def test_a_template_that_breaks_is_422_and_nothing_is_sent(
    service: Service, templates: Callable[..., str], kind: str, fault: dict[str, str]
) -> None:
    service.start(notifications={"templates": templates(release="Version {{ version }} is out.")})
    body = note() if kind == "notifications" else {"title": "t", "approvers": [ANN]}
    before = service.get("/v1/outbox").body["items"]
    refused = service.post(f"/v1/{kind}", body | fault)
    assert refused.status == 422
    assert refused.body["errors"][0]["path"] == "template"
    assert service.get("/v1/outbox").body["items"] == before


def test_a_broken_template_file_is_a_fault_of_the_settings(
    service: Service, templates: Callable[..., str]
) -> None:
    service.start(notifications={"templates": templates()})
    templates(accepted="{{ nobody_knows_this }}")
    reloaded = service.ctl("reload")
    assert reloaded.returncode == 78
    assert "accepted.txt.j2:1" in reloaded.stderr


@pytest.mark.parametrize(
    "fault",
    [
        {"to": []},
        {"to": ["nobody"]},
        {"subject": ""},
        {"subject": "a\r\nBcc: eve@evil.example"},
        {"text": ""},
        {"cc": ["a@b@c"]},
        {"reply_to": "x"},
        {"logs": [{"content": coded("x")}]},
        {"outcome": "maybe"},
        {"two": 2},
    ],
    ids=str,
)
def test_a_faulty_notification_is_422_with_its_path(shared: Service, fault: dict[str, Any]) -> None:
    refused = shared.post("/v1/notifications", note() | fault)
    assert refused.status == 422
    assert refused.headers["content-type"] == "application/problem+json"


def test_the_same_key_never_mails_twice(shared: Service) -> None:
    first, second = (
        shared.post("/v1/notifications", note(subject="One key"), Idempotency_Key="n-1") for _ in range(2)
    )
    assert first.body == second.body
    assert shared.post("/v1/notifications", note(subject="x"), Idempotency_Key="n-1").status == 422


def test_the_command_line_does_all_of_it(shared: Service, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    done = shared.ctl(
        *(
            "notify",
            "--to",
            ANN,
            "--to",
            BEN,
            "--cc",
            CHIEF,
            "--bcc",
            HIDDEN,
            "--reply-to",
            "ops@corp.example",
        ),
        *("--subject", "By hand", "--text", "Hi", "--attach", tmp_path / "notes.txt"),
    )
    assert done.returncode == 0, done.stderr
    mail = shared.mail(HIDDEN, "By hand")
    assert (mail["To"], mail["Cc"]) == (f"{ANN}, {BEN}", CHIEF)
    assert files_of(mail) == [("notes.txt", b"hello")]
    assert shared.ctl("outbox", "show", done.stdout.strip()).returncode == 0


def test_an_event_s_template_is_used_where_there_is_one(
    service: Service, templates: Callable[..., str]
) -> None:
    service.start(notifications={"templates": templates(request_failed="It failed: {{ step }}.")})
    service.post("/v1/notifications", note(event="request_completed"))
    assert "All is well." in text_of(service.mail(ANN))
    service.post("/v1/notifications", note(event="request_failed", variables={"step": "Deploy"}))
    assert "It failed: Deploy." in text_of(service.mail(ANN, count=2))
    assert service.post("/v1/notifications", note(event="request_completed", text="")).status == 422
