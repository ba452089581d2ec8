"""flexmailctl status, reload, process, log-level, audit: the daemon itself."""

from typing import Any

import click

from flexmaild.cli import output
from flexmaild.cli.console import Command, Console, Group, fail, pass_console
from flexmaild.client import Refused
from flexmaild.core import exit_codes


@click.command(cls=Command)
@click.option("--check", is_flag=True, help="Exit with 1 unless healthy.")
@pass_console
def status(console: Console, check: bool) -> None:
    """Show the state of the daemon and its components."""
    body = console.ask("status")
    console.show(body, _show_status)
    if check and not body["healthy"]:
        raise click.exceptions.Exit(exit_codes.FAILED)


@click.command(cls=Command)
@pass_console
def reload(console: Console) -> None:
    """Reload the settings: all of them or none. Exits with 78 if they have faults."""
    try:
        body = console.ask("reload")
    except Refused as refused:
        if refused.status == 422:
            refused.kind = "bad-settings"
        raise
    console.show(body, _show_reload)


@click.command(cls=Command)
@pass_console
def process(console: Console) -> None:
    """Read the reply folder now instead of at the next interval."""
    console.show(console.ask("process"), _show_processed)


@click.command("log-level", cls=Command)
@click.argument("level", type=click.Choice(["debug", "info", "warning", "error"]))
@click.option(
    "--for", "for_", metavar="DURATION", help="Return to the level of the settings after this, e.g. 10m."
)
@pass_console
def log_level(console: Console, level: str, for_: str | None) -> None:
    """Change the log level of the running daemon."""
    console.show(console.ask("log_level", body={"level": level} | ({"for": for_} if for_ else {})))


@click.group(cls=Group)
def audit() -> None:
    """The audit trail."""


@audit.command()
@pass_console
def verify(console: Console) -> None:
    """Check the hash chain; exits with 1 if a row was changed or removed."""
    body = console.ask("audit.verify")
    console.show(body)
    if not body["ok"]:
        fail("the audit trail was tampered with, or damaged", exit_codes.FAILED)


COMMANDS = (status, reload, process, log_level, audit)


def _show_status(body: dict[str, Any]) -> None:
    click.echo("healthy" if body["healthy"] else "NOT healthy")
    for issue in body.get("issues", []):
        click.echo(f"  ! {output.safe(issue)}")
    for warning in body.get("warnings", []):
        click.echo(f"  warning: {output.safe(warning)}")
    apart = ("healthy", "issues", "warnings")
    output.fields({name: value for name, value in body.items() if name not in apart})


def _show_reload(body: dict[str, Any]) -> None:
    changed = body.get("changed", [])
    click.echo(f"Reloaded; changed: {output.safe(changed) if changed else 'nothing'}.")
    for name in body.get("needs_restart", []):
        click.echo(f"  {output.safe(name)} keeps its old value until a restart")
    for warning in body.get("warnings", []):
        click.echo(f"  warning: {output.safe(warning)}", err=True)


def _show_processed(body: dict[str, Any]) -> None:
    outcomes = body.get("outcomes") or {}
    said = f": {output.safe(outcomes)}" if outcomes else ""
    click.echo(f"{body['messages']} mail(s) read{said}.")
    if body.get("detail"):
        click.echo(output.safe(body["detail"]))
