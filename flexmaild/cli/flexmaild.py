"""flexmaild: the daemon, and the commands that need no running daemon.

One short function per command; the work is in `daemon` and `settings`, imported only where it is used.
"""

import json
import signal

import click

from flexmaild import __version__
from flexmaild.cli import exit
from flexmaild.cli.clock import clock
from flexmaild.cli.explain import explain
from flexmaild.cli.replay import replay
from flexmaild.cli.settings_file import chosen_config, config_option, exit_on_faults, load_settings
from flexmaild.cli.store import store
from flexmaild.cli.views import results
from flexmaild.core import exit_codes


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@config_option
@click.version_option(__version__, prog_name="flexmaild")
@click.pass_context
def cli(context: click.Context) -> None:
    """Let people approve a deployment by answering a mail.

    Without a command: run the daemon in the foreground, as systemd does.
    Exit codes: 0 done, 1 failed, 2 wrong usage, 78 bad settings.
    """
    if context.invoked_subcommand is None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])  # held until the daemon handles it
        from flexmaild.daemon import main as daemon

        context.exit(daemon.run(chosen_config()))


@cli.command()
@config_option
def check() -> None:
    """Check the settings without starting anything: every fault with file and line, or "… is valid"."""
    from flexmaild.engine.keys.former_keys import unneeded
    from flexmaild.engine.keys.own_files import insist_on_own_files, service_user
    from flexmaild.engine.operator_templates import operator_templates

    settings = load_settings()
    with exit_on_faults():
        operator_templates(settings.notifications.templates)
    user = service_user(settings)
    if user is not None:
        with exit_on_faults():
            insist_on_own_files(settings, user)
    for warning in (*settings.warnings(), *unneeded(settings)):
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{chosen_config()} is valid")


@cli.command("config")
@config_option
@click.option("--diff", is_flag=True, help="Only the settings that differ from the defaults.")
def show_config(diff: bool) -> None:
    """Show the settings in force, fallbacks resolved, secrets masked."""
    from flexmaild.settings import describe

    click.echo(describe.effective(load_settings(), diff=diff), nl=False)


@cli.command()
@config_option
def schema() -> None:
    """Print the JSON Schema of the settings, for editors."""
    from flexmaild.daemon import wiring

    click.echo(json.dumps(wiring.schema(), indent=2, ensure_ascii=False))


@cli.command()
@config_option
@click.option("--interactive", is_flag=True, help="Type the reply yourself.")
@click.pass_context
def demo(context: click.Context, interactive: bool) -> None:
    """Show one approval from end to end with embedded parts: no server, no root, no settings."""
    from flexmaild.cli import demo as demonstration

    context.exit(demonstration.run(interactive))


@cli.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON on stdout.")
def doctor(as_json: bool) -> int:
    """Check each step from sending to reading, with a cure for each fault; needs no running daemon.

    Lists the Authentication-Results fields of the last mails read and of those waiting in the folder, and
    the settings that would trust them. Sends, creates and deletes nothing, and marks no mail as read.

    Exit codes: 0 healthy, 1 a fault was found, 78 bad settings.
    """
    settings = load_settings()
    from flexmaild.core import documents
    from flexmaild.engine import doctor as engine

    body = documents.as_json(engine.examine(settings))
    if as_json:
        exit.say(json.dumps(body, indent=2))
    else:
        results.diagnosis(body)
    return exit_codes.DONE if body["healthy"] else exit_codes.FAILED


cli.add_command(clock)
cli.add_command(explain)
cli.add_command(replay)
cli.add_command(store)


def main() -> None:
    """The entry point; exits with a code of `core.exit_codes`."""
    exit.run(cli, "flexmaild")
