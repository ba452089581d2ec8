"""The command behind `flexmailctl approval request … --wait -- COMMAND`, run once the request is approved."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import click

from flexmaild.cli import output
from flexmaild.cli.views.approval import comment_lines

# What shells report for a program that cannot be run.
_CANNOT_RUN = 126


def check(command: Sequence[str], *, wait: bool) -> None:
    """Refuse what could not be run, before anybody is asked. Raises click's UsageError."""
    if command and not wait:
        raise click.UsageError("a command is run after a decision: add --wait")
    if command and shutil.which(command[0]) is None:
        raise click.UsageError(f"there is no command {command[0]!r} to run")


def run(command: Sequence[str], decided: Mapping[str, Any]) -> int:
    """Run it with the decision in its environment. Returns the exit code, as a shell has it."""
    environment = {
        "FLEXMAILD_REQUEST_ID": decided["id"],
        "FLEXMAILD_STATE": decided["state"],
        "FLEXMAILD_DECIDED_BY": ",".join(decided.get("decided_by", ())),
        "FLEXMAILD_COMMENT": "\n".join(comment_lines(decided)),
    }
    clean = {name: value.replace("\0", "") for name, value in environment.items()}
    try:
        code = subprocess.run(command, env=os.environ | clean, check=False).returncode
    except OSError as error:
        click.echo(f"flexmailctl: {output.safe(command[0])} cannot be run: {error.strerror}", err=True)
        return _CANNOT_RUN
    if code:
        click.echo(f"flexmailctl: {output.safe(command[0])} ended with {_as_shell(code)}", err=True)
    return _as_shell(code)


def _as_shell(code: int) -> int:
    return 128 - code if code < 0 else code
