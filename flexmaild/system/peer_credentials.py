"""Who is at the other end of a Unix socket: the kernel says who connected (SO_PEERCRED, unix(7)).

Groups come from the user database, since the credential holds only the primary one.
"""

import grp
import os
import pwd
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_UCRED = struct.Struct("3i")


class Credentials(NamedTuple):
    """struct ucred (unix(7)): what the kernel knows of who connected."""

    pid: int
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end, as the kernel saw it at connect (SO_PEERCRED; unix(7)).

    user: the name of `uid`, or the number as text where it has none. groups: all names, supplementary too.
    The pid is for the journal only: it may have been given to another process meanwhile.
    """

    uid: int
    gid: int
    pid: int
    user: str
    groups: frozenset[str] = frozenset()


def credentials(connection: socket.socket) -> Credentials:
    """Of who connected; asks only the kernel, so it never blocks."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return Credentials(*_UCRED.unpack(raw))


def unnamed(connected: Credentials) -> Peer:
    """Who connected, as far as the kernel knows it."""
    pid, uid, gid = connected
    return Peer(uid, gid, pid, str(uid))


def peer_of(connected: Credentials) -> Peer:
    """Who connected, with names; asks the user database, which may be on another machine."""
    pid, uid, gid = connected
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


def _group_names(gids: list[int]) -> list[str]:
    names = []
    for gid in gids:
        try:
            names.append(grp.getgrgid(gid).gr_name)
        except KeyError:
            names.append(str(gid))
    return names
