"""Request bodies: what is taken, what is refused, and that all faults are named at once with their place."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flexmaild.api import request_models, validation
from flexmaild.api.problems import Fault
from flexmaild.core.durations import parse as parse_duration

GOOD = {"title": "Release 4.2", "approvers": ["anna@example.org"]}


def faults_of(model: str, document: Any) -> dict[str, Fault]:
    kind = validation.body(model)
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(document)
    return {fault.path: fault for fault in validation.faults(caught.value, kind)}


def test_all_faults_are_named_at_once_each_with_its_path() -> None:
    document = {
        "titel": "x",
        "approvers": ["nobody", {"address": "a@b.example", "nmae": "A"}, {"group": "ops", "members": ["x@"]}],
        "quorum": "most",
        "expires_in": "soon",
        "attachments": [{"filename": "../x", "content": "%"}],
        "on_expiry": "approve",
    }
    found = faults_of("ApprovalRequest", document)
    assert set(found) == {
        "titel",
        "title",
        "approvers.0",
        "approvers.1.nmae",
        "approvers.2.members.0",
        "quorum",
        "expires_in",
        "attachments.0.filename",
        "attachments.0.content",
        "on_expiry",
    }
    assert found["titel"].cure == "did you mean 'title'?"
    assert found["approvers.1.nmae"].cure == "did you mean 'name'?"
    assert found["approvers.2.members.0"].pointer == "#/approvers/2/members/0"


def test_every_form_of_an_approver_reaches_the_core_with_its_path() -> None:
    document = GOOD | {
        "approvers": [
            "Anna@Example.org",
            {"address": "bob@example.org", "name": "Bob", "aliases": ["b@example.org"], "language": "de"},
            {"group": "ops", "members": ["carl@example.org", {"address": "dora@example.org"}]},
        ],
        "escalate_to": ["boss@example.org"],
    }
    ask = request_models.ApprovalRequest.model_validate(document).ask()
    assert [(a.path, a.address, a.group) for a in ask.approvers] == [
        ("approvers.0", "anna@example.org", ""),
        ("approvers.1", "bob@example.org", ""),
        ("approvers.2.members.0", "carl@example.org", "ops"),
        ("approvers.2.members.1", "dora@example.org", "ops"),
    ]
    assert ask.approvers[1].aliases == ("b@example.org",)
    assert [a.path for a in ask.escalate_to] == ["escalate_to.0"]


def test_what_is_left_out_is_left_to_the_settings() -> None:
    ask = request_models.ApprovalRequest.model_validate(GOOD).ask()
    left = (ask.expires_in, ask.remind_after, ask.sinks, ask.require, ask.any_reject, ask.on_expiry)
    assert left == (None,) * 6


@pytest.mark.parametrize(
    ("given_value", "meant"),
    [
        ("24h", timedelta(hours=24)),
        (90, timedelta(seconds=90)),
        ("90", timedelta(seconds=90)),
        (1.5, timedelta(seconds=1.5)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
    ],
)
def test_a_duration_is_seconds_or_has_a_unit(given_value: Any, meant: timedelta) -> None:
    body = request_models.ApprovalRequest.model_validate(GOOD | {"expires_in": given_value})
    assert body.expires_in == meant


@pytest.mark.parametrize("bad", ["", "0", 0, -1, "-1h", "1 h", "1y", "1e3", True, [], "²h", "99999d", "inf"])
def test_a_duration_that_is_none_is_refused(bad: Any) -> None:
    assert set(faults_of("ApprovalRequest", GOOD | {"expires_in": bad})) == {"expires_in"}


@given(st.text())
def test_a_duration_is_read_or_refused_whatever_the_text(text: str) -> None:
    try:
        assert parse_duration(text) >= timedelta(0)
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize(
    "title", ["a\nBcc: x@example.org", "a\x00b", "\x1b[2J", "a\u202eb", "", "   ", "x" * 201]
)
def test_a_title_is_one_line_that_cannot_become_a_header_or_move_a_cursor(title: str) -> None:
    assert set(faults_of("ApprovalRequest", GOOD | {"title": title})) == {"title"}


def test_a_text_keeps_its_lines_and_loses_carriage_returns() -> None:
    body = request_models.ApprovalRequest.model_validate(GOOD | {"text": "one\r\n\ttwo\rthree"})
    assert body.text == "one\n\ttwo\nthree"
    assert "text" in faults_of("ApprovalRequest", GOOD | {"text": "a\x00"})


def test_metadata_is_at_most_16_kib() -> None:
    request_models.ApprovalRequest.model_validate(GOOD | {"metadata": {"k": "v" * 16_000}})
    assert "metadata" in faults_of("ApprovalRequest", GOOD | {"metadata": {"k": "v" * 17_000}})


def test_of_very_many_faults_the_first_are_shown_and_the_others_counted() -> None:
    kind = validation.body("ApprovalRequest")
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(GOOD | {"approvers": ["nobody"] * 5000})
    found = validation.faults(caught.value, kind)
    assert len(found) == 101
    assert found[-1].detail == "and 4900 further faults"


@pytest.mark.parametrize("quorum", ["any", "all", "each_group", 2])
def test_the_quorum_is_a_word_or_a_number(quorum: Any) -> None:
    assert request_models.ApprovalRequest.model_validate(GOOD | {"quorum": quorum}).quorum == quorum


@pytest.mark.parametrize("quorum", ["2", 0, -1, 1.5, None, "most"])
def test_another_quorum_is_refused(quorum: Any) -> None:
    assert "quorum" in faults_of("ApprovalRequest", GOOD | {"quorum": quorum})


def test_a_fault_never_repeats_what_a_text_or_a_file_held() -> None:
    document = {
        "to": ["a@example.org"],
        "subject": "s",
        "text": "hunter2\x00",
        "attachments": [{"filename": "a", "content": "hunter2%"}],
    }
    found = faults_of("Notification", document)
    assert "hunter2" not in json.dumps([fault.document() for fault in found.values()])


def test_a_log_is_named_by_a_name_or_as_flexdeploy_names_it() -> None:
    content = base64.b64encode(b"log").decode()
    log = request_models.Log.model_validate(
        {"content": content, "step_number": 3, "step_name": "Deploy", "endpoint": "prod1", "execution_id": 77}
    )
    assert log.name == "3_Deploy_prod1(77).log"
    assert request_models.Log.model_validate({"content": content, "filename": "x.log"}).name == "x.log"
    assert "needs a filename" in faults_of("Log", {"content": content, "step_number": 3})[""].detail


def test_a_notification_takes_one_address_or_a_list_and_must_say_something() -> None:
    body = request_models.Notification.model_validate({"to": "A@Example.org", "subject": "s", "text": "t"})
    assert body.to == ["a@example.org"]
    assert "" in faults_of("Notification", {"to": ["a@example.org"], "subject": "s"})
    assert "to" in faults_of("Notification", {"to": [], "subject": "s", "text": "t"})


def test_files_together_are_no_larger_than_a_mail_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_models, "MAX_FILES", 100)
    content = base64.b64encode(b"x" * 60).decode()
    file = {"filename": "a.txt", "content": content}
    request_models.ApprovalRequest.model_validate(GOOD | {"attachments": [file]})
    found = faults_of("ApprovalRequest", GOOD | {"attachments": [file, file]})
    assert "120 bytes" in found[""].detail


def test_the_content_type_follows_the_name_where_none_is_given() -> None:
    content = base64.b64encode(b"x").decode()
    read = request_models.File.model_validate
    assert read({"filename": "a.txt", "content": content}).media_type == "text/plain"
    assert read({"filename": "a.zzz", "content": content}).media_type == "application/octet-stream"
    assert (
        read({"filename": "a", "content": content, "content_type": "text/x-log"}).media_type == "text/x-log"
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
some_fields = st.dictionaries(
    st.sampled_from(sorted(request_models.ApprovalRequest.model_fields)), json_values, max_size=6
)


@given(some_fields | json_values)
def test_any_json_is_either_a_request_or_a_list_of_faults(document: Any) -> None:
    try:
        request_models.ApprovalRequest.model_validate(document).ask()
    except ValidationError as error:
        found = validation.faults(error, request_models.ApprovalRequest)
        assert found
        assert all(fault.detail and request_models.TAG not in fault.path.split(".") for fault in found)
