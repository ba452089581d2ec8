"""Files that are sent ahead, and named by a request of the user who sent them."""

import hashlib
import http.client
import json
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from flexmaild.client import Refused
from flexmaild.engine.uploads import NoRoom, Uploads
from tests.support.daemon import Daemon, until

ALICE = "alice@corp.test"
REPORT = b"%PDF-1.7\n" + bytes(range(256)) * 4000
DIGEST = hashlib.sha256(REPORT).hexdigest()


def send(daemon: Daemon, directory: Path, data: bytes = REPORT) -> dict[str, Any]:
    path = directory / "report.pdf"
    path.write_bytes(data)
    with path.open("rb") as file:
        answer = daemon.client.call("file.send", file=file)
    assert answer.status == 201
    return dict(answer.body)


def named(digest: str = DIGEST) -> list[dict[str, str]]:
    return [{"sha256": digest, "filename": "report.pdf"}]


def test_a_file_that_was_sent_ahead_goes_with_the_request(daemon: Daemon, tmp_path: Path) -> None:
    daemon.start()
    assert send(daemon, tmp_path) == {"sha256": DIGEST, "size": len(REPORT)}
    daemon.request(ALICE, attachments=named())
    (attached,) = daemon.mail(ALICE).iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("report.pdf", "application/pdf")
    assert attached.get_content() == REPORT
    daemon.request(ALICE, attachments=named())  # it may be named again
    notified = {"to": [ALICE], "subject": "s", "text": "t", "attachments": named()}
    assert daemon.client.call("notification.send", body=notified).status == 202


def test_a_file_that_nobody_sent_is_422_and_says_where(daemon: Daemon, tmp_path: Path) -> None:
    daemon.start()
    send(daemon, tmp_path)
    with pytest.raises(Refused) as refused:
        daemon.request(ALICE, attachments=[*named(), *named("0" * 64)])
    (fault,) = refused.value.document["errors"]
    assert (refused.value.status, fault["path"]) == (422, "attachments.1.sha256")
    assert "POST /v1/files" in fault["detail"]


def test_a_file_too_large_for_a_mail_is_422(daemon: Daemon, tmp_path: Path) -> None:
    daemon.start()
    digest = send(daemon, tmp_path, b"x" * (25 * 1024 * 1024 + 1))["sha256"]
    with pytest.raises(Refused) as refused:
        daemon.request(ALICE, attachments=named(digest))
    assert refused.value.status == 422
    assert "25 MiB" in str(refused.value)


def stream(daemon: Daemon, head: bytes, *pieces: bytes) -> http.client.HTTPResponse:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    connection.connect(str(daemon.client.path))
    connection.sendall(b"POST /v1/files HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n")
    for piece in pieces:
        connection.sendall(piece)
    connection.shutdown(socket.SHUT_WR)
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response


def test_it_may_be_sent_in_chunks_and_what_is_cut_is_not_kept(daemon: Daemon) -> None:
    daemon.start()
    head = b"Transfer-Encoding: chunked\r\n"
    whole = stream(daemon, head, b"5\r\nhello\r\n", b"6\r\n world\r\n", b"0\r\n\r\n")
    assert (whole.status, hashlib.sha256(b"hello world").hexdigest().encode() in whole.read()) == (201, True)
    for cut in (
        stream(daemon, head, b"5\r\nhello\r\n"),
        stream(daemon, head, b"5\r\nhello\r\nzz\r\n"),
        stream(daemon, b"Content-Length: 9\r\n", b"hello"),
    ):
        assert cut.status == 400
    kept = [path for path in (daemon.root / "state" / "uploads").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [b"hello world"]


def test_what_is_larger_than_the_setting_is_413_before_and_while_it_comes(daemon: Daemon) -> None:
    daemon.write_settings({"files": {"max": "64KiB"}})
    daemon.start()
    declared = stream(daemon, b"Content-Length: 65537\r\nExpect: 100-continue\r\n")
    assert (declared.status, b"files.max" in declared.read()) == (413, True)
    piece = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    assert stream(daemon, b"Transfer-Encoding: chunked\r\n", piece, piece, piece).status == 413
    assert stream(daemon, b"Transfer-Encoding: chunked\r\n", piece, piece, b"0\r\n\r\n").status == 201


def test_a_hundred_files_may_wait_to_be_named(daemon: Daemon, tmp_path: Path) -> None:
    daemon.start()
    digests = [send(daemon, tmp_path, b"%d" % n)["sha256"] for n in range(100)]
    with pytest.raises(Refused) as refused:
        send(daemon, tmp_path, b"one more")
    assert refused.value.status == 507
    daemon.request(ALICE, attachments=named(digests[0]))
    send(daemon, tmp_path, b"one more")


def test_what_was_not_sent_or_named_for_an_hour_is_deleted(daemon: Daemon, tmp_path: Path) -> None:
    daemon.start()
    send(daemon, tmp_path)
    send(daemon, tmp_path, b"another")
    daemon.request(ALICE, attachments=named())
    uploads, uid = Uploads(daemon.root / "state" / "uploads"), os.geteuid()
    now = (daemon.root / "state" / "uploads" / str(uid) / "named" / DIGEST).stat().st_mtime
    uploads.prune(now + 3500)
    assert uploads.size(uid, DIGEST) == len(REPORT)
    uploads.prune(now + 3700)
    assert uploads.size(uid, DIGEST) is None
    with pytest.raises(Refused):
        daemon.request(ALICE, attachments=named())


def test_what_the_store_needs_of_the_disk_is_no_room_for_files(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    full, roomy = (Uploads(tmp_path / "uploads", reserve) for reserve in (free * 2, 0))
    coming = full.begin(1)
    with pytest.raises(NoRoom, match="disk"):
        coming.write(b"x")
    coming.abandon()
    coming = roomy.begin(1)
    coming.write(b"x")
    assert roomy.size(1, coming.finish()) == 1


def test_a_file_that_is_sent_encoded_is_refused(daemon: Daemon) -> None:
    """What would be kept are not the bytes of the file (RFC 9112 section 6.1)."""
    daemon.start()
    for coding in (b"gzip, chunked", b"chunked, chunked", b"identity"):
        answer = stream(daemon, b"Transfer-Encoding: " + coding + b"\r\n", b"0\r\n\r\n")
        assert answer.status in (400, 501), coding
    assert not [path for path in (daemon.root / "state" / "uploads").rglob("*") if path.is_file()]


def test_a_refusal_is_read_by_a_client_that_is_still_sending(daemon: Daemon, tmp_path: Path) -> None:
    """Far more than is taken and thrown away behind the answer."""
    daemon.write_settings({"files": {"max": "64KiB"}})
    daemon.start()
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(200 * 1024**3)
    with path.open("rb") as file, pytest.raises(Refused) as refused:
        daemon.client.call("file.send", file=file)
    assert refused.value.status == 413


@pytest.mark.parametrize("spoilt", ["", "0"], ids=["the directory", "the user's"])
def test_a_directory_that_cannot_be_used_is_told_and_is_no_bug(
    daemon: Daemon, tmp_path: Path, spoilt: str
) -> None:
    daemon.start()
    place = daemon.root / "state" / "uploads" / spoilt.replace("0", str(os.geteuid()))
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"")
    with pytest.raises(Refused) as refused:
        send(daemon, tmp_path)
    assert (refused.value.status, refused.value.kind) == (503, "files")
    assert str(place) in str(refused.value) and refused.value.document["cure"]
    with pytest.raises(Refused):
        daemon.request(ALICE, attachments=named())
    assert "Traceback" not in daemon.log.read_text()
    place.unlink()
    send(daemon, tmp_path)


def test_a_file_that_goes_while_it_comes_is_told_and_costs_no_room(daemon: Daemon, tmp_path: Path) -> None:
    """Somebody cleans up, or the clock jumps ahead."""
    daemon.start()
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    connection.connect(str(daemon.client.path))
    with connection:
        connection.sendall(b"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        coming = daemon.root / "state" / "uploads" / str(os.geteuid())
        (part,) = until(lambda: list(coming.glob("*.part")), "a file that comes")
        part.unlink()
        connection.sendall(b"b")
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert (response.status, json.loads(response.read())["type"]) == (503, "urn:flexmaild:problem:files")
    assert "Traceback" not in daemon.log.read_text()
    send(daemon, tmp_path)


def test_what_was_still_coming_when_a_daemon_died_takes_no_place(daemon: Daemon, tmp_path: Path) -> None:
    place = daemon.root / "state" / "uploads" / str(os.geteuid())
    daemon.start()
    send(daemon, tmp_path)
    daemon.stop()
    part = place / "0123456789abcdef.part"
    part.write_bytes(b"half")
    daemon.start()
    assert not part.exists() and (place / DIGEST).exists()


def test_a_file_of_a_request_that_was_refused_still_counts(daemon: Daemon, tmp_path: Path) -> None:
    daemon.start()
    digests = [send(daemon, tmp_path, b"%d" % n)["sha256"] for n in range(100)]
    for digest in digests[:3]:
        with pytest.raises(Refused):
            daemon.request(attachments=named(digest))  # nobody is asked
    with pytest.raises(Refused) as refused:
        send(daemon, tmp_path, b"one more")
    assert refused.value.status == 507
