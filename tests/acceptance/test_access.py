"""Who may do what on the socket, tried by a user who is not the daemon's own: the kernel says who calls."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.service import Service, reference_of
from tests.support.other_users import DAEMON, as_user, flexmailctl_as
from tests.support.process import private_directory

ALICE = "alice@corp.example"
OTHER = DAEMON


@pytest.fixture
def open_socket() -> Iterator[Path]:
    """Where other users may connect: pytest's own directories are closed to them."""
    directory = private_directory("socket")
    yield directory / "control.sock"
    shutil.rmtree(directory, ignore_errors=True)


def as_other(socket: Path, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    return as_user(OTHER, socket, method, path, body, **headers)


def started(service: Service, socket: Path, **access: Any) -> Service:
    service.socket = socket
    return service.start(control={"socket": str(socket), "mode": "0666", **access})


def test_readers_look_and_see_no_reference_they_could_answer_with(
    service: Service, open_socket: Path
) -> None:
    started(service, open_socket, admins=["root"], readers=[OTHER])
    asked = service.request(ALICE)
    mail = service.mail(ALICE)
    reference = reference_of(mail).lower()
    for path in (
        f"/v1/approvals/{asked['id']}",
        "/v1/approvals",
        "/v1/outbox",
        "/v1/status",
        "/v1/quarantine",
    ):
        status, body = as_other(open_socket, "GET", path)
        assert status == 200
        assert reference[12:] not in json.dumps(body).lower()
    assert reference in json.dumps(service.get("/v1/outbox").body), "an admin can follow a mail by its id"
    status, problem = as_other(open_socket, "POST", f"/v1/approvals/{asked['id']}/cancel")
    assert (status, problem["type"].rpartition(":")[2]) == (403, "not-permitted")


def test_raw_replies_are_for_admins(service: Service, open_socket: Path) -> None:
    started(service, open_socket, admins=["root"])
    asked = service.request(ALICE)
    service.answer(service.mail(ALICE), "Approve")
    (seen,) = service.shown(asked["id"])["replies"]
    path = f"/v1/approvals/{asked['id']}/replies/{seen['sha256']}/raw"
    assert as_other(open_socket, "GET", path)[0] == 403
    assert service.get(path).status == 200
    status, made = as_other(
        open_socket, "POST", "/v1/approvals", {"title": "t", "text": "x", "approvers": [ALICE]}
    )
    assert (status, made["state"]) == (201, "pending"), "those who are neither may ask"


def test_idempotency_keys_of_different_users_do_not_meet(service: Service, open_socket: Path) -> None:
    started(service, open_socket)
    body = {"title": "t", "text": "x", "approvers": [ALICE]}
    mine = service.post("/v1/approvals", body, Idempotency_Key="k")
    status, theirs = as_other(open_socket, "POST", "/v1/approvals", body, Idempotency_Key="k")
    assert status == 201
    assert theirs["id"] != mine.body["id"]


def test_a_socket_one_may_not_connect_to_is_77(shared: Service) -> None:
    done = flexmailctl_as(OTHER, shared.socket, "status")
    assert done.returncode == 77, done.stderr
    assert "group" in done.stderr
