"""The unit files are accepted by systemd without a word, stay hardened, and fit what the daemon needs."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from flexmaild.api import app, monitoring
from flexmaild.api.limits import Limits
from flexmaild.net import http_server

ROOT = Path(__file__).parents[3]
UNITS = ROOT / "systemd"
SERVICES = ("flexmaild.service", "flexmaild@.service")
# systemd-analyze shows 1.6; the gate leaves room for what a newer systemd learns to ask.
EXPOSURE_LIMIT = 1.8


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """The tools are part of Debian's package systemd, which `make test` installs."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0", "SYSTEMD_EMOJI": "0"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def settings(unit: str) -> list[tuple[str, str]]:
    lines = (UNITS / unit).read_text().splitlines()
    return [tuple(line.split("=", 1)) for line in lines if re.match(r"[A-Za-z]+=", line)]  # type: ignore[misc]


@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.iterdir()))
def test_systemd_understands_the_unit(tmp_path: Path, unit: str) -> None:
    """`systemd-analyze verify` is silent; it exits 0 for unknown keys as well, so silence is what counts."""
    for path in UNITS.iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    done = run("systemd-analyze", "verify", tmp_path / unit.replace("@.", "@hr."))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("unit", SERVICES)
def test_the_service_is_hardened(unit: str) -> None:
    """The exposure that `systemd-analyze security` computes stays under the limit."""
    done = run("systemd-analyze", "security", "--offline=true", UNITS / unit)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= EXPOSURE_LIMIT


def test_only_known_holes_are_open() -> None:
    """What the analysis marks is what the daemon cannot live without, and nothing else."""
    done = run("systemd-analyze", "security", "--offline=true", "--json=short", UNITS / "flexmaild.service")
    rows = json.loads(done.stdout)
    open_holes = {row["json_field"] for row in rows if row["exposure"] and float(row["exposure"]) > 0}
    assert open_holes <= {
        "PrivateNetwork",  # mail servers
        "RestrictAddressFamilies_AF_INET_INET6",
        "RestrictAddressFamilies_AF_UNIX",  # control socket, notifications, journal
        "PrivateUsers",  # SO_PEERCRED would show every caller as 65534
        "ProcSubset",  # process_start_time_seconds
        "IPAddressDeny",  # mail clouds change their addresses
        "RootDirectoryOrRootImage",
        "SupplementaryGroups",  # to read the settings, which are not the socket group's to read
        "DeviceAllow",
        # adjtimex(2) tells whether the clock is kept right; without CAP_SYS_TIME it sets nothing.
        "ProtectClock",
        "SystemCallFilter_clock",
        "SystemCallFilter_privileged",
    }


@pytest.mark.parametrize("unit", SERVICES)
def test_the_daemon_s_own_needs_are_met(unit: str) -> None:
    """What the code counts on: notifications, the watchdog, no restart on bad settings, UTC, no bytecode."""
    given = settings(unit)
    for wanted in (
        ("Type", "notify"),  # notify-reload begins with systemd 253
        ("RestartPreventExitStatus", "78"),
        ("Environment", "TZ=UTC"),
        ("Environment", "PYTHONDONTWRITEBYTECODE=1"),
        ("UMask", "0077"),
        ("LimitCORE", "0"),
        ("StateDirectoryMode", "0700"),
        ("RuntimeDirectoryMode", "0750"),
    ):
        assert wanted in given
    keys = dict(given)
    assert int(keys["WatchdogSec"]) >= 60
    assert keys["ExecReload"].endswith(" reload") and "flexmailctl" in keys["ExecReload"]


@pytest.mark.parametrize("call", ["prlimit64", "execve", "sendto", "clone3", "memfd_create", "flock"])
def test_the_filter_lets_the_reading_child_start_and_limit_itself(call: str) -> None:
    """The child process that reads mails is started by execve and limited by prlimit64."""
    assert call in allowed_calls()


def test_the_clock_can_be_asked_and_not_be_set() -> None:
    """By the same call, whose right to set is a capability. ProtectClock= has a filter of its own."""
    allowed, given = allowed_calls(), settings("flexmaild.service")
    assert {"adjtimex", "clock_adjtime"} <= allowed
    assert not {"clock_settime", "settimeofday"} & allowed
    assert ("CapabilityBoundingSet", "") in given
    assert "ProtectClock" not in dict(given)


def allowed_calls() -> set[str]:
    """What the service's filter lets through."""
    groups = run("systemd-analyze", "syscall-filter").stdout
    members: dict[str, set[str]] = {}
    name = ""
    for line in groups.splitlines():
        if line.startswith("@"):
            name = line.strip()
            members[name] = set()
        elif line.startswith("    ") and not line.strip().startswith("#"):
            members[name].add(line.strip())

    def calls(group: str) -> set[str]:
        return {c for one in members[group] for c in (calls(one) if one.startswith("@") else {one})}

    allowed: set[str] = calls("@default")
    for key, value in settings("flexmaild.service"):
        if key == "SystemCallFilter":
            named = {c for one in value.lstrip("~").split() for c in (calls(one) if one[0] == "@" else {one})}
            allowed = allowed - named if value.startswith("~") else allowed | named
    return allowed


def test_the_template_differs_only_in_names() -> None:
    """flexmaild@.service is flexmaild.service with the instance's names; no hardening is forgotten."""
    instance = [
        (
            key,
            value.replace("flexmaild-%i", "flexmaild")
            .replace("/%i.yaml", "/flexmaild.yaml")
            .replace(" (%i)", ""),
        )
        for key, value in settings("flexmaild@.service")
    ]
    single = [
        (key, value.replace("flexmailctl reload", "flexmailctl --socket /run/flexmaild/control.sock reload"))
        for key, value in settings("flexmaild.service")
    ]
    assert instance == single


@pytest.mark.parametrize("unit", SERVICES)
def test_the_unit_names_its_own_among_several_directories(unit: str) -> None:
    """A drop-in may add some, and systemd sorts them."""
    (name,) = [
        v.removeprefix("FLEXMAILD_UNIT=") for _, v in settings(unit) if v.startswith("FLEXMAILD_UNIT=")
    ]
    assert ("StateDirectory", name) in settings(unit)
    assert ("RuntimeDirectory", name) in settings(unit)


def test_the_socket_lies_outside_the_service_s_runtime_directory() -> None:
    """The runtime directory goes away with each stop; the socket unit's socket must not."""
    socket = dict(settings("flexmaild.socket"))
    runtime = dict(settings("flexmaild.service"))["RuntimeDirectory"]
    assert not socket["ListenStream"].startswith(f"/run/{runtime}/")
    assert socket["FileDescriptorName"] == "control" and socket["SocketMode"] == "0660"


def test_the_user_and_groups_of_the_units_are_made(tmp_path: Path) -> None:
    """systemd-sysusers makes, in a root of its own, every user and group that the units name."""
    (tmp_path / "etc").mkdir()
    done = run("systemd-sysusers", f"--root={tmp_path}", ROOT / "packaging" / "sysusers.d" / "flexmaild.conf")
    assert done.returncode == 0, done.stderr
    users = [line.split(":")[0] for line in (tmp_path / "etc" / "passwd").read_text().splitlines()]
    groups = [line.split(":")[0] for line in (tmp_path / "etc" / "group").read_text().splitlines()]
    for unit in (*SERVICES, "flexmaild.socket"):
        for key, value in settings(unit):
            if key in ("User", "SocketUser"):
                assert value in users
            if key in ("Group", "SocketGroup", "SupplementaryGroups"):
                assert value in groups


def test_the_directories_are_made_as_the_units_need_them(tmp_path: Path) -> None:
    """By systemd-tmpfiles in a root of its own: the daemon reads the settings and cannot write them; it
    writes decisions, and one group reads and removes them."""
    (tmp_path / "etc").mkdir()
    for program, file in (("systemd-sysusers", "sysusers.d"), ("systemd-tmpfiles", "tmpfiles.d")):
        create = ["--create"] if program == "systemd-tmpfiles" else []
        done = run(program, *create, f"--root={tmp_path}", ROOT / "packaging" / file / "flexmaild.conf")
        assert done.returncode == 0, done.stderr
    lines = {
        parts[1]: parts[2:5]
        for line in (ROOT / "packaging" / "tmpfiles.d" / "flexmaild.conf").read_text().splitlines()
        if (parts := line.split())[0] == "d"
    }
    assert lines["/etc/flexmaild"] == ["0750", "root", "flexmaild"]
    assert lines["/var/spool/flexmaild/decisions"] == ["2770", "flexmaild", "flexmaild-decisions"]
    for path, (mode, *_) in lines.items():
        assert (tmp_path / path.removeprefix("/")).stat().st_mode & 0o7777 == int(mode, 8)
    for unit in SERVICES:
        assert ("ReadWritePaths", "-/var/spool/flexmaild/decisions") in settings(unit)


def test_the_limits_hold_what_callers_may_take() -> None:
    """The comments in the unit say the same sum."""
    given = dict(settings("flexmaild.service"))
    callers = Limits().room.connections + monitoring.ROOM.connections
    files = callers + http_server.TAKEN_AT_ONCE + http_server.RESERVED_FILES
    assert files == 2864 < int(given["LimitNOFILE"])
    of_the_api = app.LOOKING + app.CHANGING + app.PROBING + app.FILING + app.NAMING
    threads = of_the_api + monitoring.THREADS + len(["the event loop"])
    assert threads == 25 < int(given["TasksMax"]) - 100
