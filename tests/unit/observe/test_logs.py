"""One event is one line, on whatever way out, whoever said it; and saying it never waits and never leaks."""

import fcntl
import json
import logging
import os
import pty
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.core.errors import Reason, TryLater
from flexmaild.observe import formatter, logs
from flexmaild.observe.log_writers import log_writer
from flexmaild.system.redaction import Redactor
from tests.support.examples import examples

CANARY = "Tr0ub4dor-and-3"


class Log:
    """A running log that writes into a file."""

    def __init__(self, path: Path, level: logs.Level = "debug", style: logs.Format = "json") -> None:
        self.path = path
        self.redactor = Redactor()
        self.redactor.register(CANARY)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.logs = logs.start(level, style, self.redactor, descriptor=self._descriptor)

    def end(self) -> list[str]:
        """Close it and give the lines."""
        self.logs.close()
        os.close(self._descriptor)
        return (
            self.path.read_bytes()
            .decode("ascii" if b"{" in self.path.read_bytes()[:1] else "utf-8")
            .splitlines()
        )

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.end()]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path / "log")
    yield log
    log.logs.close()


def say(name: str = "loop") -> Any:
    return structlog.get_logger(name)


def test_an_event_is_one_json_object_on_a_line(log: Log) -> None:
    """Time, level, component and event come first, then the keys as given."""
    say().info("poll_ended", messages=3, took=0.25, reasons=["a"], path=Path("/x"), why=Reason.TLS, none=None)
    (event,) = log.events()
    assert list(event)[:4] == ["time", "level", "component", "event"]
    assert event.pop("time").endswith("Z")
    assert event == {
        "level": "info",
        "component": "loop",
        "event": "poll_ended",
        "messages": 3,
        "took": 0.25,
        "reasons": ["a"],
        "path": "/x",
        "why": "tls",
        "none": None,
    }


def test_a_logger_made_before_the_start_follows_it(tmp_path: Path) -> None:
    """Modules make their logger when they are imported, which is before anything is set up."""
    early = structlog.get_logger("early")
    log = Log(tmp_path / "log")
    early.info("hello")
    assert [e["component"] for e in log.events()] == ["early"]


def test_libraries_speak_by_the_same_way(log: Log) -> None:
    """What msal or requests say through logging passes the same chain, secrets and all."""
    logging.getLogger("requests.session").debug("GET %s", f"/?access_token={CANARY}&x=1")
    unfit = {"name": "msal", "levelno": logging.WARNING, "msg": "bad format %d", "args": ("x",)}
    logs._Bridge().emit(logging.makeLogRecord(unfit))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn_explicit("old", DeprecationWarning, "x.py", 1)
    first, second, third = log.events()
    assert (first["level"], first["component"]) == ("debug", "requests.session")
    assert CANARY not in str(first) and "access_token=***" in first["event"]
    assert second["event"] == "bad format %d"
    assert third["component"] == "py.warnings"


def test_libraries_that_would_show_mails_are_kept_quiet(log: Log) -> None:
    """SQL parameters and IMAP literals are mail bodies, request lines hold tokens: they never show."""
    logging.getLogger("sqlalchemy.engine").info("INSERT body")
    logging.getLogger("imapclient.imaplib").debug("literal")
    logging.getLogger("urllib3.connectionpool").debug("PUT /upload?token")
    logging.getLogger("imapclient").warning("hm")
    assert [e["event"] for e in log.events()] == ["hm"]


def test_the_level_changes_at_run_time(tmp_path: Path) -> None:
    """A changed level holds at once, for our events and for libraries'."""
    log = Log(tmp_path / "log", "warning")
    say().info("1")
    log.logs.set_level("debug")
    say().debug("2")
    logging.getLogger("requests").debug("3")
    log.logs.set_level("error")
    say().warning("4")
    say().exception("5")
    assert [e["event"] for e in log.events()] == ["2", "3", "5"]


def test_a_passing_level_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A level set for a time gives way to the one before it, without anybody's doing."""
    log = Log(tmp_path / "log", "info")
    log.logs.set_level("debug", seconds=600)
    assert log.logs.level == "debug"
    say().debug("1")
    now = logs.time.monotonic()
    monkeypatch.setattr(logs.time, "monotonic", lambda: now + 601)
    say().debug("2")
    assert log.logs.level == "info"
    assert [e["event"] for e in log.events()] == ["1"]


def leak_everywhere() -> None:
    """Say the canary in every way there is."""
    say().info(CANARY, key=CANARY, nested={"a": [{CANARY: (CANARY, {CANARY})}]}, **{CANARY: 1})
    say().info(
        "failed", failure=TryLater(Reason.AUTH, f"login {CANARY}", answer=CANARY), raw=b"x" + CANARY.encode()
    )
    say().info("keys", password="short", smtp_password=["x", "y"], headers={"Authorization": "Basic abc"})
    structlog.contextvars.bind_contextvars(bound=CANARY)
    say().info("bound")
    structlog.contextvars.clear_contextvars()
    try:
        raise ValueError(f"bad value {CANARY}") from KeyError(CANARY)
    except ValueError:
        say().exception("trace")
        logging.getLogger("requests").exception("trace %s", CANARY)
    thread = threading.Thread(target=lambda: {}[CANARY], name=CANARY)
    thread.start()
    thread.join()
    sys.excepthook(ValueError, ValueError(CANARY), None)


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_secret_gets_out_on_no_way(
    tmp_path: Path, style: logs.Format, capfd: pytest.CaptureFixture[str]
) -> None:
    """Keys, values, nested, context, libraries, tracebacks, uncaught exceptions: the canary is in none."""
    log = Log(tmp_path / "log", "debug", style)
    leak_everywhere()
    text = "\n".join(log.end())
    assert "Tr0ub4dor" not in text and "short" not in text and "Basic abc" not in text
    assert text.count("uncaught_exception") == 2 and text.count("ValueError") >= 2
    assert "Tr0ub4dor" not in "".join(capfd.readouterr())


class Textless:
    def __str__(self) -> str:
        raise RuntimeError("no")


HOSTILE = [
    "subject\nlevel=error event=forged",
    "\x1b]0;title\x07\x1b[31m",
    "\u202egnp.exe",
    "x" * 1_000_000,
    {"deep": [[[[[[["x"]]]]]]]},
    Textless(),
    10**5000,
    float("nan"),
    "\ud800",
    {1: 2, None: Textless()},
    [0] * 10_000,
]


@pytest.mark.parametrize("style", ["json", "console", "journald"])
@pytest.mark.parametrize("value", HOSTILE, ids=lambda v: type(v).__name__)
def test_a_hostile_value_is_one_short_line(tmp_path: Path, style: logs.Format, value: object) -> None:
    """Whatever is logged, it is one line of printable characters within the limit."""
    log = Log(tmp_path / "log", "debug", style)
    say().info("mail", subject=value, again=value)
    (line,) = log.end()
    assert line.isprintable() and len(line.encode()) <= formatter.LINE_LIMIT


@given(
    st.dictionaries(
        st.text(max_size=80), st.recursive(st.text() | st.integers() | st.binary(), st.lists), max_size=30
    )
)
@examples(60)
def test_every_form_of_any_event_is_one_line(event: dict[str, Any]) -> None:
    """For any keys and values: one line, at most LINE_LIMIT bytes, and JSON that reads back."""
    safe = formatter.safe({**event, "time": "t", "level": "info", "event": "e", "component": "c"}, Redactor())
    for form in (
        formatter.as_json,
        formatter.as_plain,
        formatter.as_coloured,
        formatter.as_kernel_line,
        formatter.as_journal,
    ):
        line = formatter.fitted(safe, form)
        assert len(line) <= formatter.LINE_LIMIT
        text = line.decode()
        if form is formatter.as_journal:
            assert all("=" in field for field in text.splitlines())
        else:
            assert text.replace("\x1b", "").isprintable()
    json.loads(formatter.fitted(safe, formatter.as_json))


def test_what_is_too_long_says_so(log: Log) -> None:
    """A line over the limit loses its longest values and tells how many; a traceback keeps its end."""
    say().info("big", **{f"k{n}": "é" * 250 for n in range(30)}, small=1)
    try:
        raise ValueError("the end")
    except ValueError as error:
        error.add_note("n" * 5000 + "\nlast words")
        say().exception("trace")
    big, trace = log.events()
    assert big["cut"] > 20 and big["small"] == 1
    assert trace["exception"].startswith("...") and trace["exception"].endswith("last words")


def test_a_blocked_stream_blocks_nobody(tmp_path: Path) -> None:
    """Nobody reads the pipe: every event is taken or dropped at once, and the loss is told later."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    log = logs.start("info", "json", Redactor(), descriptor=writing)
    number = logs.QUEUE_EVENTS + 500
    for n in range(number):
        say().info("event", n=n, filling="x" * 200)
    assert 0 < log.dropped <= 500
    dropped = log.dropped
    text: list[bytes] = []
    reader = threading.Thread(target=lambda: text.extend(iter(lambda: os.read(reading, 65536), b"")))
    reader.start()
    log.close()
    os.close(writing)
    reader.join()
    os.close(reading)
    events = [json.loads(line) for line in b"".join(text).splitlines()]
    assert sum(e["event"] == "event" for e in events) == number - dropped
    assert [e["lost"] for e in events if e["event"] == "log_events_dropped"] == [dropped]


def test_a_non_blocking_stream_loses_nothing(tmp_path: Path) -> None:
    """Whoever shares standard error may have made it non-blocking; lines are still whole."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writing, False)
    log = logs.start("info", "json", Redactor(), descriptor=writing)
    text: list[bytes] = []
    reader = threading.Thread(target=lambda: text.extend(iter(lambda: os.read(reading, 1000), b"")))
    for n in range(200):
        say().info("event", n=n)
    reader.start()
    log.close()
    os.close(writing)
    reader.join()
    os.close(reading)
    assert [json.loads(line)["n"] for line in b"".join(text).splitlines()] == list(range(200))


def test_closing_gives_everything_back(tmp_path: Path) -> None:
    """After the end, structlog, logging and the hooks are as before."""
    before = (
        logging.getLogger().handlers[:],
        logging.getLogger().level,
        sys.excepthook,
        threading.excepthook,
    )
    Log(tmp_path / "log").end()
    assert (
        logging.getLogger().handlers[:],
        logging.getLogger().level,
        sys.excepthook,
        threading.excepthook,
    ) == before
    assert not structlog.is_configured()


# The ways out.


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    path = str(tmp_path / "journal.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(path)
        receiver.settimeout(20)
        yield path, receiver


def written(write: Callable[[formatter.Event], None], path: Path) -> str:
    write(
        {
            "time": "t",
            "level": "warning",
            "component": "loop",
            "event": "hello",
            "approval_id": "ap-1",
            "n": 2,
        }
    )
    return path.read_text()


def test_under_systemd_the_journal_gets_fields(
    tmp_path: Path, journal: tuple[str, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard error is the journal's stream: entries go to its socket, so that keys become fields."""
    with (tmp_path / "err").open("wb") as stream:
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        assert written(log_writer("auto", stream.fileno(), journal[0]), tmp_path / "err") == ""
    fields = dict(line.split("=", 1) for line in journal[1].recv(65536).decode().splitlines())
    assert fields == {
        "MESSAGE": "loop: hello approval_id=ap-1 n=2",
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "flexmaild",
        "FLEXMAILD_COMPONENT": "loop",
        "FLEXMAILD_EVENT": "hello",
        "FLEXMAILD_APPROVAL_ID": "ap-1",
        "FLEXMAILD_N": "2",
    }


def test_without_the_journal_s_socket_its_stream_gets_the_line(tmp_path: Path) -> None:
    """The journal cannot be reached: the line goes to standard error with its priority."""
    with (tmp_path / "err").open("wb") as stream:
        text = written(log_writer("journald", stream.fileno(), str(tmp_path / "absent")), tmp_path / "err")
    assert text == "<4>loop: hello approval_id=ap-1 n=2\n"


def test_a_redirected_stream_is_not_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable alone is inherited by children whose standard error goes elsewhere."""
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    with (tmp_path / "err").open("wb") as stream:
        text = written(log_writer("auto", stream.fileno(), str(tmp_path / "absent")), tmp_path / "err")
    assert json.loads(text)["event"] == "hello"


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_gets_colours_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool
) -> None:
    """On a terminal people read lines, in colours where NO_COLOR does not forbid them."""
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    master, slave = pty.openpty()
    log_writer("auto", slave)({"time": "t", "level": "error", "event": "hello", "text": "two words"})
    line = os.read(master, 1000).decode()
    os.close(master)
    os.close(slave)
    assert ("\x1b[31m" in line) == coloured
    assert 'hello text="two words"' in line
