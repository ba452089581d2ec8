"""The pages that are made from the declarations: sample file, settings reference, table of Java properties.

`packaging/regenerate.py` writes them into `config/` and `docs/`; a test holds the files to what is made here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from flexmaild.settings.describe import to_plain, to_yaml
from flexmaild.settings.javamail_table import GENERAL, TABLE, Property
from flexmaild.settings.load import Kinds
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.oauth import OAuthApplication
from flexmaild.settings.schema import Settings, SinkSettings
from flexmaild.settings.secrets import Secret
from flexmaild.settings.section import Section
from flexmaild.settings.types import Bytes, Mode, Span, show_size

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
        elif isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            lines += [f"{name}:", *_fields(field.annotation, "  "), *_further(name, kinds)]
        else:
            lines.append(f"#{name}: {_default(field)}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _prose(text: str, indent: str) -> list[str]:
    width = _WIDTH - len(indent)
    return [f"{indent}# {line}" for line in textwrap.wrap(" ".join(text.split()).replace("**", ""), width)]


def _fields(section: type[Section], indent: str, mark: str = "#") -> Iterator[str]:
    """Every field: its words, then its line behind `mark`."""
    for name, field in section.model_fields.items():
        model = _section_of(field)
        yield from _prose(_described(field), indent)
        key = field.alias or name
        if model is not None and field.default is not None:
            yield f"{indent}{mark}{key}:"
            yield from (f"{indent}{mark}{line}" for line in _fields(model, "  ", ""))
        elif field.is_required():
            yield f"{indent}{mark}{key}: …"
        else:
            data = {} if _default_value(field) is None else {key: _default_value(field)}
            text = to_yaml(data) if data else f"{key}:"
            yield from (f"{indent}{mark}{line}" for line in text.rstrip("\n").split("\n"))


def _described(field: FieldInfo) -> str:
    choices = _choices(field.annotation)
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


def _default_value(field: FieldInfo) -> Any:
    """The default as in the file; None where it depends on something else or there is none."""
    if field.is_required() or (field.default_factory is not None and field.annotation is not dict):
        return None
    value = to_plain(field.default)
    if any(isinstance(mark, Bytes) for mark in field.metadata):
        return show_size(value)
    if field.metadata and field.metadata[-1:] == list(Mode.__metadata__)[-1:]:
        return f"{value:04o}"
    return None if value in ("", PydanticUndefined) else value


def _default(field: FieldInfo) -> str:
    value = _default_value(field)
    return "" if value is None else str(value)


def _section_of(field: FieldInfo) -> type[Section] | None:
    annotation = field.annotation
    candidates = [annotation, *get_args(annotation)]
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, Section)), None)


def _choices(annotation: Any) -> str:
    return ", ".join(map(str, get_args(annotation))) if get_origin(annotation) is Literal else ""


def reference(kinds: Kinds) -> str:
    """`docs/settings.md`: every setting with type, default and meaning."""
    parts = [
        "# Settings\n\nThis page is generated from the declarations in `flexmaild/settings` (`packaging/regenerate.py`). "
        "The sample file `config/flexmaild.yaml` holds the same, ready to edit.\n",
        _SECRETS,
    ]
    for name, field in Settings.model_fields.items():
        if name == "sinks":
            parts.append(
                _heading(name, field) + "".join(_kind_tables("sinks.NAME", kinds.sinks, SinkSettings))
            )
        elif name == "oauth_applications":
            parts.append(_heading(name, field) + _table(OAuthApplication, "oauth_applications.NAME"))
        elif name in ("outgoing", "incoming"):
            base = Outgoing if name == "outgoing" else Incoming
            kind_tables = _kind_tables(name, getattr(kinds, name), base)
            parts.append(_heading(name, field) + _table(base, name) + "".join(kind_tables))
        elif (model := _section_of(field)) is not None:
            parts.append(_heading(name, field) + _table(model, name))
        else:
            parts.append(_heading(name, field) + _rows([_row(name, field)]))
    return "\n".join(parts)


_SECRETS = """\
**Durations** are `90s`, `5m`, `24h` or `7d`; **sizes** `512KiB` or `10MiB`. **Secrets** are text in quotes, or
`{file: PATH}`, `{env: NAME}`, `{credential: NAME}` (systemd); they are read at each use, so that rotating one needs
no reload. A secret file that every user can read is refused, and so is a plain secret in a settings file that
every user can read. An empty value counts as left out. Settings take effect on reload unless marked *restart*.
"""


def _heading(name: str, field: FieldInfo) -> str:
    return f"## {name}\n\n{field.description}\n\n"


def _kind_tables(prefix: str, table: Mapping[str, type[Section]], base: type[Section]) -> Iterator[str]:
    for kind, model in table.items():
        own = [_row(f"{prefix}.{n}", f) for n, f in model.model_fields.items() if n not in base.model_fields]
        words = " ".join((model.__doc__ or "").split())
        yield f"\n### {prefix}: {kind}\n\n{words}\n\n" + (_rows(own) if own else "No settings of its own.\n")


def _table(model: type[Section], prefix: str) -> str:
    return _rows(list(_all_rows(model, prefix)))


def _all_rows(model: type[Section], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        path, inside = f"{prefix}.{field.alias or name}", _section_of(field)
        if inside is None:
            yield _row(path, field)
        else:
            many = get_origin(field.annotation) is tuple
            yield from _all_rows(inside, f"{path}.N" if many else path)


def _rows(rows: list[str]) -> str:
    return "| setting | value | default | meaning |\n|---|---|---|---|\n" + "".join(rows)


def _row(path: str, field: FieldInfo) -> str:
    value = _default_value(field)
    default = "*required*" if field.is_required() else "" if value in (None, {}, []) else _cell(value)
    extra = field.json_schema_extra
    restart = " *restart*" if isinstance(extra, dict) and extra.get("restart") else ""
    meaning = " ".join((field.description or "").split())
    return f"| `{path}` | {_type_words(field)} | {default} | {meaning}{restart} |\n"


def _cell(value: Any) -> str:
    if isinstance(value, str) and "\n" in value:
        return "FlexDeploy's block, see [Java properties](javamail-properties.md)"
    flat = ", ".join(map(str, value)) if isinstance(value, list) else value
    return f"`{str(flat).lower() if isinstance(flat, bool) else flat}`"


def _type_words(field: FieldInfo) -> str:
    marks = [
        *field.metadata,
        *(m for a in get_args(field.annotation) for m in getattr(a, "__metadata__", ())),
    ]
    span = next((m for m in marks if isinstance(m, Span | Bytes)), None)
    low = next((m.ge for m in marks if hasattr(m, "ge")), None)
    high = next((m.le for m in marks if hasattr(m, "le")), None)
    is_list = get_origin(field.annotation) is tuple
    if span:
        words = f"{'duration' if isinstance(span, Span) else 'size'}, {span.low} to {span.high}"
    elif low is not None:
        words = f"number, {low} to {high}"
    elif Secret in (field.annotation, *get_args(field.annotation)):
        words = "secret"
    elif choices := _choices(field.annotation) or _choices((*get_args(field.annotation), None)[0]):
        words = choices
    else:
        words = (
            "true, false"
            if field.annotation is bool
            else "mapping"
            if "dict" in str(field.annotation)
            else "text"
        )
    return f"list of: {words}" if is_list else words


def javamail_page() -> str:
    """`docs/javamail-properties.md`: what becomes of each Java property."""
    parts = [_JAVAMAIL_HEAD]
    for family, other in (("smtp", "smtps"), ("imap", "imaps")):
        table = TABLE[family]
        parts.append(
            f"## mail.{family}.* ({len(table)})\n\nFor `mail.{other}.*` the same.\n\n{_property_rows(family, table)}"
        )
    parts.append(f"## Without a protocol\n\n{_property_rows('', GENERAL)}")
    return "\n".join(parts)


def _property_rows(family: str, table: Mapping[str, Property]) -> str:
    prefix = f"mail.{family}." if family else "mail."
    rows = (f"| `{prefix}{p.name}` | {p.kind} | {p.treatment} | {p.note} |\n" for p in table.values())
    return "| property | value | treatment | note |\n|---|---|---|---|\n" + "".join(rows)


_JAVAMAIL_HEAD = """\
# Java mail properties

This page is generated from `flexmaild/settings/javamail_table.py` (`packaging/regenerate.py`). It says what becomes of
each property of JavaMail in `outgoing.properties` and `incoming.properties`.

* *honoured*: does what JavaMail documents, but for what the note says.
* *no effect*: accepted, and named once by `flexmaild check`, with the reason in the note.
* *refused*: a fault, with the reason in the note.

Every other name that begins with `mail.` is a fault. A line whose name does not begin with `mail.` defines a variable
for `${{NAME}}`; built in are `SMTP_HOST_NAME`, `SMTP_HOST_PORT`, `SMTP_ENABLE_TLS`, `IMAP_HOST_NAME`, `IMAP_HOST_PORT`
and `IMAP_ENABLE_STARTTLS`, fed by the fields; `PROTOCOL` chooses between `smtp` and `smtps`, `imap` and `imaps`.
The block wins over the fields; where it says nothing, the fields count.

Where JavaMail fails in silence, there is a fault with line and column: a boolean that is not exactly `true` or
`false`, a number that is none, a blank at the end of a value, a character that copy and paste left behind, port 465 or
993 without TLS from the start (JavaMail hangs), TLS from the start on 25, 143 or 587.
"""
