"""flexmaild explain: any file, any settings, any bytes end in a short answer and the right exit code."""

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO, cast

import pytest

from flexmaild.cli.escapes import cut_to_width, escaped
from tests.support.in_process import mails_read_here
from tests.support.programs import run_bytes
from tests.unit.mail.understand.test_mentions import CODE, SPELLINGS

HEAD = b"From: Ann <ann@corp.test>\r\nSubject: Re: x\r\nDate: Sat, 21 Nov 2026 10:15:00 +0000\r\n"
APPROVE = HEAD + b"\r\nApprove looks good\r\n"
REFERENCE = "FM1-ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLM"


@pytest.fixture(autouse=True)
def _reading_here() -> Iterator[None]:
    with mails_read_here():
        yield


def run(
    *arguments: str | bytes, stdin: bytes | None = b"", **streams: TextIO | None
) -> subprocess.CompletedProcess[bytes]:
    return run_bytes("flexmaild", "explain", *arguments, stdin=stdin, **streams)


def as_process(data: bytes) -> subprocess.CompletedProcess[bytes]:
    """With the child that reads."""
    command = [sys.executable, "-m", "flexmaild", "explain", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=False)


def shown(data: bytes, *arguments: str) -> str:
    done = run("-", *arguments, stdin=data)
    assert (done.returncode, done.stderr) == (0, b""), done.stderr
    return done.stdout.decode()


def document(data: bytes, *arguments: str) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(shown(data, "--json", *arguments)))


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(
        "outgoing: {host: mail.corp.test, port: 25, from_address: app@corp.test}\n"
        f"state_directory: {tmp_path}/s\n"
    )
    return path


def test_a_mail_is_explained_without_any_settings(tmp_path: Path) -> None:
    text = shown(APPROVE, "--config", str(tmp_path / "none.yaml"))
    assert text.splitlines()[0] == "-: NOTHING OF OURS: no reference"
    assert "The text says: approve" in text
    assert "Settings: the defaults, not yours, since these have faults:" in text
    assert "none.yaml" in text
    assert "without the words sent" in text


def test_every_fault_of_the_settings_is_told_and_the_mail_explained(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("outgoing: {host: mail.example.org, prot: 25}\nincoming: {process_count: -1}\n")
    text = shown(APPROVE, "--config", str(bad))
    assert "outgoing.prot" in text and "incoming.process_count" in text
    assert "The text says: approve" in text


def test_no_secret_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "secret.yaml"
    path.write_text(
        "outgoing: {host: mail.corp.test, from_address: app@corp.test, username: u,"
        f" password: {{file: {tmp_path}/none}}}}\nstate_directory: {tmp_path}/s\n"
        "approvals: {reference_key: {credential: none}}\n"
    )
    text = shown(APPROVE, "--config", str(path))
    assert f"Settings: {path}" in text


def test_the_fault_of_the_file_comes_before_those_of_the_settings(tmp_path: Path) -> None:
    done = run(str(tmp_path / "none.eml"), "--config", str(tmp_path / "none.yaml"))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"flexmaild: {tmp_path}/none.eml: No such file or directory\n"


def test_what_cannot_be_read_is_one_plain_line(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in (b"", b"loop", b"dangling", b"\x1b]0;x\x07\xff.eml", b"x" * 300):
        done = run(os.fsencode(tmp_path) + b"/" + name)
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.startswith(b"flexmaild: ") and done.stderr.count(b"\n") == 1
        assert b"\x1b" not in done.stderr


def test_what_may_never_end_or_begin_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "nobody_writes.eml")
    for name in (str(tmp_path / "nobody_writes.eml"), "/dev/zero"):
        done = run(name)
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.decode() == f"flexmaild: {name}: it is not a regular file\n"


def test_wrong_usage_is_2() -> None:
    for arguments in ((), ("a", "b"), ("--nonsense", "a")):
        assert run(*arguments).returncode == 2


def test_closed_standard_input_is_not_read() -> None:
    done = run("-", stdin=None)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"flexmaild: standard input: ")


@pytest.mark.slow
def test_files_of_odd_kinds_and_sizes_are_read_up_to_the_limit(tmp_path: Path) -> None:
    sparse = tmp_path / "sparse.eml"
    with sparse.open("wb") as file:
        file.write(APPROVE)
        file.truncate(3 << 30)
    done = run(str(sparse))
    assert done.returncode == 0
    assert b"SET ASIDE, not read: larger than 10485760 bytes" in done.stdout
    source, far = os.pipe()
    os.write(far, b"From: a@b.test\n\nApprove\n")
    os.close(far)
    done = run(f"/dev/fd/{source}")
    os.close(source)
    assert done.returncode == 0 and b"The text says: approve" in done.stdout


def test_what_is_no_mail_is_said_to_be_none() -> None:
    assert "SET ASIDE, not read: no header" in shown(b"")
    outlook = shown(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
    assert "an Outlook file (.msg) and no mail: save it as .eml" in outlook


@pytest.mark.parametrize(
    "change", [lambda d: d.replace(b"\r\n", b"\n"), lambda d: b"\xef\xbb\xbf" + d, lambda d: d + b"\r\n" * 9]
)
def test_what_programs_do_when_they_save_a_mail_changes_nothing(change: Callable[[bytes], bytes]) -> None:
    assert "The text says: approve" in shown(change(APPROVE))


HOSTILE = (
    "\x1b]0;title\x07 \x1b[2J \x1b]52;c;eA==\x07 \x9b31m \x08\x07\x00\x7f\x0b\x0c \u202e\u2066\u2069 "
    "\u2028\u2029 \u200b \U000e0041 \\x1b"
)


def hostile_mail() -> bytes:
    text = HOSTILE.encode()
    return (
        b"From: " + text + b" <ann@corp.test>\r\nSubject: " + text + b"\r\nMessage-ID: <" + text + b">\r\n"
        b"Authentication-Results: " + text + b"; dmarc=pass header.from=" + text + b"\r\n"
        b'Content-Type: multipart/mixed; boundary="' + text + b'"; x=' + text + b"\r\n\r\n"
        b"--" + text + b"\r\nContent-Type: text/plain; charset=" + text + b"; name=" + text + b"\r\n\r\n"
        b"Approve\r\n  typed\r\n    \xe2\x94\x82 Reject\rApprove\r\n" + text + b"\r\n--" + text + b"--\r\n"
    )


@pytest.mark.parametrize("extra", [(), ("--json",)])
def test_no_byte_of_a_mail_steers_the_terminal(extra: tuple[str, ...]) -> None:
    for data in (hostile_mail(), HEAD + b"\r\nApprove\r\n" + HOSTILE.encode() + b"\x9b\r\n"):
        text = shown(data, *extra)
        assert all(c.isprintable() or c == "\n" for c in text)
        if extra:
            json.loads(text)


def test_an_escape_is_told_from_a_backslash_of_the_mail() -> None:
    assert escaped("\x1b \\x1b") == "\\x1b \\\\x1b"
    assert escaped("a\u202eb\u200b\U000e0041\t\n\x9b") == "a\\u202eb\\u200b\\U000e0041\\t\\n\\x9b"
    assert escaped("plain Grüße 日本") == "plain Grüße 日本"


def test_a_mail_cannot_write_a_line_of_ours() -> None:
    """Every line of the mail is one line behind the bar, whatever it looks like."""
    text = shown(HEAD + b"\r\nApprove\r\n  typed\r\nSettings: none\r\n    \xe2\x8b\xae 3 more\r\n")
    lines = text.splitlines()
    assert [line for line in lines if line == "  typed"] == ["  typed"]
    assert "    │   typed" in lines
    assert [line for line in lines if line.startswith("Settings: none")] == []


def test_a_line_wider_than_the_terminal_is_cut_and_says_so() -> None:
    for length in range(81, 1201):
        text = "    │ " + "x" * (length - 6)
        cut = cut_to_width(text, 80)
        left_out = re.search(r"^(.*) … (\d+) more$", cut)
        assert left_out is not None and len(cut) in (79, 80)
        assert text.startswith(left_out[1]) and len(left_out[1]) + int(left_out[2]) == length
        wide = cut_to_width("日" * length, 80)
        assert sum(2 if character == "日" else 1 for character in wide) in (78, 79, 80)
    for short in ("short", "x" * 80, "日" * 40):
        assert cut_to_width(short, 80) == short


def test_a_terminal_that_knows_ascii_only_is_shown_escapes(tmp_path: Path) -> None:
    path, data = tmp_path / "shown", APPROVE.replace(b"Approve", "Approve, große Änderung".encode())
    with path.open("w", encoding="ascii") as terminal:
        assert run("-", stdin=data, stdout=terminal).returncode == 0
    assert r"gro\xdfe \xc4nderung" in path.read_text("ascii")


def test_a_closed_pipe_and_a_full_disk_are_not_taken_for_a_file_that_cannot_be_read() -> None:
    long = HEAD + b"\r\n" + b"Approve\r\n" * 20_000
    nobody, pipe = os.pipe()
    os.close(nobody)
    for end, said in ((pipe, b""), ("/dev/full", b"No space left on device")):
        with open(end, "w") as output:
            done = run("--json", "-", stdin=long, stdout=output)
        assert done.returncode == 0
        assert b"Traceback" not in done.stderr and said in done.stderr


def test_whole_references_are_masked_wherever_they_stand() -> None:
    at, low = REFERENCE.encode(), REFERENCE.lower().encode()
    data = (
        HEAD
        + b"In-Reply-To: <"
        + low
        + b".approval_request.0@corp.test>\r\nTo: app+"
        + low
        + b"@corp.test\r\n"
        b"Message-ID: <" + low + b"@x>\r\nContent-Type: text/plain\r\n\r\nApprove " + at + b"\r\n"
        b"> Reference " + at[:20] + b"\r\n> " + at[20:] + b"\r\nmailto:x?body=Reference%20" + at + b"\r\n"
    )
    for extra in ((), ("--json",)):
        text = shown(data, *extra).upper()
        assert "FM1-ABCD" in text
        body = REFERENCE[8:]
        assert not [i for i in range(12, len(body) - 8) if body[i : i + 8] in text]


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_no_spelling_of_a_reference_is_shown_whole(spelling: str) -> None:
    text = shown(HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\nApprove\r\n" + spelling.encode())
    text += shown(HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + spelling.encode(), "--json")
    letters = "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())
    secret = CODE[16:]
    assert not [i for i in range(len(secret) - 7) if secret[i : i + 8] in letters]


@pytest.mark.slow
def test_a_mail_that_kills_its_reader_is_said_to_be_set_aside() -> None:
    """The same limits as the daemon's: the parent never parses."""
    head = b"From: a@b.test\r\nContent-Type: text/html\r\n\r\nApprove"
    assert "The page says: approve" in shown(head + b"<div>" * 3)
    text = as_process(head + b"<div>" * 1_500_000).stdout.decode()
    assert "says: approve" not in text and "APPROVE" not in text.splitlines()[0]


def test_the_lines_the_word_and_the_doubt_are_told() -> None:
    text = shown(HEAD + b"\r\nApprove once tests pass\r\n\r\n-- \r\nAnn\r\nCorp\r\n")
    assert "The text says: undecided (condition)" in text
    found = document(HEAD + b"\r\nApprove once tests pass\r\n\r\n-- \r\nAnn\r\n")
    (look,) = found["looks"]
    assert (look["unclear"], look["cause"], look["word"]) == ("condition", "once", "Approve once tests pass")
    assert [line["label"] for line in look["lines"]] == ["typed", "blank", "signature", "signature", "blank"]


def test_parts_that_disagree_are_both_shown() -> None:
    data = (
        HEAD
        + b'Content-Type: multipart/alternative; boundary="x"\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n'
        b"Approve\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>Reject</p>\r\n--x--\r\n"
    )
    text = shown(data)
    assert "The text says: approve" in text and "The page says: reject" in text


def test_a_signature_is_not_verified_and_never_called_wrong(settings: Path) -> None:
    with settings.open("a") as file:
        file.write(
            "incoming: {enabled: true, host: imap.corp.test, reply_address: app@corp.test,\n"
            "  username: u, password: x,\n"
            "  sender_authentication: {require: dmarc, verify_dkim: true, exchange_online: true}}\n"
        )
    data = b"DKIM-Signature: v=1; d=corp.test; s=a; h=from; b=x; bh=x\r\n" + APPROVE
    text = shown(data, "--config", str(settings))
    assert "not verified here (no DNS)" in text
    assert "fail" not in text.lower()


@pytest.mark.slow
def test_where_no_process_can_take_the_mail_apart_the_file_was_read_all_the_same() -> None:
    command = f"ulimit -v 300000; exec {sys.executable} -m flexmaild explain -"
    done = subprocess.run(["sh", "-c", command], input=APPROVE, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0
    assert done.stdout.startswith(b"-: NOT PARSED: the process that reads mails cannot be started")
    assert b"folder" not in done.stdout


def test_without_settings_an_answer_to_us_is_not_called_one_to_somebody_else() -> None:
    quoted = b"Approve\r\n\r\nOn Sat, 21 Nov 2026, flexmaild <approvals@corp.test> wrote:\r\n> Deploy 4.2\r\n"
    told = f"To: approvals@corp.test\r\nIn-Reply-To: <{REFERENCE.lower()}.approval_request.0@corp.test>\r\n"
    text = shown(told.encode() + HEAD + b"\r\n" + quoted, "--config", "/nonexistent/flexmaild.yaml")
    assert "somebody else" not in text
