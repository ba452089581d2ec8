"""The route table is complete and consistent in itself."""

import pytest

from flexmaild.api import validation
from flexmaild.api.routes import BY_COMMAND, COMMANDS, ROUTES, Route
from tests.unit.api.control_support import ANSWERS, BODIES, Bench


def test_every_command_has_one_name_and_one_place() -> None:
    assert len(BY_COMMAND) == len(ROUTES)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    assert len(set(COMMANDS)) == len(COMMANDS)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.command)
def test_every_named_model_exists(route: Route) -> None:
    assert not route.body or validation.body(route.body).__name__ == route.body
    assert not route.answer or validation.answer(route.answer).__name__ == route.answer


def test_nothing_that_changes_anything_is_open_to_readers() -> None:
    assert {route.method for route in ROUTES if route.role == "read"} == {"GET"}


def test_no_command_makes_a_decision() -> None:
    """Only a mail decides: there is no path by which a caller could approve or reject."""
    assert not [route for route in ROUTES if {"approve", "reject", "decide"} & set(route.path.split("/"))]


def test_the_handlers_of_these_tests_knows_every_command() -> None:
    assert set(ANSWERS) == set(BY_COMMAND) - {"openapi", "file.send"}
    needing = {route.command for route in ROUTES if route.body and route.body_required}
    assert needing == set(BODIES)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/approvals/",
        "/v1/approvals/a/b",
        "/v1/approvals/a%2fb",
        "/v1/approvals/a%20b",
        "/v1/approvals/" + "a" * 201,
        "/v2/status",
        "/v1/status%0a",
    ],
)
def test_what_is_not_in_the_table_is_not_found(path: str, bench: Bench) -> None:
    status, _, problem = bench.http("GET", path)
    assert (status, problem["detail"]) == (404, "There is no such path.")
