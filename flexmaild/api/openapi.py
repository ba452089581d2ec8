"""openapi.json, generated from the route table and the models (OpenAPI 3.1).

Served at GET /openapi.json; nothing in it is written twice.
"""

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from flexmaild import __version__
from flexmaild.api import problems, validation
from flexmaild.api.routes import ROUTES, Parameter, Route

_REF = "#/components/schemas/{model}"

_PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "cure": {"type": "string", "description": "What to do about it."},
        "errors": {"type": "array", "items": {"$ref": _REF.format(model="Fault")}},
    },
}
_FAULT = {
    "type": "object",
    "required": ["path", "pointer", "detail"],
    "properties": {
        "path": {"type": "string", "examples": ["approvers.0.address"]},
        "pointer": {"type": "string", "examples": ["#/approvers/0/address"]},
        "detail": {"type": "string"},
        "cure": {"type": "string"},
    },
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body is carried out once and answered alike; with another body: 422.",
    "schema": {"type": "string", "maxLength": 255},
}


@cache
def document() -> dict[str, Any]:
    """The whole description. The same object every time: do not change it."""
    bodies = {validation.body(route.body): None for route in ROUTES if route.body}
    named = (name for route in ROUTES for name in (route.answer, route.outline) if name)
    answers = {validation.answer(name): None for name in named}
    wanted: list[tuple[str, Any, TypeAdapter[Any]]] = []
    wanted += [(one.__name__, "validation", TypeAdapter(one)) for one in bodies]
    wanted += [(one.__name__, "serialization", TypeAdapter(one)) for one in answers]
    tops, schemas = TypeAdapter.json_schemas(wanted, ref_template=_REF)
    # One that no other holds is not among the definitions.
    models = schemas["$defs"] | {name: top for (name, _), top in tops.items() if "$ref" not in top}
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "flexmaild control socket",
            "version": __version__,
            "description": "HTTP/1.1 over a Unix socket. Callers are known by their peer credentials.",
        },
        "servers": [
            {"url": "http://localhost", "description": "curl --unix-socket /run/flexmaild/control.sock"}
        ],
        "paths": paths,
        "components": {"schemas": models | {"Problem": _PROBLEM, "Fault": _FAULT}},
    }


def _operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": route.command,
        "summary": route.summary,
        "x-role": route.role,
        "responses": {str(route.status): _response(route), "default": _problem_response()},
    }
    if route.cli:
        found["x-cli"] = f"flexmailctl {route.cli}"
    parameters = [_path_parameter(name) for name in route.placeholders]
    parameters += [_query_parameter(parameter) for parameter in route.query]
    parameters += [_IDEMPOTENCY_KEY] if route.idempotent else []
    if parameters:
        found["parameters"] = parameters
    if route.body:
        content = {"application/json": {"schema": {"$ref": _REF.format(model=route.body)}}}
        found["requestBody"] = {"required": route.body_required, "content": content}
    return found


def _response(route: Route) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    if route.answer:
        shown = [{"$ref": _REF.format(model=name)} for name in (route.answer, route.outline) if name]
        schema = {"anyOf": shown} if route.outline else shown[0]
    elif route.media_type != "application/json":
        schema = {}
    return {"description": "Done.", "content": {route.media_type: {"schema": schema}}}


def _problem_response() -> dict[str, Any]:
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
    return {"description": "Not done; the problem says why.", "content": content}


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameter(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": {"text": "string"}.get(parameter.kind, parameter.kind)}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.kind != "text":
        schema |= {"minimum": parameter.least, "maximum": parameter.most}
    if parameter.default is not None:
        schema["default"] = parameter.default
    found = {"name": parameter.name, "in": "query", "required": False, "schema": schema}
    return found | {"description": parameter.summary}
