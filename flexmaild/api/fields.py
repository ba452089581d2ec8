"""The kinds of field that request bodies are made of: addresses, durations, lines, texts, base64.

Used by `api.request_models` only. Each says in its error what would be right, and never repeats a value that
could hold a body or a secret.
"""

import base64
import binascii
import json
from datetime import timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from flexmaild.core import durations
from flexmaild.core.addresses import MAX_WRITTEN, normal

_MAX_TEXT = 256 * 1024
_MAX_METADATA = 16 * 1024
# What a line of a header may carry once it is encoded (RFC 5322 section 2.1.1 allows 998 characters).
_MAX_LINE = 200


class Strict(BaseModel):
    """Unknown fields are faults; a number is not text and text is not a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def fault(text: str) -> PydanticCustomError:
    return PydanticCustomError("flexmaild", "{text}", {"text": text})


def _address(value: str) -> str:
    if "<" in value:
        raise fault('is not an address; write the address alone, or {"address": …, "name": …}')
    try:
        return normal(value)
    except ValueError as error:
        raise fault(str(error)) from None


def _line(value: str) -> str:
    if not all(c.isprintable() for c in value):
        raise fault("must be one line without control characters")
    if not value.strip():
        raise fault("must not be empty")
    return value.strip()


def _text(value: str) -> str:
    for c in value:
        if c < " " and c not in "\n\r\t":
            raise fault(f"holds the control character U+{ord(c):04X}; only line ends and tabs are taken")
    return value.replace("\r\n", "\n").replace("\r", "\n")


def _duration(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and value <= 0:
        raise fault("must be more than 0")
    try:
        found = durations.parse(value)
    except ValueError as error:
        raise fault(str(error)) from None
    if found <= timedelta(0):
        raise fault("must be more than 0")
    return found


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        raise fault("must be the file's bytes as base64 text")
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise fault("is not base64 (RFC 4648 section 4)") from None


def _filename(value: str) -> str:
    if "/" in value or "\\" in value or value in {".", ".."}:
        raise fault("must be a file name without directories")
    return _line(value)


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(value, ensure_ascii=False).encode()) > _MAX_METADATA:
        raise fault(f"is larger than {_MAX_METADATA // 1024} KiB")
    return value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str | int | float | dict) else value


_DURATION_SCHEMA = {
    "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": durations.PATTERN}],
    "examples": [3600, "24h", "7d"],
}

Address = Annotated[
    str, Field(max_length=MAX_WRITTEN, json_schema_extra={"format": "email"}), AfterValidator(_address)
]
Line = Annotated[str, Field(min_length=1, max_length=_MAX_LINE), AfterValidator(_line)]
Text = Annotated[str, Field(max_length=_MAX_TEXT), AfterValidator(_text)]
Filename = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_filename)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
MediaType = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$", max_length=127)]
SmallObject = Annotated[dict[str, Any], AfterValidator(_small)]
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(timedelta.total_seconds, return_type=float),
    WithJsonSchema(_DURATION_SCHEMA),
]
Durations = Annotated[list[Duration], BeforeValidator(_listed), Field(max_length=20)]
Base64 = Annotated[
    bytes,
    BeforeValidator(_decoded),
    PlainSerializer(lambda data: base64.b64encode(data).decode(), return_type=str),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Addresses = Annotated[list[Address], BeforeValidator(_listed), Field(max_length=100)]
# Users, and groups with an "@" before them, as the settings name them.
Accounts = Annotated[list[Line], BeforeValidator(_listed), Field(max_length=100)]
