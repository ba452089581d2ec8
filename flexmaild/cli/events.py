"""flexmailctl events: the event log, as it is and as it grows."""

import json
import time

import click

from flexmaild.cli import output
from flexmaild.cli.console import Command, Console, pass_console
from flexmaild.client import Refused, Unreachable
from flexmaild.client.stream import Event

# Between two tries to reach a daemon that is away, seconds.
PAUSE = 1.0


@click.command(cls=Command)
@click.option("--request", "about", metavar="ID", help="Only events about this request.")
@click.option("--type", "name", metavar="NAME", help="Only events of this name, e.g. decided.")
@click.option(
    "--after", metavar="NUMBER", default="", help="Begin behind this event. Default: with the first."
)
@click.option("--follow", is_flag=True, help="Wait for new events, also while the daemon restarts.")
@pass_console
def events(console: Console, about: str | None, name: str | None, after: str, follow: bool) -> None:
    """Show the event log; with --json one object a line."""
    last, was_there = after or "0", False
    query = {"request": about, "type": name, "follow": str(follow).lower()}
    while True:
        try:
            for event in console.client.events(last, **query):
                _show(console, event)
                last, was_there = event.number, True
            if not follow:
                return
            was_there = True
        except (Unreachable, Refused) as error:
            may_pass = isinstance(error, Unreachable) or error.status == 503
            if not (follow and was_there and may_pass):
                raise
        time.sleep(PAUSE)


def _show(console: Console, event: Event) -> None:
    data = event.data
    if console.as_json:
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    facts = " ".join(f"{name}={output.safe(value)}" for name, value in data["data"].items())
    click.echo(
        output.safe(
            f"{data['number']} {data['at']} {data['event']} {data['request'] or '-'} {facts}"
        ).rstrip()
    )


COMMANDS = (events,)
