"""Who may do what on the socket."""

import getpass
import os
import socket
from collections.abc import Callable

import pytest

from flexmaild.api.call import caller_of
from flexmaild.api.routes import ROUTES
from flexmaild.core.access import Access, Caller, Role, permits
from flexmaild.system.peer_credentials import Peer, credentials, overflow_uid, peer_of
from tests.unit.api.control_kit import BODIES, Bench

STRANGER = os.geteuid() + 4711


def peer(user: str, *groups: str, uid: int = STRANGER) -> Peer:
    return Peer(uid, uid, 1, user, frozenset(groups))


def test_the_kernel_says_who_connected() -> None:
    here, there = socket.socketpair(socket.AF_UNIX)
    with here, there:
        found = peer_of(credentials(here))
    assert (found.uid, found.gid, found.pid) == (os.geteuid(), os.getegid(), os.getpid())
    assert found.user in (getpass.getuser(), str(os.geteuid()))
    assert found.groups


@pytest.mark.parametrize(
    ("access", "who", "role"),
    [
        (Access(), peer("ci"), "act"),
        (Access(admins=("ops",)), peer("ops"), "admin"),
        (Access(admins=("ops",)), peer("ci"), "act"),
        (Access(admins=("@wheel",)), peer("anna", "staff", "wheel"), "admin"),
        (Access(admins=("wheel",)), peer("anna", "wheel"), "act"),
        (Access(admins=("@ops",)), peer("ops"), "act"),
        (Access(admins=("ops",), readers=("@monitor",)), peer("nagios", "monitor"), "read"),
        (Access(readers=("nagios",)), peer("nagios"), "read"),
        (Access(readers=("nagios",)), peer("ci"), "act"),
        (Access(admins=("anna",), readers=("anna",)), peer("anna"), "admin"),
        (Access(admins=("ops",), readers=("root",)), peer("root", uid=0), "admin"),
        (Access(admins=("ops",)), peer("me", uid=os.geteuid()), "admin"),
    ],
)
def test_a_role_follows_from_the_lists(access: Access, who: Peer, role: Role) -> None:
    assert access.role(caller_of(who)) == role


@pytest.mark.parametrize("access", [Access(admins=("nobody",)), Access(readers=("nobody",))])
def test_one_whom_a_user_namespace_hides_is_nobody_in_particular(access: Access) -> None:
    """The kernel shows every user unknown to our namespace under one uid, which has a name of its own."""
    hidden = peer("nobody", uid=overflow_uid())
    assert access.role(caller_of(hidden)) is None
    assert Access().role(caller_of(hidden)) == "act"


@pytest.mark.parametrize(
    ("has", "may"),
    [(None, set()), ("read", {"read"}), ("act", {"read", "act"}), ("admin", {"read", "act", "admin"})],
)
def test_a_role_holds_those_below_it(has: Role | None, may: set[Role]) -> None:
    roles: tuple[Role, ...] = ("read", "act", "admin")
    assert {role for role in roles if permits(has, role)} == may


class ReadersOnly(Access):
    """Everybody may only look: the caller in a test is the daemon's own user, who is always an admin."""

    def role(self, caller: Caller) -> Role | None:
        return "read"


def test_readers_look_and_nothing_else(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(access=ReadersOnly())
    for route in ROUTES:
        path = route.path.replace("{id}", "x").replace("{name}", "x").replace("{sha256}", "00")
        status, _, body = bench.http(route.method, path, BODIES.get(route.command))
        assert (status == 403) is (route.role != "read"), route.command
        if status == 403:
            assert "control.admins" in body["cure"]
    called = {command for command, _ in bench.desk.calls}
    assert called == {route.command for route in ROUTES if route.role == "read"} - {"openapi"}


def test_a_reload_changes_who_may_do_what(bench: Bench) -> None:
    assert bench.http("POST", "/v1/reload")[0] == 200
    bench.server.set_access(ReadersOnly())
    assert bench.http("POST", "/v1/reload")[0] == 403


class Broken(Access):
    def role(self, caller: Caller) -> Role | None:
        raise LookupError("a bug")


def test_a_bug_before_a_request_is_carried_out_is_told_and_answered(bench: Bench) -> None:
    bench.server.set_access(Broken())
    status, headers, body = bench.http("GET", "/v1/status")
    assert (status, headers["Content-Type"]) == (500, "application/problem+json")
    assert "bug in flexmaild" in body["detail"]
    assert [type(error) for error in bench.crashes] == [LookupError]
    bench.server.set_access(Access())
    assert bench.http("GET", "/v1/status")[0] == 200
