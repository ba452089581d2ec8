"""flexmailctl approval …: request approval, list, show, wait, cancel."""

import sys
import uuid
from pathlib import Path
from typing import Any, get_args

import click

from flexmaild.cli import arguments, output, run_approved
from flexmaild.cli.console import Console, Group, pass_console
from flexmaild.cli.views import approval as approval_view
from flexmaild.cli.waiting import WaitCallbacks, wait_for_decision
from flexmaild.core import exit_codes
from flexmaild.core.model import Requirement

_SHOWN = {
    None: approval_view.decision,
    "comment": approval_view.comments,
    "approver": approval_view.deciders,
}
_timeout_option = click.option(
    "--timeout", type=arguments.seconds, metavar="DURATION", help="How long to wait (default: without limit)."
)
_output_option = click.option(
    "-o", "--output", "only", type=click.Choice(["comment", "approver"]),
    help="Print only what the approvers wrote, or who they are.",
)  # fmt: skip
_STATES = ["pending", "approved", "rejected", "expired", "cancelled"]


@click.group(cls=Group)
def approval() -> None:
    """Requests for approval."""


@approval.command()
@click.option("--title", help="One line: what to approve.")
@click.option(
    "--text", type=arguments.text, metavar="TEXT|-", help="The question; - reads it from standard input."
)
@click.option("--html", type=arguments.text, metavar="HTML|-", help="The question as HTML.")
@click.option("--template", metavar="NAME", help="A template of the operator instead of a text.")
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
@click.option("--expires-in", metavar="DURATION", help="E.g. 24h; the default is in the settings.")
@click.option(
    "--settle-for",
    metavar="DURATION",
    help="How long an approver can change the answer before it counts, e.g. 15m.",
)
@click.option("--on-expiry", type=click.Choice(["expire", "reject"]))
@click.option("--remind-after", multiple=True, metavar="DURATION", help="May be repeated.")
@click.option(
    "--escalate-after", metavar="DURATION", help="When to ask the approvers of --escalate-to as well."
)
@click.option("--escalate-to", multiple=True, metavar="[GROUP:]ADDRESS")
@click.option("--requester", metavar="ADDRESS", help="Who requests the approval.")
@click.option(
    "--allow-requester/--no-allow-requester", default=None, help="Whether the requester may approve."
)
@click.option("--allow-delegates/--no-allow-delegates", default=None)
@click.option(
    "--comment-on-reject/--no-comment-on-reject", default=None, help="Whether a rejection needs a comment."
)
@click.option(
    "--require",
    type=click.Choice(get_args(Requirement)),
    help="How the sender of an answer must be authenticated.",
)
@click.option(
    "--sink",
    "sinks",
    multiple=True,
    metavar="NAME",
    help="A sink that receives the decision; may be repeated.",
)
@click.option(
    "--metadata",
    multiple=True,
    type=arguments.pair,
    metavar="NAME=VALUE",
    help="Returned with the decision.",
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
@click.option(
    "--idempotency-key", type=arguments.key, metavar="KEY", help="A repeated key sends no second mail."
)
@click.option("--wait", is_flag=True, help="Wait for the decision; see the exit codes.")
@_timeout_option
@_output_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND…]")
@pass_console
def request(
    console: Console,
    /,
    file: Path | None,
    idempotency_key: str | None,
    wait: bool,
    timeout: float | None,
    only: str | None,
    command: tuple[str, ...],
    **options: Any,
) -> None:
    """Request approval by mail; prints the id of the request once it is stored.

    Options add to the body in --file, or replace parts of it. With --wait, the COMMAND behind -- is run when
    the request is approved: exit code 0 when it ended with 0, else 10.
    """
    run_approved.check(command, wait=wait)
    body = arguments.body_file(file) | _request_body(options)
    key = idempotency_key or str(uuid.uuid4())
    asked = console.ask("approval.request", body=body, idempotency_key=key)
    for one in asked.get("warnings", []):
        told = f"{one['approver']} {one['code'].replace('_', ' ')}: {one['detail']}"
        click.echo(f"warning: {output.safe(told)}", err=True)
    if not wait:
        console.show(asked, lambda one: click.echo(output.safe(one["id"])))
        return
    click.echo(f"Requested; {output.safe(asked['id'])} is waiting for an answer.", err=True)
    _wait(console, asked["id"], timeout, only, command=command, has_answered=True)


@approval.command("list")
@click.option("--state", type=click.Choice(_STATES))
@click.option("--limit", type=click.IntRange(1, 1000))
@click.option("--after", metavar="NEXT", help="The page after the one that ended with this.")
@pass_console
def list_(console: Console, /, **query: Any) -> None:
    """List the requests, newest first."""
    columns = ("id", "state", "created_at", "title")
    console.show(console.ask("approval.list", query=query), lambda page: output.page(columns, page))


@approval.command()
@click.argument("id")
@pass_console
def show(console: Console, id: str) -> None:
    """Show one request: its approvers, their answers, and how each sender was authenticated."""
    console.show(console.ask("approval.show", path={"id": id}), approval_view.full)


@approval.command()
@click.argument("id")
@click.argument("sha256")
@pass_console
def reply(console: Console, id: str, sha256: str) -> None:
    """Write the bytes of a reply to standard output; `approval show` lists their SHA-256."""
    sys.stdout.buffer.write(console.ask("approval.reply", path={"id": id, "sha256": sha256}))
    sys.stdout.buffer.flush()


@approval.command()
@click.argument("id")
@_timeout_option
@_output_option
@pass_console
def wait(console: Console, id: str, timeout: float | None, only: str | None) -> None:
    """Wait for the decision. Exits with 0 approved, 3 rejected, 4 expired or cancelled, 5 timed out."""
    _wait(console, id, timeout, only)


@approval.command()
@click.argument("id")
@click.option("--reason", help="The approvers receive it.")
@pass_console
def cancel(console: Console, id: str, reason: str | None) -> None:
    """Withdraw a pending request."""
    body = {"reason": reason} if reason else None
    console.show(console.ask("approval.cancel", path={"id": id}, body=body), approval_view.state)


@approval.command()
@click.argument("id")
@pass_console
def remind(console: Console, id: str) -> None:
    """Send a reminder to each approver who has not answered yet."""
    console.show(console.ask("approval.remind", path={"id": id}), approval_view.state)


@approval.command()
@click.argument("id")
@click.argument("approver")
@pass_console
def resend(console: Console, id: str, approver: str) -> None:
    """Send one approver the request again with a new reference; the old one is no longer valid."""
    answer = console.ask("approval.resend", path={"id": id}, body={"approver": approver})
    console.show(answer, approval_view.state)


def _wait(
    console: Console,
    id: str,
    timeout: float | None,
    only: str | None,
    *,
    command: tuple[str, ...] = (),
    has_answered: bool = False,
) -> None:
    try:
        decided = wait_for_decision(console.client, id, timeout, _WATCH, has_answered=has_answered)
    except KeyboardInterrupt:
        click.echo(
            f"\nThe request {output.safe(id)} stays open: `flexmailctl approval wait {output.safe(id)}` "
            "waits for it again, `approval cancel` withdraws it.",
            err=True,
        )
        raise click.exceptions.Exit(exit_codes.INTERRUPTED) from None
    ended = run_approved.run(command, decided) if command and decided["state"] == "approved" else None
    if ended is not None:
        decided["command"] = {"exit_code": ended}
    console.show(decided, _SHOWN[only])
    if ended:
        raise click.exceptions.Exit(exit_codes.COMMAND_FAILED)
    raise click.exceptions.Exit(exit_codes.OF_STATE.get(decided["state"], exit_codes.FAILED))


def _show_undecided_reply(reply: dict[str, Any]) -> None:
    click.echo("A reply arrived that decides nothing:", err=True)
    approval_view.reply(reply, err=True)


def _show_unreachable(why: str) -> None:
    click.echo(f"The daemon does not answer ({output.safe(why)}); still waiting.", err=True)


_WATCH = WaitCallbacks(
    on_reply=_show_undecided_reply,
    on_progress=approval_view.progress,
    on_unreachable=_show_unreachable,
    on_reachable=lambda: click.echo("The daemon answers again.", err=True),
)


def _request_body(options: dict[str, Any]) -> dict[str, Any]:
    """The options as a request body."""
    body = dict(options)
    body["approvers"] = arguments.approvers(options["approvers"])
    body["escalate_to"] = arguments.approvers(options["escalate_to"])
    body["quorum"] = arguments.quorum(options["quorum"]) if options["quorum"] else None
    body["variables"] = dict(options["variables"])
    body["metadata"] = dict(options["metadata"])
    body["attachments"] = [arguments.file(path) for path in options["attachments"]]
    return arguments.given_only(body)
