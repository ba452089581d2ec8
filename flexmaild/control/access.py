"""Who may do what at the control socket: the settings say who is who.

Never decides by the pid, which may be reused.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from flexmaild.control.routes import ROLES, Role
from flexmaild.system.peer_credentials import Peer, overflow_uid


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

    def role(self, peer: Peer) -> Role | None:
        """The peer's role; None for one that cannot be told from others, where it would matter."""
        if peer.uid in (0, os.geteuid()):
            return "admin"
        if (self.admins or self.readers) and peer.uid == overflow_uid():
            return None
        if _listed(peer, self.admins):
            return "admin"
        if _listed(peer, self.readers):
            return "read"
        return "act"


def permits(has: Role | None, needs: Role) -> bool:
    return has is not None and ROLES.index(has) >= ROLES.index(needs)


def _listed(peer: Peer, entries: tuple[str, ...]) -> bool:
    return any(e[1:] in peer.groups if e.startswith("@") else e == peer.user for e in entries)
