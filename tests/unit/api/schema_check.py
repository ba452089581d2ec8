"""A JSON Schema checker for the part of the language our own description uses; anything else is an error.

So that a keyword that nobody checks cannot slip into openapi.json unnoticed.
"""

import re
from collections.abc import Mapping
from typing import Any

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}
_SAID_ONLY = {"title", "description", "default", "examples", "format", "contentEncoding"}


def check(schema: Any, value: Any, whole: Mapping[str, Any], at: str = "$") -> list[str]:
    """What does not fit, with its place."""
    if schema is True or schema == {}:
        return []
    faults: list[str] = []
    for keyword, wanted in schema.items():
        if keyword not in _SAID_ONLY:
            faults += _KEYWORDS[keyword](wanted, value, whole, at, schema)
    return faults


def further(schema: Any, value: Any, whole: Mapping[str, Any], at: str = "$") -> list[str]:
    """What a value holds beyond what is described, with its place."""
    while "$ref" in schema:
        schema = whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return min((further(one, value, whole, at) for one in schema["anyOf"]), key=len)
    if isinstance(value, list):
        return [
            f for i, v in enumerate(value) for f in further(schema.get("items", {}), v, whole, f"{at}[{i}]")
        ]
    if not isinstance(value, dict) or "properties" not in schema:
        return []
    named = schema["properties"]
    unknown = [f"{at}: {name} is not described" for name in value if name not in named]
    return unknown + [f for k in value if k in named for f in further(named[k], value[k], whole, f"{at}.{k}")]


def _ref(wanted: str, value: Any, whole: Mapping[str, Any], at: str, schema: Any) -> list[str]:
    target: Any = whole
    for part in wanted.removeprefix("#/").split("/"):
        target = target[part]
    return check(target, value, whole, at)


def _type(wanted: str, value: Any, whole: Mapping[str, Any], at: str, schema: Any) -> list[str]:
    fits = isinstance(value, _TYPES[wanted]) and (wanted == "boolean" or not isinstance(value, bool))
    return [] if fits else [f"{at}: {value!r} is no {wanted}"]


def _any_of(wanted: list[Any], value: Any, whole: Mapping[str, Any], at: str, schema: Any) -> list[str]:
    return [] if any(not check(one, value, whole, at) for one in wanted) else [f"{at}: fits none"]


def _one_of(wanted: list[Any], value: Any, whole: Mapping[str, Any], at: str, schema: Any) -> list[str]:
    fitting = sum(not check(one, value, whole, at) for one in wanted)
    return [] if fitting == 1 else [f"{at}: fits {fitting} instead of one"]


def _properties(wanted: Any, value: Any, whole: Mapping[str, Any], at: str, schema: Any) -> list[str]:
    if not isinstance(value, dict):
        return []
    return [f for k, v in value.items() if k in wanted for f in check(wanted[k], v, whole, f"{at}.{k}")]


def _additional(wanted: Any, value: Any, whole: Mapping[str, Any], at: str, schema: Any) -> list[str]:
    if not isinstance(value, dict):
        return []
    rest = {k: v for k, v in value.items() if k not in schema.get("properties", {})}
    if wanted is False:
        return [f"{at}: {k} is not allowed" for k in rest]
    return [f for k, v in rest.items() for f in check(wanted, v, whole, f"{at}.{k}")]


def _items(wanted: Any, value: Any, whole: Mapping[str, Any], at: str, schema: Any) -> list[str]:
    if not isinstance(value, list):
        return []
    return [f for i, v in enumerate(value) for f in check(wanted, v, whole, f"{at}[{i}]")]


def _simple(holds: Any) -> Any:
    def keyword(wanted: Any, value: Any, whole: Any, at: str, schema: Any) -> list[str]:
        return [] if holds(wanted, value) else [f"{at}: {value!r} against {wanted!r}"]

    return keyword


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_KEYWORDS: Mapping[str, Any] = {
    "$ref": _ref,
    "type": _type,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "enum": _simple(lambda wanted, value: value in wanted),
    "const": _simple(lambda wanted, value: value == wanted),
    "required": _simple(lambda wanted, value: not isinstance(value, dict) or set(wanted) <= set(value)),
    "pattern": _simple(lambda wanted, value: not isinstance(value, str) or bool(re.search(wanted, value))),
    "minLength": _simple(lambda wanted, value: not isinstance(value, str) or len(value) >= wanted),
    "maxLength": _simple(lambda wanted, value: not isinstance(value, str) or len(value) <= wanted),
    "minItems": _simple(lambda wanted, value: not isinstance(value, list) or len(value) >= wanted),
    "maxItems": _simple(lambda wanted, value: not isinstance(value, list) or len(value) <= wanted),
    "minimum": _simple(lambda wanted, value: not _number(value) or value >= wanted),
    "maximum": _simple(lambda wanted, value: not _number(value) or value <= wanted),
    "exclusiveMinimum": _simple(lambda wanted, value: not _number(value) or value > wanted),
}
