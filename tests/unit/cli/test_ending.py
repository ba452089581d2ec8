"""How a program ends that has nowhere to write."""

from __future__ import annotations

import subprocess
import sys

import pytest

MAIL = b"From: Ann <ann@corp.test>\r\nSubject: Re: x\r\n\r\nApprove\r\n"


@pytest.mark.parametrize("more", ["", " --json"])
@pytest.mark.parametrize(
    ("closed", "told"),
    [(">&-", b"flexmaild: the output could not be written: standard output is closed\n"), (">&- 2>&-", b"")],
)
def test_a_closed_standard_output_is_told_and_changes_no_exit_code(
    closed: str, more: str, told: bytes
) -> None:
    command = f"{sys.executable} -m flexmaild explain -{more} {closed}"
    done = subprocess.run(["sh", "-c", command], input=MAIL, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", told)
