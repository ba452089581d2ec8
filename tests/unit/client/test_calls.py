"""The client's own table says what the description of the API says."""

import re

from flexmaild.api import openapi
from flexmaild.client.calls import CALLS


def test_every_call_is_as_the_description_has_it_and_none_is_missing() -> None:
    described = {}
    for path, methods in openapi.document()["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            (good,) = [answers[status] for status in answers if status != "default"]
            (media_type,) = good["content"]
            described[operation["operationId"]] = (method.upper(), path, media_type)
    assert {name: (call.method, call.path, call.media_type) for name, call in CALLS.items()} == described


def test_what_is_held_back_is_asked_for_by_a_parameter_that_exists() -> None:
    paths = openapi.document()["paths"]
    for call in CALLS.values():
        parameters = {p["name"]: p for p in paths[call.path][call.method.lower()].get("parameters", [])}
        assert set(call.placeholders) == set(re.findall(r"{(\w+)}", call.path))
        if call.held_for is not None:
            name, seconds = call.held_for
            assert parameters[name]["schema"]["default"] == seconds
