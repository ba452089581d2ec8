"""A mail as Graph lists it in its folder: UID, size, position, identity. Pure."""

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
# The fields selected for every mail.
LISTED = "id,receivedDateTime,internetMessageId"
WITH_SIZE = f"singleValueExtendedProperties($filter=id eq '{_SIZE}')"


@dataclass(frozen=True, slots=True)
class Listed:
    """identity: without a size, since it changes on the server (with a category, a flag)."""

    message_uid: MessageUid
    size: int
    position: FolderPosition
    identity: Identity


def listed_of(one: Mapping[str, Any], mailbox: str) -> Listed:
    name = message_id_of(str(one.get("internetMessageId") or "").encode("utf-8", "replace"))
    identity = Identity(0, str(one.get("receivedDateTime") or ""), name)
    return Listed(MessageUid(mailbox, VALIDITY, one["id"]), _size(one), position_of(one), identity)


def _size(one: Mapping[str, Any]) -> int:
    properties = one.get("singleValueExtendedProperties")
    for entry in properties if isinstance(properties, list) else ():
        value = str(entry.get("value", "")) if isinstance(entry, dict) else ""
        if value.isascii() and value.isdecimal() and len(value) <= _SIZE_DIGITS:
            return int(value)
    return 0


def position_of(one: Mapping[str, Any]) -> FolderPosition:
    """The position by the time of receipt. A mail without one has no order among the others."""
    try:
        received = datetime.fromisoformat(str(one.get("receivedDateTime", ""))).timestamp()
    except ValueError:
        return FolderPosition("without a time", ())
    return FolderPosition(VALIDITY, (int(received * 1000),))
