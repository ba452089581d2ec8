"""The table of sign-in errors: decided by code, with a cure for each."""

import pytest

from flexmaild.core.errors import Reason
from flexmaild.oauth.errors import MEANINGS, fault, meaning, without_secrets


def test_every_error_has_a_cause_and_a_cure() -> None:
    assert all(row.cause and row.cure and row.name for row in MEANINGS.values())
    assert len(MEANINGS) > 70


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (
            {"error": "invalid_grant", "error_codes": [700082], "error_description": "any words"},
            "AADSTS700082",
        ),
        (
            {"error": "invalid_client", "error_description": "AADSTS7000222: The keys expired."},
            "AADSTS7000222",
        ),
        ({"error": "invalid_grant", "error_codes": [99999999]}, "invalid_grant"),
        ({"error": "invalid_grant", "suberror": "consent_required"}, "consent_required"),
        ({"error": "brand_new"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_the_most_exact_known_code_decides(answer: dict[str, object], code: str) -> None:
    assert meaning(answer).code == code


def test_words_never_decide() -> None:
    assert (
        meaning({"error": "server_error", "error_description": "invalid client secret expired"}).permanent
        is False
    )


@pytest.mark.parametrize("number", [700082, 50173, 7000215, 7000222, 65001, 90002, 700016, 53003, 700024])
def test_what_only_people_can_cure_is_dead_and_an_auth_fault(number: int) -> None:
    error = fault({"error": "x", "error_codes": [number]})
    assert (error.dead, error.reason, error.code) == (True, Reason.AUTH, f"AADSTS{number}")
    assert error.cure


@pytest.mark.parametrize("error", ["temporarily_unavailable", "server_error", "slow_down", "never_heard_of"])
def test_what_may_pass_is_not_given_up(error: str) -> None:
    assert fault({"error": error}).dead is False


def test_opaque_words_are_blotted_out_and_trace_ids_are_not() -> None:
    trace = "0f3a1c9e-1111-4222-8333-abcdefabcdef"
    shown = without_secrets(f"bad token eyJhbGciOiJIUzI1NiIsInR5cCI6.e30.c2ln Trace ID: {trace}\r\nnext")
    assert "eyJ" not in shown
    assert trace in shown
    assert "\n" not in shown
