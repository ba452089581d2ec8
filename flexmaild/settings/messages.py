"""pydantic's errors in the operator's words. Used by `load` alone; never shows what was written."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from flexmaild.settings.section import Section

# By pydantic's error type; {…} are filled from the error's context. Types not listed keep pydantic's words.
_WORDS: Mapping[str, str] = {
    "missing": "is required",
    "string_type": "must be text: put a number, true or false in quotes where it is meant as text",
    "bool_type": "must be true or false, without quotes",
    "int_type": "must be a whole number, without quotes",
    "int_from_float": "must be a whole number",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must not be empty",
    "tuple_type": "must be a list, like [a, b]",
    "dict_type": "must be a mapping, like {{a: b}}",
    "mapping_type": "must be a mapping, like {{a: b}}",
    "model_type": "must be a mapping of settings (key: value lines below it, indented)",
    "model_attributes_type": "must be a mapping of settings (key: value lines below it, indented)",
    "path_type": "must be a path in text",
    "fault": "{text}",
}


def message(error: Mapping[str, Any]) -> str:
    """The text for an error of pydantic: what is wrong and what would be right."""
    words = _WORDS.get(error["type"])
    return words.format(**error.get("ctx", {})) if words else str(error["msg"])


def section_at(annotation: Any, location: Sequence[str | int]) -> type[Section] | None:
    """The model at an error's location, which knows the keys."""
    here = _section_in(annotation)
    for part in location:
        fields = here.model_fields if here else {}
        inside = next((f for n, f in fields.items() if part in (n, f.alias)), None)
        if inside is not None:
            here = _section_in(inside.annotation)
    return here


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _section_in(arg))), None)
