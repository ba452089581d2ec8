"""The settings in force, their schema, and what changed: for `flexmaild config`, `schema`, and the reload.

Secrets are shown by their source, never by value.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema

from flexmaild.core import durations
from flexmaild.settings.faults import Fault
from flexmaild.settings.load import Kinds
from flexmaild.settings.mail import DEFAULT_IN, DEFAULT_OUT, Outgoing, inherited
from flexmaild.settings.scalars import resolve
from flexmaild.settings.schema import Settings
from flexmaild.settings.section import Section
from flexmaild.settings.types import AfterProcessing, Bytes, Octal, show_size


def effective(settings: Settings, diff: bool = False) -> str:
    """The settings as YAML, fallbacks resolved, secrets masked. diff: only what differs from the defaults."""
    whole = settings.model_dump(mode="json", by_alias=True, exclude_none=True)
    return to_yaml(_different(settings, whole, _fallbacks(settings)) if diff else whole)


def to_yaml(data: Mapping[str, Any]) -> str:
    """Data as YAML that `load` reads back unchanged; a comment for an empty mapping."""
    if not data:
        return "# every setting has its default\n"
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def _to_plain(value: Any) -> Any:
    """A setting's default as written in the file."""
    if isinstance(value, timedelta):
        return durations.show(value)
    if isinstance(value, tuple):
        return [_to_plain(item) for item in value]
    if isinstance(value, AfterProcessing):
        return value.shown()
    if isinstance(value, Section):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return str(value) if isinstance(value, Path) else value


def default_of(field: FieldInfo) -> Any:
    """A field's default as in the file; None where it depends on something else or there is none."""
    if field.is_required() or field.default_factory is not None or field.default in ("", None):
        return None
    if any(isinstance(mark, Bytes) for mark in field.metadata):
        return show_size(field.default)
    if any(isinstance(mark, Octal) for mark in field.metadata):
        return Octal.show(field.default)
    return _to_plain(field.default)


def section_of(field: FieldInfo) -> type[Section] | None:
    """The group of settings that a field holds, if it does."""
    candidates = (field.annotation, *get_args(field.annotation))
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, Section)), None)


def choices_of(annotation: Any) -> str:
    """The values a setting may have, empty where it is not a choice."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return ", ".join(map(str, get_args(annotation))) if get_origin(annotation) is Literal else ""


def changed(old: Settings, new: Settings) -> tuple[str, ...]:
    """The dotted paths of all settings that differ, in the order of the sample file."""
    return tuple(path for path, _ in _changes(old, new, ""))


def restart_needed(old: Settings, new: Settings) -> tuple[str, ...]:
    """The dotted paths of those changed settings that a running daemon cannot apply."""
    return tuple(path for path, restart in _changes(old, new, "") if restart)


def until_restart(old: Settings, new: Settings) -> Settings:
    """`new` without the changes that need a restart: part of a moved state directory would be worse than
    none."""
    for path in restart_needed(old, new):
        section, _, name = path.partition(".")
        before = getattr(old, section)
        if name:
            before = getattr(new, section).model_copy(update={name: getattr(before, name)})
        new = new.model_copy(update={section: before})
    return new


def vanished(file: str, running: Settings, wanted: Settings) -> tuple[Fault, ...]:
    """A fault for each section that is in use and missing from the new file: one that was emptied or cut by
    mistake. Switching a section off explicitly is no fault."""
    return tuple(
        Fault.of_file(file, f"{name} runs and is not in the file any more: {cure}")
        for name, cure in _missing(running, wanted)
    )


def _missing(running: Settings, wanted: Settings) -> Iterator[tuple[str, str]]:
    if _is_given(running.outgoing) and not _is_given(wanted.outgoing):
        yield "outgoing", "put it back"
    if running.incoming.enabled and "enabled" not in wanted.incoming.model_fields_set:
        yield "incoming", "put it back, or write incoming: {enabled: false} to read no replies"
    if running.sinks and "sinks" not in wanted.model_fields_set:
        yield "sinks", "put it back, or write sinks: {} to deliver no decisions"
    if running.oauth_applications and "oauth_applications" not in wanted.model_fields_set:
        yield "oauth_applications", "put it back, or write oauth_applications: {}"


def _is_given(outgoing: Outgoing) -> bool:
    """Whether the file has it; `resolved_outgoing` fills in the mailbox."""
    return bool(outgoing.model_fields_set - {"mailbox"})


def schema(kinds: Kinds) -> dict[str, Any]:
    """The JSON Schema of the settings file, each kind of transport and sink with its own settings."""
    whole = Settings.model_json_schema(schema_generator=_Generator)
    definitions: dict[str, Any] = whole.setdefault("$defs", {})
    properties = whole["properties"]
    properties["outgoing"] = _choice("transport", kinds.outgoing, definitions)
    properties["incoming"] = _choice("transport", kinds.incoming, definitions)
    sinks = _choice("kind", kinds.sinks, definitions)
    properties["sinks"] = {**properties["sinks"], "additionalProperties": sinks}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, "title": "flexmaild settings"}


def _choice(word: str, table: Mapping[str, type[Section]], definitions: dict[str, Any]) -> dict[str, Any]:
    """The kinds' schemas as alternatives, each bound to its name, which is optional for the default."""
    choices = []
    for kind, model in table.items():
        own = model.model_json_schema(schema_generator=_Generator)
        definitions.update(own.pop("$defs", {}))
        field = own["properties"][word]
        own["properties"][word] = {"const": kind, "description": field.get("description", "")}
        is_default = (
            field.get("default") == kind and word == "transport" and kind in (DEFAULT_OUT, DEFAULT_IN)
        )
        own["required"] = sorted({*own.get("required", []), *(() if is_default else (word,))})
        choices.append(own)
    return {"anyOf": choices}


def _changes(old: Section, new: Section, prefix: str) -> Iterator[tuple[str, bool]]:
    for name, field in type(new).model_fields.items():
        before, after, path = getattr(old, name, None), getattr(new, name), f"{prefix}{field.alias or name}"
        if before == after:
            continue
        if isinstance(before, Section) and type(before) is type(after):
            yield from _changes(before, after, f"{path}.")
        elif isinstance(after, dict) and isinstance(before, dict):
            names = (*after, *(key for key in before if key not in after))
            yield from ((f"{path}.{key}", False) for key in names if before.get(key) != after.get(key))
        else:
            yield (
                path,
                isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra.get("restart")),
            )


def _fallbacks(settings: Settings) -> dict[str, dict[str, Any]]:
    """The defaults that depend on other settings."""
    outgoing, incoming = settings.outgoing, settings.incoming
    return {
        "outgoing": {"mailbox": outgoing.username or outgoing.from_address},
        "incoming": {**inherited(outgoing), "mailbox": incoming.username or incoming.reply_address},
        "store": {"url": f"sqlite:///{settings.state_directory / 'flexmaild.db'}"},
    }


def _different(section: Section, shown: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `shown` whose values are not the defaults."""
    kept: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        value, key = getattr(section, name), field.alias or name
        if isinstance(value, Section):
            inside = _different(value, shown[key], defaults.get(name, {}))
            kept |= {key: inside} if inside else {}
        elif value is not None and (
            field.is_required() or value != defaults.get(name, field.get_default(call_default_factory=True))
        ):
            kept[key] = shown[key]
    return kept


class _Generator(GenerateJsonSchema):
    """Defaults as an operator would write them."""

    def encode_default(self, dft: Any) -> Any:
        return _to_plain(dft)


class _Dumper(yaml.SafeDumper):
    """Block scalars for text of several lines, quotes wherever `load` would ask for them."""


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain, complaint = resolve(text)
    style = "|" if "\n" in text else "'" if complaint or plain != text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.SequenceNode:
    flat = all(isinstance(item, str | int) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=flat)


_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(str, _represent)
