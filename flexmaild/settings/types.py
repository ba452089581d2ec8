"""The types of values beyond text, number and boolean: durations, sizes, addresses, names.

Each is an `Annotated` alias or a marker for one, so that the models read like a table. All parse strictly.
Used by `schema` and by adapters' settings classes.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, Strict
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from flexmaild.core import durations
from flexmaild.core.addresses import normal
from flexmaild.languages.load import LANGUAGES, OTHER_TAGS, WRITTEN

_SIZES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "kB": 10**3, "MB": 10**6, "GB": 10**9}
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
# dot-atom of RFC 5322 section 3.2.3, letters of RFC 6531 included; quoted local parts are not for settings.
_ADDRESS = re.compile(rf"[\w!#$%&'*+/=?^`{{|}}~-]+(?:\.[\w!#$%&'*+/=?^`{{|}}~-]+)*@{_LABEL}(?:\.{_LABEL})*")


def wrong(text: str) -> PydanticCustomError:
    """The error for validators to raise; `text` says what is wrong and what would be right, never a
    secret."""
    return PydanticCustomError("fault", "{text}", {"text": text})


def show_size(value: int) -> str:
    """The size as written in the settings: in the largest binary unit that is exact."""
    unit = next(u for u in ("GiB", "MiB", "KiB", "B") if value % _SIZES[u] == 0)
    return f"{value // _SIZES[unit]}{unit}"


@dataclass(frozen=True, slots=True)
class Duration:
    """Marks a `timedelta` setting. `bare`: the unit of a number without one, empty for none."""

    low: str
    high: str
    bare: durations.Bare = ""

    def parse(self, given: object) -> timedelta:
        if isinstance(given, timedelta):
            return given
        try:
            value = durations.parse(given, self.bare)
        except durations.TooLong:
            value = durations.LONGEST
        except ValueError as error:
            raise wrong(str(error)) from None
        if not durations.parse(self.low) <= value <= durations.parse(self.high):
            raise wrong(f"must lie between {self.low} and {self.high}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.parse, serialization=core_schema.plain_serializer_function_ser_schema(durations.show)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        if not self.bare:
            return {"type": "string", "pattern": durations.PATTERN_WITH_UNIT}
        return {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": durations.PATTERN}]}


@dataclass(frozen=True, slots=True)
class Bytes:
    """Marks an `int` setting that is a size in bytes."""

    low: str
    high: str

    def parse(self, given: object) -> int:
        value = _bytes(given)
        if value is None:
            raise wrong("must be a size like 512KiB or 10MiB, or a bare number of bytes")
        if not (_bytes(self.low) or 0) <= value <= (_bytes(self.high) or 0):
            raise wrong(f"must lie between {self.low} and {self.high}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.parse, serialization=core_schema.plain_serializer_function_ser_schema(show_size)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]+ ?(B|[KMG]iB|[kMG]B)$"}]}


def _bytes(given: object) -> int | None:
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    match = re.fullmatch(r"([0-9]{1,12}) ?([KMG]iB|[kMG]B|B)", given) if isinstance(given, str) else None
    return int(match[1]) * _SIZES[match[2]] if match else None


@dataclass(frozen=True, slots=True)
class Octal:
    """Marks an `int` setting that is a file mode, written as octal digits in quotes."""

    def parse(self, given: object) -> int:
        if isinstance(given, int) and not isinstance(given, bool):
            raise wrong('must be text in quotes, like "0660": YAML readers disagree about a leading 0')
        if not isinstance(given, str) or not re.fullmatch(r"0?[0-7]{3}", given):
            raise wrong('must be three octal digits in quotes, like "0660"')
        return int(given, 8)

    @staticmethod
    def show(mode: int) -> str:
        return f"{mode:04o}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.parse, serialization=core_schema.plain_serializer_function_ser_schema(self.show)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": "^0?[0-7]{3}$"}


@dataclass(frozen=True, slots=True)
class TimestampSetting:
    """Marks a `datetime` setting, kept in UTC. A bare date means its beginning, or its end with `end`."""

    end: bool = False

    def parse(self, given: object) -> datetime:
        if isinstance(given, datetime):
            return given
        try:
            if not isinstance(given, str):
                raise ValueError
            if len(given) == len("2026-01-31"):
                day = date.fromisoformat(given)
                return datetime.combine(day, time.max if self.end else time.min, UTC)
            timestamp = datetime.fromisoformat(given)
        except ValueError:
            raise wrong("must be a date like 2026-01-31, or a time like 2026-01-31T08:00:00Z") from None
        if timestamp.tzinfo is None:
            raise wrong("needs a time zone: add Z for UTC, or an offset like +01:00")
        return timestamp.astimezone(UTC)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.parse, serialization=core_schema.plain_serializer_function_ser_schema(datetime.isoformat)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}"}


@dataclass(frozen=True, slots=True)
class AfterProcessing:
    """What happens to a processed mail: `move` names a folder, empty means that it is deleted."""

    move: str = ""

    @classmethod
    def parse(cls, given: object) -> AfterProcessing:
        if isinstance(given, AfterProcessing):
            return given
        if given == "delete":
            return cls()
        folder = given.get("move") if isinstance(given, dict) and len(given) == 1 else None
        if not isinstance(folder, str) or not folder.strip() or any(c in folder for c in "\r\n\0"):
            raise wrong("must be delete, or {move: Folder}")
        return cls(folder)

    def shown(self) -> str | dict[str, str]:
        return {"move": self.move} if self.move else "delete"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(cls.shown)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        move = {"type": "object", "properties": {"move": {"type": "string"}}, "required": ["move"]}
        return {"anyOf": [{"const": "delete"}, move]}


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text) or not _is_normal(text):
        raise wrong("must be one bare mail address like name@example.com, without a display name or brackets")
    return text


def _is_normal(text: str) -> bool:
    """Whether it has the normal form in which the daemon compares addresses."""
    try:
        return bool(normal(text))
    except ValueError:
        return False


def _optional_address(text: str) -> str:
    return _address(text) if text else ""


# limits.h: the longest name of a file, and of a path with its final NUL.
NAME_MAX, _PATH_MAX = 255, 4096


def _absolute(text: object) -> object:
    if isinstance(text, str) and (not text.startswith("/") or "\0" in text):
        raise wrong("must be an absolute path, beginning with /")
    if isinstance(text, str):
        names = [name.encode("utf-8", "surrogatepass") for name in text.split("/")]
        if max(map(len, names)) > NAME_MAX or len(b"/".join(names)) >= _PATH_MAX:
            raise wrong(f"is longer than Linux allows: {_PATH_MAX} bytes, of each name {NAME_MAX}")
    return text


def _one_line(text: str) -> str:
    # A line break or NUL here would end up inside a protocol command.
    if any(c in text for c in "\r\n\0"):
        raise wrong("must be one line without control characters")
    return text


def _host(text: str) -> str:
    name = text.removeprefix("[").removesuffix("]")
    if "://" in text:
        raise wrong("must be a bare host name or address, without a scheme like https://")
    if not is_host(name):
        raise wrong("must be a host name or an IP address; the port has a setting of its own")
    return name


def is_host(name: str) -> bool:
    """Whether resolvers accept it: an IP address without brackets, or a name, also with "_", which some
    networks use. Numbers alone must be an address by inet_aton(3)."""
    if len(name) > 253 or re.search(r"[^\w.:%-]", name):
        return False
    labels = name.removesuffix(".").split(".")
    try:
        if all(label.isdigit() for label in labels):
            socket.inet_aton(name)
        elif not all(re.fullmatch(r"\w[\w-]{0,62}", label) for label in labels):
            ipaddress.IPv6Address(name)
    except (OSError, ValueError):
        return False
    return True


def _optional_url(text: str) -> str:
    return _url(text) if text else ""


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(?:[/?#]\S*)?", text):
        raise wrong("must be a URL like https://example.com/path, without blanks or a user name")
    return text


Flag = Annotated[bool, Strict()]
Number = Annotated[int, Strict()]
Line = Annotated[str, AfterValidator(_one_line)]
Host = Annotated[str, AfterValidator(_host)]


def _ip_network(text: str) -> str:
    """The network, or the address where it is one. IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2) is IPv4."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise wrong(f"{text!r} is neither an IP address nor a network like 203.0.113.0/24") from None
    if "/" in text and network.network_address != ipaddress.ip_address(text.partition("/")[0]):
        raise wrong(f"{text!r} is an address within a network: write the one, or {network} for the other")
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped and network.prefixlen >= 96:
        network = ipaddress.ip_network(f"{mapped}/{network.prefixlen - 96}")
    if network.prefixlen < (8 if network.version == 4 else 16):
        raise wrong(f"{text!r} holds addresses that are not yours: name your own networks")
    return str(network.network_address if network.num_addresses == 1 else network)


IpNetwork = Annotated[str, AfterValidator(_ip_network)]
Port = Annotated[int, Strict(), Field(ge=1, le=65535)]
Address = Annotated[str, AfterValidator(_address)]
OptionalAddress = Annotated[str, AfterValidator(_optional_address)]
AbsolutePath = Annotated[Path, BeforeValidator(_absolute)]
Mode = Annotated[int, Octal()]
OptionalUrl = Annotated[str, AfterValidator(_optional_url)]


def _tag(text: object) -> object:
    if isinstance(text, str) and (tag := OTHER_TAGS.get(text.lower())):
        raise wrong(f"{text} is not the tag of a language here: write {tag} for {LANGUAGES[tag].name}")
    return text


# The languages of replies, and those of our own mails: the files of `languages`.
if TYPE_CHECKING:
    Understood = str
    Written = str
else:
    Understood = Annotated[Literal[tuple(LANGUAGES)], BeforeValidator(_tag)]
    Written = Annotated[Literal[WRITTEN], BeforeValidator(_tag)]


def _word(text: str) -> str:
    if not text or len(text) > 40 or not all(c.isalpha() or unicodedata.combining(c) for c in text):
        raise wrong("must be a single word of letters only: replies are read by their first word")
    return unicodedata.normalize("NFC", text)


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", text):
        raise wrong("must be a name of small letters, digits, - and _, at most 40 characters")
    return text


Word = Annotated[str, AfterValidator(_word)]
Name = Annotated[str, AfterValidator(_name)]
