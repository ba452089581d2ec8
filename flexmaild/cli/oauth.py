"""flexmailctl oauth …: authorise an OAuth application, show its state, forget its tokens."""

import sys
from typing import Any

import click

from flexmaild.cli import output
from flexmaild.cli.console import Console, Group, fail, pass_console
from flexmaild.core import exit_codes
from flexmaild.system.deadline import Deadline

# The fields shown of each application, in this order; empty ones are left out.
_FIELDS = ("state", "account", "scopes", "expires_at", "last_refresh", "next_alarm", "alarm", "error", "cure")
# Seconds for which the daemon may hold one request for the progress.
_LONGEST_TURN = 5.0


@click.group(cls=Group)
def oauth() -> None:
    """OAuth applications and their authorisations."""


@oauth.command()
@pass_console
def status(console: Console) -> None:
    """Show which applications are authorised, by which account and until when."""
    answer = console.ask("oauth.status")
    console.show(answer, _show_status)


@oauth.command()
@click.argument("name")
@click.option("--no-wait", is_flag=True, help="Only start; do not wait for the sign-in.")
@pass_console
def authorize(console: Console, name: str, no_wait: bool) -> None:
    """Authorise an application: shows address and code, and waits for the sign-in in a browser."""
    started = console.ask("oauth.authorize", path={"name": name})
    show_invitation(started)
    if no_wait:
        console.show(started, lambda _: None)
        return
    ended = _follow(console, name, started)
    console.show(ended, _show_end)
    if ended["state"] != "done":
        lost = f"flexmaild no longer knows this sign-in; run `flexmailctl oauth authorize {name}` again"
        fail(output.safe(ended.get("detail") or lost), exit_codes.FAILED)


@oauth.command()
@click.argument("name")
@pass_console
def forget(console: Console, name: str) -> None:
    """Delete the tokens of an application."""
    console.show(console.ask("oauth.forget", path={"name": name}))


def show_invitation(started: dict[str, Any]) -> None:
    """Prints what the person needs, on stderr, so that stdout holds nothing but JSON with --json."""
    click.echo(output.safe(started["message"]), err=True)
    for label, key in (("Address", "verification_uri"), ("Code", "user_code")):
        if started.get(key):
            click.echo(f"  {label:<8} {output.safe(started[key])}", err=True)
    if started.get("verification_uri") and sys.stderr.isatty():
        import segno

        segno.make(started["verification_uri"], micro=False).terminal(out=sys.stderr, compact=True)


def _show_status(body: dict[str, Any]) -> None:
    if not body["applications"]:
        click.echo("No applications under `oauth_applications`.", err=True)
    for one in body["applications"]:
        click.echo(output.safe(f"{one['name']} ({one['provider']}, {one['flow']})"))
        output.fields({key: one[key] for key in _FIELDS if one.get(key)}, indent="  ")


def _follow(console: Console, name: str, started: dict[str, Any]) -> dict[str, Any]:
    """Polls the state until it is no longer pending, or the code has expired."""
    deadline = Deadline.after(float(started.get("expires_in") or 900.0))
    while True:
        turn = min(_LONGEST_TURN, deadline.left)
        state: dict[str, Any] = console.ask(
            "oauth.progress", path={"name": name}, query={"wait": f"{turn:.3f}"}
        )
        if state["state"] != "pending" or deadline.is_over:
            return state
        if sys.stderr.isatty():
            left = int(deadline.left)
            click.echo(
                f"\r  waiting, the code is valid for {left // 60}:{left % 60:02} more", nl=False, err=True
            )


def _show_end(ended: dict[str, Any]) -> None:
    click.echo(f"\n{output.safe(ended['state'])}")
    output.fields({key: ended.get(key) for key in ("account", "scopes", "detail", "cure") if ended.get(key)})
