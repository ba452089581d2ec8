"""Who is at the other end of the control socket, and what they may do there.

The kernel says who connected (SO_PEERCRED, unix(7)); groups come from the user database, since the credential
holds only the primary one. The settings say who is who. Never decides by the pid, which may be reused.
"""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from flexmaild.control.call import Peer
from flexmaild.control.routes import ROLES, Role

_UCRED = struct.Struct("3i")


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


def credentials(connection: socket.socket) -> tuple[int, int, int]:
    """(pid, uid, gid) of who connected; asks only the kernel, so it never blocks."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    pid, uid, gid = _UCRED.unpack(raw)
    return pid, uid, gid


def peer_of(connection: socket.socket) -> Peer:
    """Who connected, with names; asks the user database, which may be on another machine."""
    pid, uid, gid = credentials(connection)
    try:
        user = pwd.getpwuid(uid).pw_name
        gids = os.getgrouplist(user, gid)
    except KeyError:
        user, gids = str(uid), [gid]
    return Peer(uid, gid, pid, user, frozenset(_group_names(gids)))


def overflow_uid() -> int:
    """The uid the kernel shows for users unknown to our user namespace (user_namespaces(7))."""
    try:
        return int(Path("/proc/sys/kernel/overflowuid").read_text())
    except (OSError, ValueError):
        return 65534


def _listed(peer: Peer, entries: tuple[str, ...]) -> bool:
    return any(e[1:] in peer.groups if e.startswith("@") else e == peer.user for e in entries)


def _group_names(gids: list[int]) -> list[str]:
    names = []
    for gid in gids:
        try:
            names.append(grp.getgrgid(gid).gr_name)
        except KeyError:
            names.append(str(gid))
    return names
