"""Reads the settings file into one frozen `Settings`, or reports every fault with file, line, column and
path.

Called at start, at each reload, and by `check` and `config`. The daemon's wiring passes the kinds of
transports and sinks; this module never imports an adapter, opens a connection or changes anything.
"""

import difflib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from flexmaild.settings import directories
from flexmaild.settings.document import LARGEST, Document
from flexmaild.settings.faults import WHOLE_FILE, Fault, Finding, Path, SettingsError, dotted
from flexmaild.settings.javamail.block import holds_password
from flexmaild.settings.mail import (
    DEFAULT_IN,
    DEFAULT_OUT,
    Incoming,
    Outgoing,
    resolved_incoming,
    resolved_outgoing,
)
from flexmaild.settings.messages import message, section_at
from flexmaild.settings.oauth import OAuthApplication
from flexmaild.settings.relations import findings_between
from flexmaild.settings.schema import Settings, SinkSettings
from flexmaild.settings.section import Section, children, secrets_in
from flexmaild.settings.types import Name
from flexmaild.system.files import read_at_most


@dataclass(frozen=True, slots=True)
class Kinds:
    """The tables of adapters' settings classes, by the name in the settings."""

    outgoing: Mapping[str, type[Outgoing]]
    incoming: Mapping[str, type[Incoming]]
    sinks: Mapping[str, type[SinkSettings]]


def load(
    path: str | os.PathLike[str],
    *,
    outgoing: Mapping[str, type[Outgoing]],
    incoming: Mapping[str, type[Incoming]],
    sinks: Mapping[str, type[SinkSettings]],
    check_secrets: bool = True,
    built: Callable[[Settings], Iterable[Finding]] = lambda settings: (),
) -> Settings:
    """Read and check a file. Raises SettingsError with all faults, an unreadable file being one.

    check_secrets: False skips reading secrets (for `config`, which other users may run). built: returns the
    findings of building adapters; its paths begin at the whole file.
    """
    name = os.fspath(path)
    try:
        mode, raw = read_at_most(path, LARGEST + 1)
    except OSError as error:
        raise _unreadable(
            name, f"cannot be read ({error.strerror}): name the settings file with --config"
        ) from error
    if len(raw) > LARGEST:
        raise _unreadable(name, "is larger than 1 MiB, which no settings file is")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        lines = raw[: error.start].split(b"\n")
        text_ = "is not UTF-8 text here: save the file as UTF-8"
        raise _unreadable(name, text_, len(lines), len(lines[-1]) + 1) from error
    kinds = Kinds(outgoing, incoming, sinks)
    open_to_all = bool(mode & 0o007)
    return parse(text, name, kinds, check_secrets=check_secrets, open_to_all=open_to_all, built=built)


def parse(
    text: str,
    name: str,
    kinds: Kinds,
    *,
    check_secrets: bool = True,
    open_to_all: bool = False,
    built: Callable[[Settings], Iterable[Finding]] = lambda settings: (),
) -> Settings:
    """Check a text that is the content of the file `name`. Raises SettingsError.

    open_to_all: every user of the machine can read the file, so it must not hold a plain secret.
    """
    document = Document(text, name)
    if not document.whole:
        raise SettingsError(tuple(sorted(set(document.faults))))
    builder = _Builder(document, kinds)
    settings = builder.settings()
    builder.examine(settings)
    if not document.faults:  # of a section with faults nothing can be built
        builder.take(built(settings))
    if check_secrets:
        builder.look_for_secrets(settings)
    if open_to_all:
        builder.guard_plain_secrets(settings)
    if document.faults:
        raise SettingsError(tuple(sorted(set(document.faults))))
    settings._warnings = tuple(sorted(set(builder.warnings)))
    return settings


def _unreadable(name: str, text: str, line: int = 1, column: int = 1) -> SettingsError:
    return SettingsError((Fault(name, line, column, WHOLE_FILE, text),))


class _Builder:
    """Builds every section it can, records the faults of the others, then applies the sections' rules."""

    def __init__(self, document: Document, kinds: Kinds) -> None:
        self.document = document
        self.kinds = kinds
        self.warnings: list[Fault] = []
        self.dropped: set[Path] = set(document.broken)

    def settings(self) -> Settings:
        data = _without(self.document.data, self.document.broken)
        self._unknown_sections(data)
        parts = {name: self._part(name, data[name]) for name in Settings.model_fields if name in data}
        outgoing = resolved_outgoing(
            parts.pop("outgoing", None) or self.kinds.outgoing.get(DEFAULT_OUT, Outgoing)()
        )
        incoming = parts.pop("incoming", None) or self.kinds.incoming.get(DEFAULT_IN, Incoming)()
        given = {name: part for name, part in parts.items() if part is not None}
        settings = Settings(outgoing=outgoing, incoming=resolved_incoming(incoming, outgoing), **given)
        if settings.store.url:
            return settings
        url = f"sqlite:///{settings.state_directory / directories.DATABASE}"
        return settings.model_copy(update={"store": settings.store.model_copy(update={"url": url})})

    def _unknown_sections(self, data: Mapping[str, Any]) -> None:
        for name in data:
            if name not in Settings.model_fields:
                self._fault((name,), _message_for_unknown(name, Settings.model_fields), key=True)

    def _part(self, name: str, data: Any) -> Any:
        if name == "sinks":
            kinds = self.kinds.sinks
            return self._named(name, data, lambda at, one: self._chosen(at, one, "kind", kinds, SinkSettings))
        if name == "oauth_applications":
            return self._named(name, data, lambda at, one: self._build(at, OAuthApplication, one))
        if name == "outgoing":
            return self._chosen((name,), data, "transport", self.kinds.outgoing, Outgoing)
        if name == "incoming":
            return self._chosen((name,), data, "transport", self.kinds.incoming, Incoming)
        field = Settings.model_fields[name]
        return self._build((name,), Annotated[(field.annotation, *field.metadata, None)], data)

    def _named(self, section: str, data: Any, build: Callable[[Path, Any], Any]) -> dict[str, Any]:
        """Build entries under names of the operator's choice; a faulty entry hides no fault of another."""
        if not isinstance(data, dict):
            self._fault((section,), "must be a mapping of names of your choice, each with settings below it")
            return {}
        for name in self.document.blank(section):
            self._fault((section, name), "has no settings below it: write them, or take the name away")
        built = {}
        for name, entry in data.items():
            path = (section, name)
            one = build(path, entry)
            try:
                TypeAdapter(Name).validate_python(name)
            except ValidationError as error:
                self._fault(path, message(error.errors(include_input=False)[0]), key=True)
                continue
            if one is not None:
                built[name] = one
        return built

    def _chosen(
        self,
        path: Path,
        data: Any,
        word: str,
        table: Mapping[str, type[Section]],
        base: type[Section],
    ) -> Any:
        """Build with the class that the section's `transport` or `kind` names."""
        field = base.model_fields[word]
        default = None if field.is_required() else field.default
        if not isinstance(data, dict):
            return self._build(path, base, data)
        kind = data.get(word, default)
        if isinstance(kind, str) and kind in table:
            return self._build(path, table[kind], data)
        there = ", ".join(table) or "none"
        if (*path, word) not in self.dropped:
            if kind is None:
                self._fault(path, f"lacks {word}: choose from {there}")
            else:
                close = difflib.get_close_matches(str(kind), list(table), 1)
                hint = f"did you mean {close[0]}? " if close else ""
                self._fault((*path, word), f"is none of the kinds there are: {hint}choose from {there}")
        known = {key: value for key, value in data.items() if key in base.model_fields and key != word}
        return self._build(path, base, known) if default else None

    def _build(self, path: Path, annotation: Any, data: Any) -> Any:
        """Validate; after faults, leave the faulty values out and try once more, so that the rules between
        fields are checked as well. None when that fails too."""
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        for _ in range(2):
            try:
                return adapter.validate_python(data)
            except ValidationError as error:
                locations = {self._note(path, annotation, one) for one in error.errors(include_input=False)}
                data = _without(data, {location[len(path) :] for location in locations})
        self.dropped.add(path)
        return None

    def _note(self, path: Path, annotation: Any, error: Any) -> Path:
        location: Path = (*path, *(part for part in error["loc"] if part != "[key]"))
        unknown = error["type"] == "extra_forbidden"
        if unknown:
            section = section_at(annotation, error["loc"][:-1])
            fields = {f.alias or n: f for n, f in section.model_fields.items()} if section else {}
            text = _message_for_unknown(str(location[-1]), fields)
        else:
            text = message(error)
        if not any(location[: len(at)] == at for at in self.dropped):
            self._fault(location, text, key=unknown or "[key]" in error["loc"])
            self.dropped.add(location)
        return location

    def _fault(self, path: Path, text: str, *, key: bool = False) -> None:
        self.document.fault(self.document.position(path, key=key), path, text)

    def examine(self, settings: Settings) -> None:
        """Note what each section finds in itself, and what is wrong between sections."""
        for path, section in children(settings):
            if not isinstance(section, Section):
                continue
            for finding in section.findings():
                self._found((*path, *finding.path), finding.text, finding.at, finding.grave)
        self.take(findings_between(settings))

    def take(self, findings: Iterable[Finding]) -> None:
        """Note findings whose paths begin at the whole file."""
        for finding in findings:
            self._found(finding.path, finding.text, finding.at, finding.grave)

    def _found(self, path: Path, text: str, at: tuple[int, int] | None, grave: bool) -> None:
        if any(path[: len(at_)] == at_ for at_ in self.dropped):
            return
        position = self.document.position_in(path, *at) if at else self.document.position(path)
        if grave:
            self.document.fault(position, path, text)
        else:
            self.warnings.append(
                Fault(self.document.file, position[0] + 1, position[1] + 1, dotted(path), text)
            )

    def look_for_secrets(self, settings: Settings) -> None:
        for path, secret in self._written_secrets(settings):
            problem = secret.problem()
            if problem:
                self._fault(path, problem)

    def guard_plain_secrets(self, settings: Settings) -> None:
        """Warn of passwords in a settings file that every user can read."""
        cure = f"run chmod 0640 {self.document.file}, or keep it in a file of its own"
        for path, secret in self._written_secrets(settings):
            if secret.source == "plain":
                self._found(path, f"is a secret in a file that every user can read: {cure}", None, False)
        for path, value in children(settings):
            hides = path[1:] == ("properties",) and holds_password(value)
            if hides and self.document.has(path):
                self._found(path, f"holds a password in a file that every user can read: {cure}", None, False)

    def _written_secrets(self, settings: Settings) -> Iterator[tuple[Path, Any]]:
        """The secrets written in this file; inherited ones would be reported twice."""
        return ((path, secret) for path, secret in secrets_in(settings) if self.document.has(path))


def _message_for_unknown(name: str, fields: Mapping[str, Any]) -> str:
    """The text for an unknown key."""
    close = difflib.get_close_matches(name.replace("-", "_").lower(), list(fields), 1)
    hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(fields)}"
    return f"is not a known key ({hint})"


def _without(data: Any, paths: set[Path]) -> Any:
    """The data without the values at these paths."""
    if () in paths:
        return {}
    if isinstance(data, dict):
        pairs = ((key, value, _below(paths, key)) for key, value in data.items())
        return {key: _without(value, below) for key, value, below in pairs if () not in below}
    if isinstance(data, list):
        pairs = ((number, value, _below(paths, number)) for number, value in enumerate(data))
        return [_without(value, below) for _, value, below in pairs if () not in below]
    return data


def _below(paths: set[Path], part: str | int) -> set[Path]:
    return {path[1:] for path in paths if path and path[0] == part}
