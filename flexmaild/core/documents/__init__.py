"""The public documents that callers, sinks and terminals get, each declared here once.

One that is made of core's nouns is built here too; one that is made of a package's own (a status, an
incident, a results field) is built there. Frozen dataclasses without defaults: each field has to be given,
and `api.openapi` describes the same classes. An answer that shows more than another is a class of its
own. Fields may be added in later versions (clients ignore what they do not know), none taken away. Pure,
and no pydantic: an event is made of them as well.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from flexmaild.core.timing import iso


def json_name(field: str) -> str:
    """A field whose name is a word of Python's has a "_" behind it in the class."""
    return field.rstrip("_")


# For a class with such a field: pydantic describes it by this name as well.
FOR_SCHEMA: Mapping[str, object] = {"alias_generator": json_name}


def as_json(value: Any) -> Any:
    """A document as JSON holds it; moments are RFC 3339 in UTC."""
    if is_dataclass(value) and not isinstance(value, type):
        return {json_name(field.name): as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, datetime):
        return iso(value)
    return value.value if isinstance(value, Enum) else value


def facts_of(document: Any) -> dict[str, Any]:
    """Its fields, for a document that shows more."""
    return {field.name: getattr(document, field.name) for field in fields(document)}
