"""flexmaild doctor: what `flexmailctl doctor` does, without a running daemon."""

import json

import click

from flexmaild.cli import exit
from flexmaild.cli.settings_file import config_option, load_settings
from flexmaild.cli.views import results
from flexmaild.core import exit_codes


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON on stdout.")
def doctor(as_json: bool) -> int:
    """Go through the whole loop step by step, with a cure for each fault; no daemon need run.

    Lists the results fields of the last mails that were read and of those that wait in the folder, and the
    settings that would believe them. Nothing is sent, made or deleted, and no mail is marked as read.

    Exit codes: 0 all is well, 1 something is wrong, 78 bad settings.
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
