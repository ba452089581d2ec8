"""A secret setting: plain text, or where to read it from (file, environment, systemd credential).

The value is read at each use, so rotating a secret needs no reload. It never shows its value: not in repr,
str, JSON or an error. Reading registers it with `system.redaction` before it can be logged.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from flexmaild.core.errors import Reason, TryLater
from flexmaild.settings.types import wrong
from flexmaild.system import redaction
from flexmaild.system.files import read_at_most

Source = Literal["plain", "file", "env", "credential"]
MASK = "********"
# A PEM private key of 16,384 bits has 13 KiB; a larger file is not a secret but a mistake.
_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """The source of a secret. location: path, variable or credential name; for "plain" the value itself."""

    source: Source
    location: str

    def read(self) -> str:
        """The value as of now, one trailing newline stripped. Raises TryLater (reason auth): an operator may
        be in the middle of replacing the file."""
        value, problem = self._look()
        if problem:
            raise TryLater(Reason.AUTH, problem, step="secret")
        redaction.THIS_PROCESS.register(value)
        return value

    def problem(self) -> str:
        """Why the secret cannot be read now and what to do about it; empty when it can."""
        return self._look()[1]

    def _look(self) -> tuple[str, str]:
        return _READERS[self.source](self.location)

    def shown(self) -> Any:
        """What may be shown: the location, but never a plain value."""
        return MASK if self.source == "plain" else {self.source: self.location}

    def __repr__(self) -> str:
        return f"Secret({self.shown()!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _made, serialization=core_schema.plain_serializer_function_ser_schema(cls.shown)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        locations = [
            {
                "type": "object",
                "properties": {name: {"type": "string"}},
                "required": [name],
                "additionalProperties": False,
            }
            for name in get_args(Source)[1:]
        ]
        return {"anyOf": [{"type": "string"}, *locations]}


def _made(given: object) -> Secret:
    if isinstance(given, Secret):
        return given
    if isinstance(given, str):
        return Secret("plain", given)
    if not isinstance(given, dict) or len(given) != 1:
        raise wrong("must be text in quotes, or one of {file: PATH}, {env: NAME}, {credential: NAME}")
    (source, location), *_ = given.items()
    if source not in get_args(Source)[1:]:
        raise wrong("has an unknown source: use {file: PATH}, {env: NAME} or {credential: NAME}")
    if not isinstance(location, str) or not location:
        raise wrong(f"needs a name after {source}:")
    if source == "file" and not location.startswith("/"):
        raise wrong("needs an absolute path after file:, beginning with /")
    if source == "credential" and "/" in location:
        raise wrong("needs the name of a systemd credential after credential:, without a /")
    return Secret(source, location)


def _plain(location: str) -> tuple[str, str]:
    return location, "" if location else "is empty: give a value, or {file: PATH}"


def _env(location: str) -> tuple[str, str]:
    value = os.environ.get(location, "")
    return (
        value,
        "" if value else f"the environment variable {location} is not set: set it, or use {{file: PATH}}",
    )


def _credential(location: str) -> tuple[str, str]:
    directory = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if not directory:
        return "", (
            f"the systemd credential {location} is not there ($CREDENTIALS_DIRECTORY is not set): "
            f"add LoadCredential={location}:PATH to the unit"
        )
    return _file(str(Path(directory) / location))


def _file(location: str) -> tuple[str, str]:
    try:
        mode, raw = read_at_most(location, _LARGEST + 1)
        if mode & 0o007:
            return "", f"the secret file {location} is open to every user: run chmod 0600 {location}"
        value = raw.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        return (
            "",
            f"the secret file {location} cannot be read ({error.strerror}): create it for flexmaild only",
        )
    except UnicodeDecodeError:
        return "", f"the secret file {location} is not UTF-8 text: write the bare secret into it"
    if len(raw) > _LARGEST:
        return "", f"the secret file {location} is larger than 64 KiB: write the bare secret into it"
    return value, "" if value else f"the secret file {location} is empty: write the bare secret into it"


_READERS: dict[Source, Callable[[str], tuple[str, str]]] = {
    "plain": _plain,
    "env": _env,
    "credential": _credential,
    "file": _file,
}
