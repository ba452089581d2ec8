"""Finds the models that the route table names, and turns what pydantic found into faults for people.

Used by the server, by `api.openapi` and by `flexmailctl`. Never shows the value that was wrong.
"""

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from flexmaild.api import request_models
from flexmaild.api.problems import Fault
from flexmaild.core.documents import approvals, diagnosis, queues, service

_MISSING = "is missing"
# The most faults in one answer.
MOST = 100

# Documents that stand in a list in place of one another.
_SEVERAL = ("ListedApproval", "ApprovalOutline", "Job", "JobOutline")

# Which fields are allowed at a place, by the last name in the path of a fault (a model's tag or its list).
_FIELDS_AT: Mapping[str, type[BaseModel]] = {
    f"{request_models.TAG}person": request_models.Person,
    f"{request_models.TAG}group": request_models.Group,
    "attachments": request_models.File,
    "logs": request_models.Log,
}


def body(name: str) -> type[BaseModel]:
    """The model of a request's body of that name."""
    found: type[BaseModel] = getattr(request_models, name)
    return found


def answer(name: str) -> type:
    """The document of that name."""
    for module in (approvals, queues, diagnosis, service):
        found: type | None = getattr(module, name, None)
        if found is not None and found.__module__ == module.__name__:
            return found
    raise KeyError(name)


def faults(error: ValidationError, top: type[BaseModel]) -> list[Fault]:
    """The faults pydantic found, each with its path and what would be right, the first 100 of them."""
    found = error.errors(include_url=False, include_input=False)
    shown = [_fault(one["loc"], one["type"], one["msg"], one.get("ctx", {}), top) for one in found[:MOST]]
    return shown + ([Fault("", f"and {len(found) - MOST} further faults")] if len(found) > MOST else [])


def misfit(name: str, given: object) -> Fault | None:
    """The first fault of a received document of that name; None where it is valid."""
    try:
        TypeAdapter(answer(name)).validate_python(given)
    except ValidationError as error:
        found = faults(error, BaseModel)[:MOST]  # without the sentence on how many there are beside these
        return next((fault for fault in found if fault.detail != _MISSING), found[0])
    return None


def did_you_mean(given: str, known: list[str]) -> str:
    close = difflib.get_close_matches(given, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(sorted(known))}"


def _fault(
    loc: tuple[int | str, ...], kind: str, message: str, context: Mapping[str, Any], top: type[BaseModel]
) -> Fault:
    path = ".".join(str(part) for part in loc if not _is_alternative(part))
    match kind:
        case "extra_forbidden":
            return Fault(path, "is not a field here", did_you_mean(str(loc[-1]), _fields_at(loc[:-1], top)))
        case "missing":
            return Fault(path, _MISSING)
        case "literal_error":
            return Fault(path, f"must be one of {context['expected']}")
        case "model_type" | "dict_type" | "model_attributes_type" | "dataclass_type":
            return Fault(path, "must be an object")
        case "list_type":
            return Fault(path, "must be a list")
        case "string_type":
            return Fault(path, "must be a text")
        case "too_short":
            return Fault(path, f"must have at least {context['min_length']}")
        case "too_long":
            return Fault(path, f"must have at most {context['max_length']}")
        case "string_too_short":
            return Fault(path, "must not be empty")
        case "string_too_long":
            return Fault(path, f"must have at most {context['max_length']} characters")
    text = message[:1].lower() + message[1:]
    return Fault(path, text.replace("input should be", "must be").replace("value should", "must"))


def _is_alternative(part: int | str) -> bool:
    """Whether this part of a path names a model that was tried, and no field."""
    return isinstance(part, str) and (part.startswith(request_models.TAG) or part in _SEVERAL)


def _fields_at(loc: tuple[int | str, ...], top: type[BaseModel]) -> list[str]:
    names = [str(part) for part in loc if isinstance(part, str)]
    owner = _FIELDS_AT.get(names[-1], top) if names else top
    return [field.alias or name for name, field in owner.model_fields.items()]
