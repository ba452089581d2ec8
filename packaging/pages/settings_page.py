"""`docs/settings.md`, made from the declarations of settings."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from flexmaild.settings.describe import choices_of, default_of, section_of
from flexmaild.settings.load import Kinds
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.oauth import OAuthApplication
from flexmaild.settings.schema import Settings, SinkSettings
from flexmaild.settings.secrets import Secret
from flexmaild.settings.section import Section
from flexmaild.settings.types import Bytes, Duration


def settings_page(kinds: Kinds) -> str:
    """`docs/settings.md`: every setting with type, default and meaning."""
    parts = [_HEAD]
    for name, field in Settings.model_fields.items():
        if name == "sinks":
            kind_tables = _kind_tables("sinks.NAME", kinds.sinks, SinkSettings)
            parts.append(_heading(name, field) + _table(SinkSettings, "sinks.NAME") + "".join(kind_tables))
        elif name == "oauth_applications":
            parts.append(_heading(name, field) + _table(OAuthApplication, "oauth_applications.NAME"))
        elif name in ("outgoing", "incoming"):
            base = Outgoing if name == "outgoing" else Incoming
            kind_tables = _kind_tables(name, getattr(kinds, name), base)
            parts.append(_heading(name, field) + _table(base, name) + "".join(kind_tables))
        elif (model := section_of(field)) is not None:
            parts.append(_heading(name, field) + _table(model, name))
        else:
            parts.append(_heading(name, field) + _rows([_row(name, field)]))
    return "\n".join(parts)


_HEAD = """\
# Settings

This page is generated from the declarations in `flexmaild/settings` (`packaging/regenerate.py`). The sample
file `config/flexmaild.yaml` holds the same, ready to edit.

**Durations** are `90s`, `5m`, `24h` or `7d`; **sizes** `512KiB` or `10MiB`. **Secrets** are text in
quotes, or `{file: PATH}`, `{env: NAME}`, `{credential: NAME}` (systemd); they are read at each use, so that
rotating one needs no reload. A secret file that every user can read is refused, and so is a plain secret in a
settings file that every user can read. An empty value counts as left out. Settings take
effect on reload unless marked *restart*.
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
        path, inside = f"{prefix}.{field.alias or name}", section_of(field)
        if inside is None:
            yield _row(path, field)
        else:
            many = get_origin(field.annotation) is tuple
            yield from _all_rows(inside, f"{path}.N" if many else path)


def _rows(rows: list[str]) -> str:
    return "| setting | value | default | meaning |\n|---|---|---|---|\n" + "".join(rows)


def _row(path: str, field: FieldInfo) -> str:
    value = default_of(field)
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
    span = next((m for m in marks if isinstance(m, Duration | Bytes)), None)
    low = next((m.ge for m in marks if hasattr(m, "ge")), None)
    high = next((m.le for m in marks if hasattr(m, "le")), None)
    is_list = get_origin(field.annotation) is tuple
    if span:
        words = f"{'duration' if isinstance(span, Duration) else 'size'}, {span.low} to {span.high}"
    elif low is not None:
        words = f"number, {low} to {high}"
    elif Secret in (field.annotation, *get_args(field.annotation)):
        words = "secret"
    elif choices := choices_of(field.annotation) or choices_of((*get_args(field.annotation), None)[0]):
        words = choices
    elif field.annotation is bool:
        words = "true, false"
    elif int in map(_bare, get_args(field.annotation)):
        words = "number"
    else:
        words = "mapping" if "dict" in str(field.annotation) else "text"
    return f"list of: {words}" if is_list else words


def _bare(annotation: Any) -> Any:
    return getattr(annotation, "__origin__", annotation)
