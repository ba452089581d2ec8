"""What every sink promises, run for each kind in the table; a new kind needs a row in `setup` and no test."""

import grp
import json
import os
import pwd
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.sinks import SINKS, ExaminedSink, build_sink
from flexmaild.sinks.dropfile import LONGEST_KEY, DropfileSettings, file_name
from flexmaild.sinks.exec import ExecSettings
from flexmaild.sinks.webhook.settings import WebhookSettings
from tests.support.daemon import Daemon
from tests.support.pki import Pki
from tests.support.process import private_directory
from tests.support.programs import limited, run
from tests.support.receiver import Receiver

DATA = {"id": "apr_1", "state": "approved", "title": "", "requester": "", "metadata": {"comment": "läuft"}}
EVENT = json.dumps(
    {"specversion": "1.0", "id": "k1", "type": "flexmaild.approval.decided.v1", "data": DATA}
).encode()


class Setup:
    """One kind on real ground: a sink that works, what it has handed over, and one that cannot work."""

    def __init__(
        self, working: ExaminedSink, received: Callable[[], list[bytes]], broken: ExaminedSink
    ) -> None:
        self.working = working
        self.received = received
        self.broken = broken


def dropfile(tmp_path: Path) -> Setup:
    folder = tmp_path / "drop"
    folder.mkdir()
    return Setup(
        build_sink(DropfileSettings(path=folder)),
        lambda: [path.read_bytes() for path in sorted(folder.glob("*.json"))],
        build_sink(DropfileSettings(path=tmp_path / "absent")),
    )


def command(tmp_path: Path) -> Setup:
    """A command that knows an event again by its id, as it must."""
    folder = tmp_path / "events"
    folder.mkdir()
    script = f"cat > {folder}/$(printf %s $FLEXMAILD_EVENT_ID | od -An -tx1 | tr -d ' \\n')"
    return Setup(
        build_sink(ExecSettings(command=("/bin/sh", "-c", script))),
        lambda: [path.read_bytes() for path in sorted(folder.iterdir())],
        build_sink(ExecSettings(command=("/nonexistent/command",))),
    )


def webhook(receiver: Receiver, ca_file: str) -> Setup:
    """The receiver knows an event again by its id, as Standard Webhooks ask it to."""

    def received() -> list[bytes]:
        return list({got.headers["webhook-id"]: got.body for got in receiver.received}.values())

    return Setup(
        build_sink(WebhookSettings(url=f"{receiver.address}/hook", ca_file=Path(ca_file))),
        received,
        build_sink(WebhookSettings(url="https://localhost:1/hook")),
    )


@pytest.fixture(params=sorted(SINKS))
def setup(request: pytest.FixtureRequest, tmp_path: Path, receiver: Receiver, pki: Pki) -> Setup:
    made = {
        "dropfile": lambda: dropfile(tmp_path),
        "exec": lambda: command(tmp_path),
        "webhook": lambda: webhook(receiver, pki.ca_file),
    }
    return made[request.param]()


def test_each_kind_names_itself() -> None:
    """The word in the settings is the default of the settings class, so that the two cannot differ."""
    assert {kind: cls.model_fields["kind"].default for kind, cls in SINKS.items()} == {k: k for k in SINKS}


def test_a_delivery_hands_over_the_very_bytes(setup: Setup) -> None:
    """What arrives is the event as given, and the note about it is one printable line."""
    note = setup.working.deliver("ap-1.approved", EVENT)
    assert setup.received() == [EVENT]
    assert note and note.isprintable()


def test_the_same_key_twice_arrives_once(setup: Setup) -> None:
    """A repeated try is recognised by its key."""
    notes = {setup.working.deliver("ap-1.approved", EVENT) for _ in range(3)}
    assert setup.received() == [EVENT]
    assert len(notes) == 1


def test_different_keys_do_not_meet(setup: Setup) -> None:
    """Each key is a delivery of its own, with equal bytes as well."""
    for key in ("a", "A", "a.1", "a_1"):
        setup.working.deliver(key, EVENT)
    assert setup.received() == [EVENT] * 4


def test_a_failure_is_one_of_the_two_kinds_with_reason_and_cure(setup: Setup) -> None:
    """Nothing but TryLater and GiveUp leaves a sink, each with a closed reason and something to do."""
    with pytest.raises(Failure) as caught:
        setup.broken.deliver("ap-1.approved", EVENT)
    assert isinstance(caught.value, TryLater | GiveUp)
    assert caught.value.reason in Reason
    assert caught.value.cure
    assert EVENT.decode() not in str(caught.value)


def test_an_examination_says_whether_events_could_be_delivered_and_delivers_none(setup: Setup) -> None:
    assert setup.working.examine().ok
    assert setup.received() == []
    found = setup.broken.examine()
    assert not found.ok and found.answer and found.cure


def test_closing_twice_is_harmless(setup: Setup) -> None:
    """`close` never raises, before, between and after deliveries."""
    setup.broken.close()
    setup.working.deliver("k", EVENT)
    setup.working.close()
    setup.working.close()


def test_settings_of_no_kind_are_refused() -> None:
    """Only what is in the table can be built."""
    with pytest.raises(TypeError, match="Unheard"):
        build_sink(type("Unheard", (next(iter(SINKS.values())).__bases__[0],), {})(kind="unheard"))


# What only the dropfile promises.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "drop"
    path.mkdir()
    return path


def deliver(folder: Path, key: str = "k1", event: bytes = EVENT) -> str:
    return build_sink(DropfileSettings(path=folder)).deliver(key, event)


@given(st.text(max_size=400))
def test_a_name_is_safe_whatever_the_key(key: str) -> None:
    """No key leaves the directory, hides its file, or makes a name that a file system refuses."""
    name = file_name(key)
    assert name.isascii() and name.isprintable()
    assert not {"/", "\\", "\0", " "} & set(name)
    assert not name.startswith((".", "-")) and name.endswith(".json")
    assert len(name) < 240


@given(st.text(max_size=300), st.text(max_size=300))
def test_two_keys_never_share_a_name(one: str, other: str) -> None:
    """Two keys have one name only if they are the same key."""
    assert (file_name(one) == file_name(other)) == (one == other)


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "", ".hidden", "-rf", "a/b", "x" * (LONGEST_KEY + 1), "a\nb"]
)
def test_an_unsafe_key_stays_in_the_directory(folder: Path, key: str) -> None:
    """A hostile key makes a plain file in the directory, and nothing anywhere else."""
    before = set(folder.parent.iterdir())
    name = deliver(folder, key)
    assert [path.name for path in folder.iterdir()] == [name]
    assert set(folder.parent.iterdir()) == before


def test_no_temporary_file_is_left(folder: Path) -> None:
    """After a delivery there is the one file, readable for the directory's group and nobody else."""
    previous = os.umask(0o077)
    try:
        name = deliver(folder)
    finally:
        os.umask(previous)
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).stat().st_mode & 0o777 == 0o640


# A group of every Debian system, and a user who is no member of it.
GROUP, NO_MEMBER = "mail", pwd.getpwnam("daemon")


def test_the_files_belong_to_the_group_of_the_settings(folder: Path) -> None:
    sink, gid = build_sink(DropfileSettings(path=folder, group=GROUP)), grp.getgrnam(GROUP).gr_gid
    before = folder.stat()
    for _ in range(2):
        status = (folder / sink.deliver("k1", EVENT)).stat()
        assert (status.st_gid, status.st_mode & 0o777) == (gid, 0o640)
    after = folder.stat()
    assert (after.st_gid, after.st_mode) == (before.st_gid, before.st_mode)


def test_a_file_of_before_gets_the_group_when_it_is_delivered_again(folder: Path) -> None:
    name = deliver(folder)
    build_sink(DropfileSettings(path=folder, group=GROUP)).deliver("k1", EVENT)
    assert (folder / name).group() == GROUP


def test_a_group_that_is_not_there_is_waited_for(folder: Path) -> None:
    sink = build_sink(DropfileSettings(path=folder, group="no-such-group"))
    with pytest.raises(TryLater, match="no group no-such-group") as caught:
        sink.deliver("k1", EVENT)
    assert "groupadd --system no-such-group" in caught.value.cure
    assert list(folder.iterdir()) == []


def test_check_names_a_group_that_is_not_there(daemon: Daemon) -> None:
    sink = {"kind": "dropfile", "path": str(daemon.decisions), "group": "no-such-group"}
    daemon.write_settings({"sinks": {"folder": sink}})
    done = run("flexmaild", "--config", daemon.config, "check")
    assert "sinks.folder.group" in done.stderr + done.stdout
    assert "groupadd --system no-such-group" in done.stderr + done.stdout


@pytest.mark.parametrize("setgid", [False, True])
def test_a_group_without_the_daemon_is_warned_of(setgid: bool) -> None:
    """Unless the directory gives it to what is made there."""
    folder = private_directory("drop")
    try:
        shutil.chown(folder, NO_MEMBER.pw_uid, GROUP)
        folder.chmod(0o2750 if setgid else 0o750)
        script = (
            "import os, sys\nfrom pathlib import Path\n"
            "from flexmaild.core.errors import TryLater\nfrom flexmaild.sinks import build_sink\n"
            "from flexmaild.sinks.dropfile import DropfileSettings\n"
            f"sink = build_sink(DropfileSettings(path=Path(sys.argv[1]), group={GROUP!r}))\n"
            f"os.setgroups([]); os.setgid({NO_MEMBER.pw_gid}); os.setuid({NO_MEMBER.pw_uid})\n"
            "try:\n    print(sink.deliver('k1', b'{}'))\nexcept TryLater as failure:\n    print(failure)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, folder], capture_output=True, text=True, check=True
        )
        if setgid:
            assert (done.stdout, (folder / "k1.json").group()) == ("k1.json\n", GROUP)
        else:
            assert f"cannot be given to the group {GROUP}" in done.stdout
            assert f"SupplementaryGroups={GROUP}" in done.stdout and "chmod g+s" in done.stdout
            assert list(folder.iterdir()) == []
    finally:
        shutil.rmtree(folder)


def test_an_identical_file_is_not_written_again(folder: Path) -> None:
    """A repeat leaves the file as it is, so that whoever watches sees one event."""
    name = deliver(folder)
    before = (folder / name).stat()
    deliver(folder)
    after = (folder / name).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_damaged_file_is_replaced_whole(folder: Path) -> None:
    """The key's file holds the event after a delivery, whatever stood there under that name before."""
    for stranger in (EVENT[:5], b"x" * len(EVENT), b""):
        (folder / "k1.json").write_bytes(stranger)
        deliver(folder)
        assert (folder / "k1.json").read_bytes() == EVENT


def test_a_link_is_replaced_and_not_followed(folder: Path, tmp_path: Path) -> None:
    """A link planted under the name does not lead the event elsewhere."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"untouched")
    (folder / "k1.json").symlink_to(victim)
    deliver(folder)
    assert victim.read_bytes() == b"untouched"
    assert not (folder / "k1.json").is_symlink()


def test_a_planted_pipe_is_not_waited_for(folder: Path) -> None:
    """A named pipe under the name is replaced at once."""
    os.mkfifo(folder / "k1.json")
    deliver(folder)
    assert (folder / "k1.json").read_bytes() == EVENT


def test_a_missing_directory_is_tried_again_once_it_is_there(folder: Path) -> None:
    """What is missing now may be mounted later: the same sink then delivers."""
    folder.rmdir()
    sink = build_sink(DropfileSettings(path=folder))
    with pytest.raises(TryLater, match="Create the directory") as caught:
        sink.deliver("k1", EVENT)
    assert str(folder) in str(caught.value)
    folder.mkdir()
    assert sink.deliver("k1", EVENT) == "k1.json"


def test_a_path_that_is_a_file_is_given_up_on(tmp_path: Path) -> None:
    """Only another setting helps where the path is no directory."""
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(GiveUp, match="Name a directory"):
        deliver(path)


def test_a_directory_under_the_name_is_a_failure_that_leaves_nothing(folder: Path) -> None:
    """When the last step fails, the temporary file goes as well."""
    (folder / "k1.json").mkdir()
    with pytest.raises(TryLater):
        deliver(folder)
    assert [path.name for path in folder.iterdir()] == ["k1.json"]


def test_a_full_or_forbidden_file_system_is_tried_again(tmp_path: Path) -> None:
    """No space is a passing fault with a cure; the size limit of a process stands in for a full disk."""
    sink = build_sink(DropfileSettings(path=tmp_path))
    with limited(resource.RLIMIT_FSIZE, 10), pytest.raises(TryLater) as later:
        sink.deliver("k1", b"x" * 100)
    assert later.value.cure
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["fsync", "rename", "openat"])
@pytest.mark.parametrize("fault", ["ENOSPC", "EIO", "EROFS", "EACCES", "EDQUOT"])
def test_each_failing_system_call_is_a_passing_fault_and_leaves_nothing(
    folder: Path, call: str, fault: str
) -> None:
    """Whatever the disk answers at whichever step: TryLater with a cure, no half file, no temporary one."""
    number = {"openat": 1, "rename": 1, "fsync": 1}[call]
    script = (
        "import sys\nfrom pathlib import Path\nfrom flexmaild.core.errors import TryLater\n"
        "from flexmaild.sinks import build_sink\nfrom flexmaild.sinks.dropfile import DropfileSettings\n"
        "sink = build_sink(DropfileSettings(path=Path(sys.argv[1])))\n"
        "try:\n    sink.deliver('k1', b'{}')\nexcept TryLater as failure:\n    print('later', failure.cure)\n"
    )
    traced = "rename,renameat,renameat2" if call == "rename" else call
    inject = f"--inject={traced}:error={fault}:when={number}" + ("" if call != "openat" else "+")
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", str(folder), "-e", f"trace={traced}", inject]
    done = subprocess.run(
        [*command, sys.executable, "-c", script, folder], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("later "), done.stderr
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_a_reader_never_sees_half_a_file(folder: Path) -> None:
    """While an event is replaced over and over, every look at the file shows one of the two whole."""
    events = (b"a" * 100_000, b"b" * 50_000)
    sink = build_sink(DropfileSettings(path=folder))
    sink.deliver("k1", events[0])
    seen: set[bytes] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.add((folder / "k1.json").read_bytes())

    reader = threading.Thread(target=look)
    reader.start()
    for turn in range(200):
        sink.deliver("k1", events[turn % 2])
    done.set()
    reader.join()
    assert seen <= set(events)


def test_what_a_killed_delivery_left_is_swept_when_it_is_old(folder: Path) -> None:
    """A temporary file of a dead daemon goes after an hour; a young one and a stranger's stay."""
    for name in (".k0.json.0123abcd", ".k9.json.0123abcd", ".k0.json.swp"):
        (folder / name).touch()
    for name in (".k0.json.0123abcd", ".k0.json.swp"):
        os.utime(folder / name, (0, 0))
    deliver(folder)
    assert sorted(path.name for path in folder.iterdir()) == [".k0.json.swp", ".k9.json.0123abcd", "k1.json"]
