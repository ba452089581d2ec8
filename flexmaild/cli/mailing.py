"""flexmailctl test-email, test-incoming, doctor, self-test, notify: mail without an approval."""

import uuid
from pathlib import Path
from typing import Any

import click

from flexmaild.cli import arguments, output
from flexmaild.cli.console import Command, Console, pass_console
from flexmaild.cli.views import results
from flexmaild.core import exit_codes


@click.command("test-email", cls=Command)
@click.option("--to", required=True, metavar="ADDRESS", help="Where the test mail goes.")
@pass_console
def test_email(console: Console, to: str) -> None:
    """Send a test mail now, bypassing the queue, and show the answer of the server."""
    console.show(console.ask("test_email", body={"to": to}))


@click.command("test-incoming", cls=Command)
@pass_console
def test_incoming(console: Console) -> None:
    """Connect, log in, open the reply folder and count the mails in it. Deletes nothing."""
    console.show(console.ask("test_incoming"))


@click.command(cls=Command)
@pass_console
def doctor(console: Console) -> None:
    """Check each step from sending to reading, with a cure for each fault; exits with 1 if there is one.

    Lists the Authentication-Results fields of the last mails read, and the settings that would trust them.
    """
    body = console.ask("doctor")
    console.show(body, results.diagnosis)
    if not body["healthy"]:
        raise click.exceptions.Exit(exit_codes.FAILED)


@click.command("self-test", cls=Command)
@pass_console
def self_test(console: Console) -> None:
    """Send mails with a forged authentication result to the reply folder; exits with 1 if one may be trusted.

    The result is written in twenty spellings, each in a mail of its own.
    """
    body = console.ask("self_test")
    console.show(body, results.diagnosis)
    if not body["healthy"]:
        raise click.exceptions.Exit(exit_codes.FAILED)


@click.command(cls=Command)
@click.option(
    "--to", required=True, multiple=True, metavar="ADDRESS", help="May be repeated, as may the next two."
)
@click.option("--cc", multiple=True, metavar="ADDRESS")
@click.option("--bcc", multiple=True, metavar="ADDRESS")
@click.option("--reply-to", metavar="ADDRESS")
@click.option("--subject", required=True)
@click.option(
    "--text", type=arguments.text, metavar="TEXT|-", help="The text; - reads it from standard input."
)
@click.option("--html", type=arguments.text, metavar="HTML|-", help="An HTML part.")
@click.option("--template", metavar="NAME", help="A template of the operator instead of a text.")
@click.option(
    "--variable",
    "variables",
    multiple=True,
    type=arguments.pair,
    metavar="NAME=VALUE",
    help="For the template.",
)
@click.option("--event", metavar="NAME", help="What happened, e.g. request_completed.")
@click.option(
    "--instance", metavar="NAME", help="The instance that wrote the logs; names the folder in the zip file."
)
@click.option(
    "--outcome", type=click.Choice(["success", "failure"]), help="Decides whether logs are attached."
)
@click.option(
    "--log", "logs", multiple=True, type=arguments.FILE, help="A log, attached as the settings say."
)
@click.option(
    "--failed-log", "failed_logs", multiple=True, type=arguments.FILE, help="A log that shows the failure."
)
@click.option(
    "--attach", "attachments", multiple=True, type=arguments.FILE, help="A file that is always attached."
)
@click.option("--language", metavar="TAG", help="The language of the words around the text, e.g. de.")
@click.option(
    "--idempotency-key", type=arguments.key, metavar="KEY", help="A repeated key sends no second mail."
)
@pass_console
def notify(
    console: Console,
    /,
    logs: tuple[Path, ...],
    failed_logs: tuple[Path, ...],
    attachments: tuple[Path, ...],
    variables: tuple[tuple[str, str], ...],
    idempotency_key: str | None,
    **plain: Any,
) -> None:
    """Queue a notification mail; prints its id once it is stored."""
    body = arguments.given_only(plain) | arguments.given_only({"variables": dict(variables)})
    body |= arguments.given_only({"attachments": [arguments.file(path) for path in attachments]})
    found = [arguments.log(path) for path in logs] + [
        arguments.log(path, failed=True) for path in failed_logs
    ]
    body |= arguments.given_only({"logs": found})
    key = idempotency_key or str(uuid.uuid4())
    answer = console.ask("notification.send", body=body, idempotency_key=key)
    console.show(answer, lambda queued: click.echo(output.safe(queued["id"])))


COMMANDS = (test_email, test_incoming, doctor, self_test, notify)
