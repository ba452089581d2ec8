"""`flexmaild demo`: the main job on embedded parts, and a person who types what people type."""

import subprocess

import pytest

from tests.acceptance.service import BIN


def demo(typed: str | None, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        [BIN / "flexmaild", "demo", *options],
        input=typed,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_demo_shows_the_whole_job_and_ends_with_0() -> None:
    code, said = demo(None)
    assert code == 0
    for word in ("Reference FM1-", "APPROVED", "looks good to me", "recorded", "reply folder is empty"):
        assert word in said


@pytest.mark.parametrize(
    ("typed", "state"),
    [
        ("Approve fine by me", "APPROVED"),
        ("Reject\nthe backup still runs\n\n", "REJECTED"),
        ("\nbanana\n\nApprove?\n\nApprove?\n\nApprove\n\n", "APPROVED"),
    ],
)
def test_a_person_may_type_the_reply_and_try_again_when_it_is_unclear(typed: str, state: str) -> None:
    code, said = demo(typed, "--interactive")
    assert code == 0, said
    assert f"The decision: {state}" in said
    assert f"Subject: Recorded as {state.lower()}" in said


@pytest.mark.parametrize("typed", ["", "banana\n\n"])
def test_who_never_answers_decides_nothing(typed: str) -> None:
    code, said = demo(typed, "--interactive")
    assert code == 1
    assert "nothing was typed" in said
    assert "Traceback" not in said
