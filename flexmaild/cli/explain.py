"""flexmaild explain: how a mail is read, and why so."""

import json
import os
from pathlib import Path
from typing import Any

import click

from flexmaild import __version__
from flexmaild.cli import exit, standard_input
from flexmaild.cli.settings_file import chosen_config, config_option
from flexmaild.cli.views import explain as explain_view
from flexmaild.core import exit_codes
from flexmaild.mail.parse.limits import Limits
from flexmaild.system.files import read_at_most

# One byte more than is read of a mail: enough to say that it is too large, whatever the size of the file.
LARGEST = Limits().mail + 1


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Everything, every line included, as JSON on stdout.")
@click.argument("file", metavar="FILE.eml")
def explain(file: str, as_json: bool) -> int:
    """Show how a mail is read: labelled lines, the word, the doubts, the sender's proof, the verdict.

    The mail is a file, or - for standard input. It is read as the daemon would read it, as if its
    request were still open. The store is only looked at, and nothing is asked of DNS. Whole references
    are masked.

    Exit codes: 0 when the file was read, whatever is in it and in the settings; 1 when it could not be
    read.
    """
    data = _bytes(file)
    document = {"file": file.encode("utf-8", "replace").decode(), "version": __version__}
    document |= _document(data)
    if as_json:
        exit.say(json.dumps(document, indent=2))
    else:
        for line in explain_view.lines(document, click.get_current_context().terminal_width or _width()):
            exit.say(line)
    return exit_codes.DONE


def _bytes(file: str) -> bytes:
    """What is in the file, read once and up to a limit. Ends with 1 where it cannot be read."""
    try:
        return standard_input.read(LARGEST) if file == "-" else read_at_most(file, LARGEST)[1]
    except (OSError, ValueError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "this is no file name"
        exit.fail(f"{'standard input' if file == '-' else file}: {why}", exit_codes.FAILED)


def _document(data: bytes) -> dict[str, Any]:
    from flexmaild.core.errors import Failure
    from flexmaild.engine.replay import explain as engine

    settings, told = _settings(chosen_config())
    try:
        return engine.explain(data, engine.sources(settings)) | {"settings": told}
    except Failure as failure:  # the file was read; only nobody is there to take the mail apart
        return {"not_parsed": failure.text, "settings": told}


def _settings(path: Path) -> tuple[Any, dict[str, Any]]:
    """The settings, and what is to be said of them; None with faults in them: then the defaults are used."""
    from flexmaild.daemon import wiring
    from flexmaild.settings.faults import SettingsError

    try:
        settings = wiring.load_settings(path, check_secrets=False)
    except SettingsError as error:
        return None, {"used": "defaults", "file": str(path), "faults": [str(f) for f in error.faults]}
    told = {"used": "file", "file": str(path), "faults": [], "comments": settings.approvals.comments}
    return settings, told


def _width() -> int:
    """Columns; without a terminal nothing is wrapped, and only what is absurd is cut."""
    try:
        return os.get_terminal_size(1).columns
    except OSError:
        return 500
