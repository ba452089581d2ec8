"""Who may do what on the socket."""

import getpass
import json
import os
import socket
import threading
from collections.abc import Callable

import pytest

from flexmaild.api import request
from flexmaild.api.call import Answer, CommandRequest, caller_of
from flexmaild.api.routes import ROUTES
from flexmaild.core.access import NOBODYS, Access, Caller, Ownership, Role, Viewer, permits
from flexmaild.core.errors import Reason, TryLater
from flexmaild.system.peer_credentials import Credentials, Peer, credentials, overflow_uid, peer_of, unnamed
from tests.unit.api.control_support import BODIES, Bench

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


CI, OPS = Caller("ci", frozenset({"build"})), Caller("ops", frozenset({"wheel"}))
HIDDEN = Caller("ci", is_hidden=True)


@pytest.mark.parametrize(
    ("who", "role", "belonging", "sees", "may_change"),
    [
        (CI, "act", Ownership("ci"), True, True),
        (CI, "act", Ownership("ops"), False, False),
        (CI, "act", Ownership("ops", ("ci",)), True, False),
        (CI, "act", Ownership("ops", ("@build",)), True, False),
        (CI, "act", Ownership("ops", ("@wheel", "build", "@ci")), False, False),
        (CI, "act", NOBODYS, False, False),
        (CI, "read", Ownership("ops"), True, False),
        (CI, "read", Ownership("ci"), True, False),
        (CI, "admin", Ownership("ops"), True, True),
        (CI, "admin", NOBODYS, True, True),
        (HIDDEN, "act", Ownership("ci"), False, False),
        (HIDDEN, "act", Ownership("ops", ("ci",)), False, False),
        (HIDDEN, "act", NOBODYS, False, False),
    ],
)
def test_whose_it_is_decides_who_sees_and_changes_it(
    who: Caller, role: Role, belonging: Ownership, sees: bool, may_change: bool
) -> None:
    viewer = Viewer(who, role)
    assert (viewer.sees(belonging), viewer.may_change(belonging)) == (sees, may_change)


def test_what_a_hidden_caller_asks_for_is_nobodys() -> None:
    assert (Viewer(HIDDEN, "act").name, Viewer(OPS, "act").name) == ("", "ops")


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
    called = {command for command, _ in bench.handlers.calls}
    assert called == {route.command for route in ROUTES if route.role == "read"} - {"openapi"}


class ActorsOnly(Access):
    def role(self, caller: Caller) -> Role | None:
        return "act"


REFERENCE = f"FM1-{'K7' * 22}Q"


@pytest.mark.parametrize("access", [ActorsOnly(), ReadersOnly()])
def test_of_a_reference_only_admins_see_more_than_its_beginning(
    make_bench: Callable[..., Bench], access: Access
) -> None:
    """Whoever has written it there: a server in its receipt, a sender in his Message-ID."""
    texts = ("receipt", "last_error", "bounced", "subject", "message_id", "because", "last_fault")
    body = {name: f"250 2.6.0 <{REFERENCE.lower()}.noted.7@corp.test> queued" for name in texts}
    for is_admin in (False, True):
        bench = make_bench(access=None if is_admin else access)
        for route in ROUTES:
            if route.role == "read" and route.command != "openapi" and not (route.waits or route.streams):
                bench.handlers.then[route.command] = lambda call: Answer(200, body)
                path = route.path.replace("{id}", "x").replace("{name}", "x")
                said = json.dumps(bench.http(route.method, path)[2])
                assert (REFERENCE.lower() in said) is is_admin, route.command
                assert REFERENCE[:8].lower() in said


@pytest.mark.parametrize("access", [None, ActorsOnly()])
def test_no_problem_shows_a_reference(make_bench: Callable[..., Bench], access: Access | None) -> None:
    bench = make_bench(access=access)

    def fails(call: CommandRequest) -> Answer:
        raise TryLater(Reason.SERVER, "refused", answer=f"451 <{REFERENCE.lower()}@corp.test> not now")

    bench.handlers.then["process"] = fails
    status, _, problem = bench.http("POST", "/v1/process")
    assert status == 502
    assert REFERENCE.lower() not in json.dumps(problem) and REFERENCE[:8].lower() in problem["answer"]


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


def test_a_user_database_that_hangs_is_told_and_gives_nobody_a_role(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def hang(connected: Credentials) -> Peer:
        go_on.wait(20)
        return unnamed(connected)

    monkeypatch.setattr(request, "peer_of", hang)
    monkeypatch.setattr(request, "NAMING_SECONDS", 0.05)
    status, headers, problem = bench.http("GET", "/v1/status")
    assert (status, headers["Retry-After"]) == (503, "5")
    assert "getent" in problem["cure"]
    assert bench.handlers.calls == []
    go_on.set()
    monkeypatch.undo()
    assert bench.http("GET", "/v1/status")[0] == 200
