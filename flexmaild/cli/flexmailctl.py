"""flexmailctl: the client of flexmaild's control socket.

The commands are in the modules imported here, a few lines each; the API they call is in `api.routes`. Apart,
since it is an entry point of its own.
"""

import click

from flexmaild import __version__
from flexmaild.cli import approvals, events, exit, mailing, oauth, queues, service
from flexmaild.cli.console import Group


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="flexmailctl")
def cli() -> None:
    """Talk to the running flexmaild.

    Exit codes: 0 done (approval wait: approved), 1 failed, 2 wrong usage, 3 rejected, 4 expired or cancelled,
    5 wait timed out, 69 daemon not reachable, 77 not permitted, 78 bad settings.

    Completion: eval "$(_FLEXMAILCTL_COMPLETE=bash_source flexmailctl)" (or zsh_source, fish_source).
    """


for command in (
    *mailing.COMMANDS,
    *service.COMMANDS,
    *events.COMMANDS,
    approvals.approval,
    queues.outbox,
    queues.delivery,
    queues.quarantine,
    oauth.oauth,
):
    cli.add_command(command)


def main() -> None:
    """The entry point; exits with a code of `core.exit_codes`."""
    exit.run(cli, "flexmailctl")
