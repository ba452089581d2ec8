"""The list of a folder: what the server tells of many mails at once without reading them.

Called by `imap`. A server that can tell a mail's size and date need not be able to read it, and one such mail
must not keep the others from being listed; so nothing more is asked here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from imapclient.response_parser import parse_fetch_response

from flexmaild.transports.imap_client import Client
from flexmaild.transports.imap_errors import translated


@dataclass(frozen=True, slots=True)
class Row:
    """arrived: its INTERNALDATE in seconds since 1970, since a server's time zone changes with the season."""

    uid: int
    size: int
    arrived: str


def listed(client: Client, first: int, last: int) -> list[Row]:
    """The mails with these sequence numbers, in the folder's order."""
    client.begin("fetch")
    with translated("fetch", client.wire.server):
        status, lines = client.protocol.fetch(f"{first}:{last}", "(UID RFC822.SIZE INTERNALDATE)")
        if status != "OK":
            return []
        answers = parse_fetch_response(lines, normalise_times=False, uid_is_key=False)
        return [
            Row(int(a[b"UID"]), int(a[b"RFC822.SIZE"]), _seconds(a.get(b"INTERNALDATE")))
            for _, a in sorted(answers.items())
            if b"UID" in a and b"RFC822.SIZE" in a
        ]


def _seconds(date: object) -> str:
    return str(int(date.timestamp())) if isinstance(date, datetime) else ""
