"""Who may do what: the settings say who is who, the command says what it takes.

A caller is known by user and groups, never by a process number, which may be reused. Asked by the server for
each command, and by a handler where an answer shows more to some. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["read", "act", "admin"]
# Each holds those before it.
ROLES: tuple[Role, ...] = ("read", "act", "admin")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. owns_daemon: root, or the user that the daemon runs as. is_hidden: a user namespace hides
    who it is, so that it cannot be told from others."""

    user: str
    groups: frozenset[str] = frozenset()
    owns_daemon: bool = False
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """Who may do what. An entry is a user name or, as "@name", a group.

    admins: may do everything. readers: may only look. Everybody else who may connect (the socket's mode
    decides that) may act: ask, cancel, notify, test; but see no references and raw mails, with which a
    pipeline could answer itself. Root and the daemon's own user are always admins: they can change the
    daemon's files anyway.
    """

    admins: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()

    def role(self, caller: Caller) -> Role | None:
        """The caller's role; None for one that cannot be told from others, where it would matter."""
        if caller.owns_daemon:
            return "admin"
        if (self.admins or self.readers) and caller.is_hidden:
            return None
        if _listed(caller, self.admins):
            return "admin"
        if _listed(caller, self.readers):
            return "read"
        return "act"


def permits(has: Role | None, needs: Role) -> bool:
    return has is not None and ROLES.index(has) >= ROLES.index(needs)


def may_see_references(role: Role) -> bool:
    """Who has a reference can answer in an approver's name."""
    return permits(role, "admin")


def _listed(caller: Caller, entries: tuple[str, ...]) -> bool:
    return any(e[1:] in caller.groups if e.startswith("@") else e == caller.user for e in entries)
