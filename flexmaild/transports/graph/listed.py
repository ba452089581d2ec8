"""What the list of a folder says of a mail, by Graph. Called by `graph_inbox`; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flexmaild.core.identity import Identity
from flexmaild.core.ports import FolderPosition, MessageUid
from flexmaild.mail.parse.message_id import message_id_of

# PidTagMessageSize (MS-OXPROPS 2.797); Graph's message resource has no size of its own.
_SIZE = "Integer 0xE08"
_SIZE_DIGITS = 15
VALIDITY = "graph"
# What is asked for of every mail.
LISTED = "id,receivedDateTime,internetMessageId"
WITH_SIZE = f"singleValueExtendedProperties($filter=id eq '{_SIZE}')"


@dataclass(frozen=True, slots=True)
class Listed:
    """identity: without a size, which changes on the server (with a category, a flag)."""

    mark: MessageUid
    size: int
    place: FolderPosition
    identity: Identity


def listed_of(one: Mapping[str, Any], mailbox: str) -> Listed:
    name = message_id_of(str(one.get("internetMessageId") or "").encode("utf-8", "replace"))
    identity = Identity(0, str(one.get("receivedDateTime") or ""), name)
    return Listed(MessageUid(mailbox, VALIDITY, one["id"]), _size(one), place_of(one), identity)


def _size(one: Mapping[str, Any]) -> int:
    properties = one.get("singleValueExtendedProperties")
    for entry in properties if isinstance(properties, list) else ():
        value = str(entry.get("value", "")) if isinstance(entry, dict) else ""
        if value.isascii() and value.isdecimal() and len(value) <= _SIZE_DIGITS:
            return int(value)
    return 0


def place_of(one: Mapping[str, Any]) -> FolderPosition:
    """By the time of receipt. A mail without one is behind no other, and no other is behind it."""
    try:
        received = datetime.fromisoformat(str(one.get("receivedDateTime", ""))).timestamp()
    except ValueError:
        return FolderPosition("without a time", ())
    return FolderPosition(VALIDITY, (int(received * 1000),))
