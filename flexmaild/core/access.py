"""Access control: roles from the settings, the role that a command needs, the owner of a request.

A caller is known by user and groups, never by a process number, which may be reused. Asked by the server for
each command (`Access`, `permits`), and by the handlers for each request, mail and job (`Viewer`). Pure.
"""

from dataclasses import dataclass
from typing import Literal

Role = Literal["read", "act", "admin"]
# Each holds those before it.
ROLES: tuple[Role, ...] = ("read", "act", "admin")


@dataclass(frozen=True, slots=True)
class Caller:
    """The calling process. owns_daemon: root, or the user that the daemon runs as. is_hidden: a user
    namespace hides the user, so that callers cannot be told apart."""

    user: str
    groups: frozenset[str] = frozenset()
    owns_daemon: bool = False
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """Who may do what. An entry is a user name or, as "@name", a group.

    admins: may do everything. readers: may only look. Every other user who can connect (the socket's mode
    decides that) may act: ask, notify, test, and cancel what is their own; but see no references and raw
    mails, with which a pipeline could answer itself. Root and the daemon's own user are always admins: they
    can change the daemon's files anyway.
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


@dataclass(frozen=True, slots=True)
class Ownership:
    """The owner of a request or mail. owner: the user who asked for it; empty where no single user did.
    visible_to: who else may see it; entries as those of `Access`."""

    owner: str = ""
    visible_to: tuple[str, ...] = ()


# What no user asked for, and what is older than the record of who did: it is the admins' alone.
NOBODYS = Ownership()


@dataclass(frozen=True, slots=True)
class Viewer:
    """A caller with its role: decides what it may see and change of others' requests, mails and jobs. A
    caller who may not see one learns that it exists and its state."""

    caller: Caller
    role: Role

    @property
    def name(self) -> str:
        """The owner of what this caller asks for; empty where the user is hidden."""
        return "" if self.caller.is_hidden else self.caller.user

    @property
    def sees_all(self) -> bool:
        """Readers see what admins see, but for references and raw mails."""
        return self.role in ("read", "admin")

    @property
    def sees_references(self) -> bool:
        """Whether references are shown: a caller who has one can answer in an approver's name."""
        return permits(self.role, "admin")

    def sees(self, belonging: Ownership) -> bool:
        if self.sees_all or self._owns(belonging):
            return True
        return not self.caller.is_hidden and _listed(self.caller, belonging.visible_to)

    def may_change(self, belonging: Ownership) -> bool:
        """Cancel, remind, resend: whom it is shared with may not."""
        return permits(self.role, "admin") or (permits(self.role, "act") and self._owns(belonging))

    def _owns(self, belonging: Ownership) -> bool:
        return bool(self.name) and self.name == belonging.owner


def _listed(caller: Caller, entries: tuple[str, ...]) -> bool:
    return any(e[1:] in caller.groups if e.startswith("@") else e == caller.user for e in entries)
