"""flexmailctl outbox, delivery, quarantine: list, retry, hold, release and drop what waits or failed."""

import sys
from typing import Any

import click

from flexmaild.cli import output
from flexmaild.cli.console import Console, Group, pass_console
from flexmaild.cli.views import results as results_view

_STATES = ["queued", "deferred", "held", "failed", "done", "dropped"]
_OUTBOX_COLUMNS = ("id", "state", "kind", "recipients", "attempt", "due_at", "last_error")
_DELIVERY_COLUMNS = ("id", "state", "target", "approval_id", "attempt", "due_at", "last_error")
_QUARANTINE_COLUMNS = ("id", "at", "outcome", "sender", "subject", "because")


@click.group(cls=Group)
def outbox() -> None:
    """Mails to send."""


@click.group(cls=Group)
def delivery() -> None:
    """Decisions to deliver to the sinks."""


@click.group(cls=Group)
def quarantine() -> None:
    """Mails in quarantine."""


def _add_queue_commands(group: click.Group, noun: str, columns: tuple[str, ...]) -> None:
    """Adds the commands of both queues; `noun` is the first part of their names in the route table."""

    @group.command("list")
    @click.option("--state", type=click.Choice(_STATES))
    @click.option("--limit", type=click.IntRange(1, 1000))
    @click.option("--after", metavar="NEXT", help="The page after the one that ended with this.")
    @pass_console
    def list_(console: Console, /, **query: Any) -> None:
        """List the entries, newest first."""
        console.show(console.ask(f"{noun}.list", query=query), lambda page: output.page(columns, page))

    @group.command()
    @click.argument("id")
    @pass_console
    def show(console: Console, id: str) -> None:
        """Show one entry."""
        console.show(console.ask(f"{noun}.show", path={"id": id}))

    @group.command()
    @click.argument("ids", nargs=-1, metavar="[ID]...")
    @click.option("--all", "everything", is_flag=True, help="All that failed or wait for the next try.")
    @pass_console
    def retry(console: Console, ids: tuple[str, ...], everything: bool) -> None:
        """Retry now."""
        if bool(ids) == everything:
            raise click.UsageError("Give either ids or --all.")
        if everything:
            console.show(console.ask(f"{noun}.retry_all"))
        _each(console, f"{noun}.retry", ids)

    for verb, help_text in (
        ("hold", "Hold until released."),
        ("release", "Release a held one."),
        ("drop", "Give up; it is not tried again."),
    ):
        _add_verb(group, f"{noun}.{verb}", verb, help_text)


def _add_verb(group: click.Group, command: str, verb: str, help_text: str) -> None:
    @group.command(verb, help=help_text)
    @click.argument("ids", nargs=-1, required=True, metavar="ID...")
    @pass_console
    def act(console: Console, ids: tuple[str, ...]) -> None:
        _each(console, command, ids)


@quarantine.command("list")
@click.option("--limit", type=click.IntRange(1, 1000))
@click.option("--after", metavar="NEXT", help="The page after the one that ended with this.")
@pass_console
def list_quarantine(console: Console, /, **query: Any) -> None:
    """List the mails in quarantine, newest first."""
    answer = console.ask("quarantine.list", query=query)
    console.show(answer, lambda page: output.page(_QUARANTINE_COLUMNS, page))


@quarantine.command("show")
@click.argument("id")
@click.option("--raw", is_flag=True, help="Write the bytes of the mail to standard output.")
@pass_console
def show_quarantined(console: Console, id: str, raw: bool) -> None:
    """Show one mail: sender, time, reason, results fields and the settings that would trust them."""
    if raw:
        sys.stdout.buffer.write(console.ask("quarantine.raw", path={"id": id}))
        sys.stdout.buffer.flush()
    else:
        console.show(console.ask("quarantine.show", path={"id": id}), _show_set_aside)


def _show_set_aside(one: dict[str, Any]) -> None:
    apart = ("results", "proposals")
    output.fields({name: value for name, value in one.items() if name not in apart})
    results = one.get("results")
    if results is None:
        click.echo("Its results fields cannot be listed: its bytes are no longer kept.")
        return
    click.echo("Results fields:" if results else "No Authentication-Results field.")
    results_view.lines(results)
    results_view.proposals(one.get("proposals") or [])


def _each(console: Console, command: str, ids: tuple[str, ...]) -> None:
    for id in ids:
        console.show(console.ask(command, path={"id": id}), _show_briefly)


def _show_briefly(one: dict[str, Any]) -> None:
    click.echo(f"{output.safe(one['id'])}  {output.safe(one.get('state') or one.get('outcome'))}")


_add_queue_commands(outbox, "outbox", _OUTBOX_COLUMNS)
_add_queue_commands(delivery, "deliveries", _DELIVERY_COLUMNS)
_add_verb(quarantine, "quarantine.release", "release", "Read the mail again as if it had just arrived.")
_add_verb(quarantine, "quarantine.drop", "drop", "Remove the mail from the list.")
