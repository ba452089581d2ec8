"""openapi.json describes what the server does: every route, and every answer it gives."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from flexmaild.api import openapi
from flexmaild.api.routes import BY_COMMAND, ROUTES, Route
from tests.unit.api.control_support import BODIES, Bench
from tests.unit.api.schema_check import check

SPEC = openapi.document()


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = SPEC["paths"][route.path][route.method.lower()]
    return found


def test_it_is_served_as_it_is_generated(bench: Bench) -> None:
    assert bench.http("GET", "/openapi.json")[2] == json.loads(json.dumps(SPEC))


def test_every_route_is_there_and_no_other() -> None:
    described = {one["operationId"] for methods in SPEC["paths"].values() for one in methods.values()}
    assert described == set(BY_COMMAND)
    assert SPEC["openapi"].startswith("3.1")


def test_every_reference_leads_somewhere() -> None:
    for reference in set(references(SPEC)):
        assert reference.removeprefix("#/components/schemas/") in SPEC["components"]["schemas"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.command)
def test_every_answer_is_as_described(route: Route, bench: Bench) -> None:
    path = route.path.replace("{id}", "ap-one").replace("{name}", "m365").replace("{sha256}", "00")
    status, headers, body = bench.http(route.method, path, BODIES.get(route.command))
    content = operation(route)["responses"][str(status)]["content"]
    schema = content[headers["Content-Type"]]["schema"]
    assert check(schema, body, SPEC) == []


@pytest.mark.parametrize("route", [r for r in ROUTES if r.body], ids=lambda route: route.command)
def test_every_refusal_is_as_described_and_the_body_too(route: Route, bench: Bench) -> None:
    path = route.path.replace("{id}", "ap-one").replace("{name}", "m365").replace("{sha256}", "00")
    body = {"no such field": 1}
    _, headers, problem = bench.http(route.method, path, body)
    schema = operation(route)["responses"]["default"]["content"][headers["Content-Type"]]["schema"]
    assert check(schema, problem, SPEC) == []
    taken = operation(route)["requestBody"]["content"]["application/json"]["schema"]
    assert check(taken, body, SPEC) != []
    assert check(taken, BODIES.get(route.command, {}), SPEC) == []


def test_every_parameter_is_described_and_says_whether_it_is_in_the_path() -> None:
    for route in ROUTES:
        described = operation(route).get("parameters", [])
        named = {(one["name"], one["in"]) for one in described}
        wanted = {(name, "path") for name in route.placeholders} | {(p.name, "query") for p in route.query}
        assert named - {("Idempotency-Key", "header")} == wanted
        assert (("Idempotency-Key", "header") in named) is route.idempotent


def test_approvers_are_described_in_all_their_forms() -> None:
    schema = {"$ref": "#/components/schemas/ApprovalRequest"}
    for approver in (
        "a@example.org",
        {"address": "a@example.org"},
        {"group": "g", "members": ["a@example.org"]},
    ):
        assert check(schema, {"title": "t", "approvers": [approver]}, SPEC) == []
    assert check(schema, {"title": "t", "approvers": [7]}, SPEC) != []
    assert check(schema, {"title": "t", "approvers": [], "expires_in": "24h", "quorum": 2}, SPEC) == []
