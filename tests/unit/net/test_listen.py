"""The listening socket: bound without a gap, taken from systemd, never in another's way."""

import grp
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from flexmaild.core.errors import GiveUp
from flexmaild.net import listen
from flexmaild.net.listen import MAX_PATH, ListenAddress, Listening, bind, inherited

OWN_GROUP = grp.getgrgid(os.getegid()).gr_name


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_socket_has_the_asked_mode_whatever_the_umask(place: Path, mode: int, umask: int) -> None:
    before = os.umask(umask)
    try:
        listening = bind(ListenAddress(place / "s", mode))
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert mode_of(place / "s") == mode
    listening.close()
    assert not (place / "s").exists()


def test_a_socket_left_by_a_daemon_that_died_is_replaced(place: Path) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(place / "s"))
    dead.close()
    bind(ListenAddress(place / "s")).close()


def test_a_daemon_that_listens_already_is_left_alone(place: Path) -> None:
    first = bind(ListenAddress(place / "s"))
    with pytest.raises(GiveUp, match="another process listens"):
        bind(ListenAddress(place / "s"))
    assert (place / "s").exists()
    first.close()


def test_a_file_that_is_no_socket_is_never_removed(place: Path) -> None:
    (place / "s").write_text("precious")
    with pytest.raises(GiveUp, match="not a socket"):
        bind(ListenAddress(place / "s"))
    assert (place / "s").read_text() == "precious"


def test_a_socket_that_took_our_place_is_not_removed_by_us(place: Path) -> None:
    first = bind(ListenAddress(place / "s"))
    (place / "s").rename(place / "kept")
    second = bind(ListenAddress(place / "s"))
    first.close()
    assert (place / "s").exists()
    second.close()


def test_a_path_longer_than_the_kernel_takes_is_named_with_the_limit(place: Path) -> None:
    long = place / ("x" * (MAX_PATH - len(str(place)) - 1))
    assert len(os.fsencode(long)) == MAX_PATH
    bind(ListenAddress(long)).close()
    with pytest.raises(GiveUp, match="107 bytes"):
        bind(ListenAddress(long.with_name(long.name + "x")))


def test_a_missing_directory_is_named_with_a_cure(place: Path) -> None:
    with pytest.raises(GiveUp, match="Check that the directory exists"):
        bind(ListenAddress(place / "none" / "s"))


def test_a_missing_group_is_warned_of_with_its_cure_and_stops_nothing(place: Path) -> None:
    listening = bind(ListenAddress(place / "s", group="no-such-group"))
    assert "groupadd --system no-such-group" in listening.warnings[0]
    assert (place / "s").lstat().st_gid == os.getegid()
    listening.close()


def test_our_own_group_needs_no_permission(place: Path) -> None:
    listening = bind(ListenAddress(place / "s", group=OWN_GROUP))
    assert listening.warnings == ()
    assert (place / "s").lstat().st_gid == os.getegid()
    listening.close()


CHILD = """
import os, sys
from flexmaild.net.listen import inherited
got = inherited(os.environ)
print(got and (str(got.path), got.is_ours, got.is_there(), os.get_inheritable(got.socket.fileno())))
if got:
    got.close()
"""


def begun_with(listener: socket.socket) -> str:
    """What a program finds that got the socket as descriptor 3, as systemd hands it over."""
    environment = dict(os.environ, LISTEN_FDS="1", LISTEN_FDNAMES="control")
    script = f'export LISTEN_PID=$$; exec {sys.executable} -c "$0" 3<&{listener.fileno()}'
    done = subprocess.run(
        ["bash", "-c", script, CHILD],
        env=environment,
        pass_fds=[listener.fileno()],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip() or done.stderr


def handed_over(
    listener: socket.socket, *, pid: int | None = None, names: str = "control", count: int = 1
) -> tuple[str, bool, bool, bool] | None:
    """The same in this process, where 3 is taken: the first descriptor has another number."""
    first = os.dup(listener.fileno())
    os.set_inheritable(first, True)
    environment = {"LISTEN_PID": str(pid or os.getpid()), "LISTEN_FDS": str(count), "LISTEN_FDNAMES": names}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(listen, "FIRST_FD", first)
        got = inherited(environment)
    if got is None:
        os.close(first)
        return None
    found = str(got.path), got.is_ours, got.is_there(), os.get_inheritable(got.socket.fileno())
    got.close()
    return found


@pytest.fixture
def listener(place: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(place / "s"))
    made.listen()
    return made


def test_a_socket_from_systemd_is_used_and_its_file_left_to_systemd(
    listener: socket.socket, place: Path
) -> None:
    found = str(place / "s"), False, True, False
    assert begun_with(listener) == str(found)
    assert handed_over(listener) == found
    assert handed_over(listener, names="anything") == found
    assert handed_over(listener, names="control:metrics", count=2) == found
    assert (place / "s").exists()
    listener.close()


def test_an_abstract_socket_from_systemd_is_always_there() -> None:
    with socket.socket(socket.AF_UNIX) as abstract:
        name = f"flexmaild-test-{os.getpid()}"
        abstract.bind(f"\0{name}")
        abstract.listen()
        assert handed_over(abstract) == (f"@{name}", False, True, False)


def test_a_socket_from_systemd_whose_file_another_has_replaced_is_not_there(
    listener: socket.socket, place: Path
) -> None:
    inode = (place / "s").lstat().st_dev, (place / "s").lstat().st_ino
    listening = Listening(listener, place / "s", inode)
    assert listening.is_there()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(place / "t"))
        (place / "t").rename(place / "s")
        assert not listening.is_there()
        listening.close()
        assert (place / "s").exists()


def test_the_file_is_removed_before_its_number_can_be_anothers(place: Path) -> None:
    listening = bind(ListenAddress(place / "s"))
    listening.close()
    assert not (place / "s").exists()
    assert not listening.is_there()
    with socket.socket(socket.AF_UNIX) as other:  # which may get the same number
        other.bind(str(place / "s"))
        assert not listening.is_there()
        listening.close()
        assert (place / "s").exists()


def test_sockets_meant_for_another_process_or_another_use_are_left_alone(listener: socket.socket) -> None:
    assert handed_over(listener, pid=1) is None
    assert handed_over(listener, names="metrics:other", count=2) is None
    listener.close()


def test_a_descriptor_that_does_not_listen_is_refused(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as idle:
        idle.bind(str(place / "i"))
        with pytest.raises(GiveUp, match="not a listening Unix stream socket"):
            handed_over(idle)


@pytest.mark.parametrize("count", ["", "x", "-1", "²"])
def test_a_broken_environment_means_no_sockets(count: str) -> None:
    assert inherited({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": count}) is None
    assert inherited({}) is None
