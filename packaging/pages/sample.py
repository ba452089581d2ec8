"""The commented sample file `config/flexmaild.yaml`, made from the declarations of settings."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import get_origin

from pydantic.fields import FieldInfo

from flexmaild.settings.describe import choices_of, default_of, section_of, to_yaml
from flexmaild.settings.load import Kinds
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.oauth import OAuthApplication
from flexmaild.settings.schema import Settings
from flexmaild.settings.section import Section

_HEAD = """\
# flexmaild's settings. Each setting stands here with its default: take away the # in front to change it.
# `flexmaild check` names every mistake with its line; `systemctl reload flexmaild` puts changes in force.
#
# Durations are written 90s, 5m, 24h or 7d; sizes 512KiB or 10MiB. A secret is text in quotes, or better
# {file: /path} (mode 0600), {env: NAME} or {credential: NAME} (systemd). It is read at each use.
# This page is generated (packaging/regenerate.py).
"""
_WIDTH = 108


def sample(kinds: Kinds) -> str:
    """`config/flexmaild.yaml`: every setting with its default, commented out; loads as it is."""
    lines = [_HEAD]
    for name, field in Settings.model_fields.items():
        lines += _prose(field.description or "", "")
        if name in ("sinks", "oauth_applications"):
            lines += [f"{name}:", *_examples(name, kinds)]
        elif (model := section_of(field)) is not None:
            lines += [f"{name}:", *_fields(model, "  "), *_further(name, kinds)]
        else:
            lines.append(f"#{name}:")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _prose(text: str, indent: str) -> list[str]:
    width = _WIDTH - len(indent)
    return [f"{indent}# {line}" for line in textwrap.wrap(" ".join(text.split()).replace("**", ""), width)]


def _fields(section: type[Section], indent: str, prefix: str = "#") -> Iterator[str]:
    """Every field: its description, then its line after `prefix`."""
    for name, field in section.model_fields.items():
        model = section_of(field)
        yield from _prose(_described(field), indent)
        key = field.alias or name
        if model is not None and field.default is not None and get_origin(field.annotation) is not tuple:
            yield f"{indent}{prefix}{key}:"
            yield from (f"{indent}{prefix}{line}" for line in _fields(model, "  ", ""))
        elif field.is_required():
            yield f"{indent}{prefix}{key}:  # required"
        else:
            value = default_of(field)
            text = f"{key}:" if value is None else to_yaml({key: value})
            yield from (f"{indent}{prefix}{line}" for line in text.rstrip("\n").split("\n"))


def _described(field: FieldInfo) -> str:
    choices = choices_of(field.annotation)
    return f"{field.description or ''}{f' One of: {choices}.' if choices else ''}"


def _examples(name: str, kinds: Kinds) -> Iterator[str]:
    """One entry of each sort as prose, since names are the operator's choice."""
    entries: Mapping[str, type[Section]] = kinds.sinks if name == "sinks" else {"m365": OAuthApplication}
    for entry, model in entries.items():
        yield f"  # {entry}:"
        for line in _fields(model, "    ", "") if name != "sinks" else _sink(entry, model):
            yield f"  # {line.removeprefix('  ')}"


def _sink(kind: str, model: type[Section]) -> Iterator[str]:
    for line in _fields(model, "    ", ""):
        yield f"    kind: {kind}" if line.startswith("    kind:") else line


def _further(name: str, kinds: Kinds) -> Iterator[str]:
    """What single transports have beyond the page's settings."""
    tables: Mapping[str, tuple[Mapping[str, type[Section]], type[Section]]] = {
        "outgoing": (kinds.outgoing, Outgoing),
        "incoming": (kinds.incoming, Incoming),
    }
    table, base = tables.get(name, ({}, Section))
    for kind, model in table.items():
        for own, field in model.model_fields.items():
            if own not in base.model_fields:
                yield from _prose(f"Only for transport {kind}, `{own}`: {field.description}", "  ")
