"""flexmailctl approval …: ask for approval, look, wait, take back."""

import sys
import uuid
from pathlib import Path
from typing import Any, get_args

import click

from flexmaild.cli import arguments, output
from flexmaild.cli.console import Console, Group, pass_console
from flexmaild.cli.views import approval as approval_view
from flexmaild.cli.waiting import Watch, wait_for_decision
from flexmaild.core import exit_codes
from flexmaild.core.model import Requirement

STATES = ["pending", "approved", "rejected", "expired", "cancelled"]


@click.group(cls=Group)
def approval() -> None:
    """Requests for approval."""


@approval.command()
@click.option("--title", help="One line: what is to be approved.")
@click.option(
    "--text", type=arguments.text, metavar="TEXT|-", help="The question; - reads it from standard input."
)
@click.option("--html", type=arguments.text, metavar="HTML|-", help="The question as HTML.")
@click.option("--template", metavar="NAME", help="A template of the operator's instead of a text.")
@click.option(
    "--variable",
    "variables",
    multiple=True,
    type=arguments.pair,
    metavar="NAME=VALUE",
    help="For the template.",
)
@click.option(
    "--approver", "approvers", multiple=True, metavar="[GROUP:]ADDRESS", help="Whom to ask; may be repeated."
)
@click.option("--quorum", metavar="any|all|each_group|N", help="How many must approve (default: any).")
@click.option("--any-reject/--no-any-reject", default=None, help="Whether one rejection rejects.")
@click.option("--expires-in", metavar="DURATION", help="E.g. 24h; default: as the settings say.")
@click.option(
    "--settle-for", metavar="DURATION", help="How long an answer can be changed before it decides, e.g. 15m."
)
@click.option("--on-expiry", type=click.Choice(["expire", "reject"]))
@click.option("--remind-after", multiple=True, metavar="DURATION", help="May be repeated.")
@click.option("--escalate-after", metavar="DURATION", help="When to ask those of --escalate-to as well.")
@click.option("--escalate-to", multiple=True, metavar="[GROUP:]ADDRESS")
@click.option("--requester", metavar="ADDRESS", help="Who asks.")
@click.option(
    "--allow-requester/--no-allow-requester", default=None, help="Whether the requester may approve."
)
@click.option("--allow-delegates/--no-allow-delegates", default=None)
@click.option(
    "--comment-on-reject/--no-comment-on-reject", default=None, help="Whether a rejection needs a comment."
)
@click.option("--require", type=click.Choice(get_args(Requirement)), help="How the sender must be proven.")
@click.option(
    "--sink", "sinks", multiple=True, metavar="NAME", help="Where the decision goes; may be repeated."
)
@click.option(
    "--metadata",
    multiple=True,
    type=arguments.pair,
    metavar="NAME=VALUE",
    help="Comes back with the decision.",
)
@click.option(
    "--visible-to",
    multiple=True,
    metavar="USER|@GROUP",
    help="Who else may see the request; may be repeated.",
)
@click.option("--attach", "attachments", multiple=True, type=arguments.FILE, help="A file; may be repeated.")
@click.option(
    "--file", "file", type=click.Path(path_type=Path, allow_dash=True), help="A request body as JSON."
)
@click.option("--idempotency-key", type=arguments.key, metavar="KEY", help="The same key never mails twice.")
@click.option("--wait", is_flag=True, help="Wait for the decision; see the exit codes.")
@click.option(
    "--timeout", type=arguments.seconds, metavar="DURATION", help="How long to wait (default: no end)."
)
@pass_console
def request(
    console: Console,
    /,
    file: Path | None,
    idempotency_key: str | None,
    wait: bool,
    timeout: float | None,
    **options: Any,
) -> None:
    """Ask for approval by mail; prints the request's id once it is durable.

    Options add to what --file holds, or take its place.
    """
    body = arguments.body_file(file) | _body(options)
    key = idempotency_key or str(uuid.uuid4())
    asked = console.ask("approval.request", body=body, idempotency_key=key)
    for one in asked.get("warnings", []):
        told = f"{one['approver']} {one['code'].replace('_', ' ')}: {one['detail']}"
        click.echo(f"warning: {output.safe(told)}", err=True)
    if not wait:
        console.show(asked, lambda one: click.echo(output.safe(one["id"])))
        return
    click.echo(f"Asked; {output.safe(asked['id'])} waits for an answer.", err=True)
    _wait(console, asked["id"], timeout, was_there=True)


@approval.command("list")
@click.option("--state", type=click.Choice(STATES))
@click.option("--limit", type=click.IntRange(1, 1000))
@click.option("--after", metavar="NEXT", help="The page after the one that ended with this.")
@pass_console
def list_(console: Console, /, **query: Any) -> None:
    """Requests, newest first."""
    columns = ("id", "state", "created_at", "title")
    console.show(console.ask("approval.list", query=query), lambda page: output.page(columns, page))


@approval.command()
@click.argument("id")
@pass_console
def show(console: Console, id: str) -> None:
    """One request: who was asked, who said what, and how it was proven."""
    console.show(console.ask("approval.show", path={"id": id}), approval_view.full)


@approval.command()
@click.argument("id")
@click.argument("sha256")
@pass_console
def reply(console: Console, id: str, sha256: str) -> None:
    """The bytes of a reply as they were read, on standard output; `approval show` names them by SHA-256."""
    sys.stdout.buffer.write(console.ask("approval.reply", path={"id": id, "sha256": sha256}))
    sys.stdout.buffer.flush()


@approval.command()
@click.argument("id")
@click.option(
    "--timeout", type=arguments.seconds, metavar="DURATION", help="How long to wait (default: no end)."
)
@pass_console
def wait(console: Console, id: str, timeout: float | None) -> None:
    """Wait for the decision. Exits with 0 approved, 3 rejected, 4 expired or cancelled, 5 timed out."""
    _wait(console, id, timeout)


@approval.command()
@click.argument("id")
@click.option("--reason", help="Told to the approvers.")
@pass_console
def cancel(console: Console, id: str, reason: str | None) -> None:
    """Withdraw a pending request."""
    body = {"reason": reason} if reason else None
    console.show(console.ask("approval.cancel", path={"id": id}, body=body), approval_view.state)


@approval.command()
@click.argument("id")
@pass_console
def remind(console: Console, id: str) -> None:
    """Mail those who have not answered yet once more."""
    console.show(console.ask("approval.remind", path={"id": id}), approval_view.state)


@approval.command()
@click.argument("id")
@click.argument("approver")
@pass_console
def resend(console: Console, id: str, approver: str) -> None:
    """Mail one approver again under a new reference; the old one opens nothing any more."""
    answer = console.ask("approval.resend", path={"id": id}, body={"approver": approver})
    console.show(answer, approval_view.state)


def _wait(console: Console, id: str, timeout: float | None, *, was_there: bool = False) -> None:
    try:
        decided = wait_for_decision(console.client, id, timeout, _WATCH, was_there=was_there)
    except KeyboardInterrupt:
        click.echo(
            f"\nThe request {output.safe(id)} lives on: `flexmailctl approval wait {output.safe(id)}` waits "
            "for it again, `approval cancel` withdraws it.",
            err=True,
        )
        raise click.exceptions.Exit(exit_codes.INTERRUPTED) from None
    console.show(decided, approval_view.decision)
    raise click.exceptions.Exit(exit_codes.OF_STATE.get(decided["state"], exit_codes.FAILED))


def _tell_reply(reply: dict[str, Any]) -> None:
    click.echo("A reply came that decides nothing:", err=True)
    approval_view.reply(reply, err=True)


def _tell_away(why: str) -> None:
    click.echo(f"The daemon does not answer ({output.safe(why)}); the wait goes on.", err=True)


_WATCH = Watch(
    reply=_tell_reply,
    standing=approval_view.standing,
    away=_tell_away,
    back=lambda: click.echo("The daemon answers again.", err=True),
)


def _body(options: dict[str, Any]) -> dict[str, Any]:
    """The options as a request body."""
    made = dict(options)
    made["approvers"] = arguments.approvers(options["approvers"])
    made["escalate_to"] = arguments.approvers(options["escalate_to"])
    made["quorum"] = arguments.quorum(options["quorum"]) if options["quorum"] else None
    made["variables"] = dict(options["variables"])
    made["metadata"] = dict(options["metadata"])
    made["attachments"] = [arguments.file(path) for path in options["attachments"]]
    return arguments.named(made)
