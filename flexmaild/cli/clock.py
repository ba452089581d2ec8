"""flexmaild clock accept: an operator confirms the clock of this machine."""

import os
from pathlib import Path

import click

from flexmaild.cli import exit
from flexmaild.cli.settings_file import config_option, load_settings
from flexmaild.client import Client, Refused, Unreachable
from flexmaild.core import exit_codes


@click.group()
def clock() -> None:
    """The clock of this machine, when the daemon does not trust it."""


@clock.command()
@config_option
@click.option(
    "--socket",
    type=click.Path(path_type=Path, readable=False),  # not permitted is exit code 77, not click's 2
    help="The daemon's control socket. Default: $FLEXMAILD_SOCKET, else that of the settings.",
)
def accept(socket: Path | None) -> None:
    """Tell the running daemon that the clock is right, however far it is from the last time known.

    Exit codes: 0 the daemon uses this clock, 69 daemon not reachable, 77 not permitted, 78 bad settings.
    """
    given = socket or os.environ.get("FLEXMAILD_SOCKET")
    path = Path(given) if given else load_settings(check_secrets=False).control.socket
    try:
        answer = Client(path).call("clock.accept").body
        if answer["doubted"]:
            text = f"Accepted: it is {answer['now']}; the daemon used {answer['before']} before."
        else:
            text = f"There was no doubt about the clock; it is {answer['now']}."
    except Unreachable as error:
        code = exit_codes.NOT_PERMITTED if error.permission else exit_codes.UNREACHABLE
        exit.fail(f"{error}. {error.cure}", code)
    except Refused as refused:
        exit.fail(str(refused), exit_codes.of_problem(refused.status, refused.kind))
    exit.say(text)
