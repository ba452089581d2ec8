"""The client at a socket where somebody else listens, or somebody who only says that it is flexmaild."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flexmaild.api import validation
from flexmaild.client import Client, Refused, Unreachable
from tests.support.stranger import JSON, OK, OURS, Stranger


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stranger]:
    monkeypatch.chdir(tmp_path)  # a path of pytest's can be too long for a socket
    found = Stranger(Path("s"))
    yield found
    found.close()


def told(stranger: Stranger, command: str = "status", **given: Any) -> str:
    with pytest.raises(Unreachable) as fault:
        Client(stranger.path).call(command, timeout=60, path={"id": "x", "sha256": "0"}, **given)
    return str(fault.value)


@pytest.mark.parametrize(
    ("came", "what"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", 'it sent "SSH-2.0-OpenSSH_9.2p1 Debian"'),
        (b"login: ", 'it sent "login: "'),
        (b"\x1b[2J\xff\x00", 'it sent "\x1b[2J\\xff\x00"'),
        (b"HTTP/2 200\r\n\r\n", 'it sent "HTTP/2 200"'),
        (b"HTTP/1.1 200" + b"0" * 500 + b"\r\n\r\n", 'it sent "HTTP/1.1 200' + "0" * 68 + '…"'),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 3, 'it sent "HTTP/1.1 100 Continue"'),
        (b"HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", 'it sent "HTTP/1.1 301 Moved"'),
        (b"HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n", 'it answered "HTTP/1.1 200 OK" as nginx'),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", 'it answered "HTTP/1.1 404 Not Found"'),
        (OK + b"X-A: b\r\n" * 300 + b"\r\n", 'it answered "HTTP/1.1 200 OK" and got more than 100 headers'),
        (OK + b"X" * 70_000, 'it answered "HTTP/1.1 200 OK" and a head of more than 65536 bytes'),
        (OK + OURS + JSON + b"\r\n{", "it answered with a body of no declared length"),
        (OK + OURS + b"Content-Length: 1e9\r\n\r\n", "it answered with a body of 1e9 bytes"),
        (OK + OURS + b"Content-Length: -1\r\n\r\n", "it answered with a body of -1 bytes"),
        (
            OK + OURS + b"Content-Length: 999999999999\r\n\r\n",
            "it answered with a body of 999999999999 bytes",
        ),
    ],
)
def test_a_stranger_is_known_by_what_it_says_first(stranger: Stranger, came: bytes, what: str) -> None:
    """Though it says no more and stays: nothing waits for the rest."""
    stranger.says(came)
    assert told(stranger) == f"what answers at s is not flexmaild: {what}"


@pytest.mark.parametrize(
    ("kind", "body", "what"),
    [
        (b"text/html", b"<h1>It works</h1>", "it answered with text/html in place of application/json"),
        (b"application/json", b"<h1>\x1b", 'its answer is not JSON: "<h1>\x1b"'),
        (b"application/json", b"", 'its answer is not JSON: ""'),
        (b"application/json", b"\xff\xfe", 'its answer is not JSON: "\\xff\\xfe"'),
        (b"application/json", b"[" * 100_000, 'its answer is not JSON: "' + "[" * 80 + '…"'),
        (b"application/json", b"9" * 5_000, 'its answer is not JSON: "' + "9" * 80 + '…"'),
        (b"application/json", b"[1]", 'its answer is not a JSON object: "[1]"'),
        (b"application/json", b"null", 'its answer is not a JSON object: "null"'),
    ],
)
def test_a_body_that_cannot_be_ours_is_told(stranger: Stranger, kind: bytes, body: bytes, what: str) -> None:
    length = b"Content-Length: %d\r\n" % len(body)
    stranger.says(OK + OURS + b"Content-Type: " + kind + b"\r\n" + length + b"\r\n", body)
    assert told(stranger) == f"what answers at s is not flexmaild: {what}"


def test_bytes_are_taken_only_as_what_was_asked_for(stranger: Stranger) -> None:
    stranger.says(OK + OURS + JSON + b"Content-Length: 2\r\n\r\n{}")
    what = "it answered with application/json in place of message/rfc822"
    assert told(stranger, "approval.reply") == f"what answers at s is not flexmaild: {what}"


@pytest.mark.parametrize("errors", [1, ["x"], {"path": "x"}])
def test_a_refusal_that_is_none_of_ours_is_told(stranger: Stranger, errors: object) -> None:
    body = json.dumps({"errors": errors}).encode()
    kind = b"Content-Type: application/problem+json\r\n"
    head = b"HTTP/1.1 422 No\r\n" + OURS + kind + b"Content-Length: %d\r\n\r\n" % len(body)
    stranger.says(head + body)
    what = "the errors it names are no JSON objects"
    assert told(stranger) == f"what answers at s is not flexmaild: {what}"


def test_one_that_was_turned_away_before_it_was_heard_is_refused(stranger: Stranger) -> None:
    stranger.says(b"HTTP/1.1 503 Busy\r\n" + OURS + b"Content-Length: 0\r\n\r\n")
    with pytest.raises(Refused, match="Busy") as fault:
        Client(stranger.path).call("status", timeout=60)
    assert fault.value.status == 503


def test_a_member_that_is_missing_is_told_where_it_is_needed(stranger: Stranger) -> None:
    stranger.says(OK + OURS + JSON + b'Content-Length: 14\r\n\r\n{"a": {"b":1}}')
    body = Client(stranger.path).call("status", timeout=60).body
    assert body == {"a": {"b": 1}} and body.get("c") is None
    for part in (body, body["a"]):
        with pytest.raises(Unreachable, match="what answers at s is not flexmaild: its answer has no 'c'"):
            part["c"]


@pytest.mark.parametrize(
    ("came", "what"),
    [
        (b"", "it sent nothing"),
        (b"HTTP/1.1 2", 'it sent "HTTP/1.1 2" and no more'),
        (OK + OURS + JSON + b"Content-Length: 9\r\n\r\n{}", "2 of 9 bytes came"),
    ],
)
def test_an_answer_that_breaks_off_is_told(stranger: Stranger, came: bytes, what: str) -> None:
    stranger.says(came, closes=True)
    assert told(stranger) == f"s broke off before it answered ({what})"


@pytest.mark.parametrize("head", [OK, OK + OURS + JSON + b"Content-Length: 1000\r\n\r\n"])
def test_the_time_limit_is_of_the_whole_answer(stranger: Stranger, head: bytes) -> None:
    def drips(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(100):
            connection.sendall(b" ")
            stranger.gone.wait(0.05)

    stranger.talk = drips
    with pytest.raises(Unreachable, match="no answer from s within 0"):
        Client(stranger.path).call("status", timeout=0.3)


def test_the_time_limit_is_of_the_request_too(stranger: Stranger) -> None:
    def sips(connection: socket.socket) -> None:
        for _ in range(100):
            connection.recv(50_000)
            stranger.gone.wait(0.05)

    stranger.talk = sips
    with pytest.raises(Unreachable, match="no answer from s within 0"):
        Client(stranger.path).call("approval.request", body={"title": "x" * 30_000_000}, timeout=0.3)


def test_of_more_faults_than_are_told_it_is_still_one() -> None:
    fault = validation.misfit("Approvals", {"items": [{}] * validation.MOST})
    assert fault and (fault.path, fault.detail) == ("items.0.id", "is missing")
