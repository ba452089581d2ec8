"""flexmaild explain: how a mail is read, and why."""

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

# One byte more than a mail may have: enough to report that it is too large, whatever the size of the file.
_LARGEST = Limits().mail + 1


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Everything, every line included, as JSON on stdout.")
@click.argument("file", metavar="FILE.eml")
def explain(file: str, as_json: bool) -> int:
    """Show how a mail is read: labelled lines, the deciding word, the doubts, the sender's proof, the
    verdict.

    The mail is a file, or - for standard input. It is read as the daemon would read it, as if its
    request were still open. The store is read only, and DNS is not queried. Whole references are
    masked.

    Exit codes: 0 the file was read, whatever it and the settings hold; 1 it could not be read.
    """
    data = _read_file(file)
    document = {"file": file.encode("utf-8", "replace").decode(), "version": __version__}
    document |= _document(data)
    if as_json:
        exit.say(json.dumps(document, indent=2))
    else:
        for line in explain_view.lines(document, click.get_current_context().terminal_width or _width()):
            exit.say(line)
    return exit_codes.DONE


def _read_file(file: str) -> bytes:
    """The content of the file, up to the limit. Ends the program with 1 if it cannot be read."""
    try:
        return standard_input.read(_LARGEST) if file == "-" else read_at_most(file, _LARGEST)[1]
    except (OSError, ValueError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "this is no file name"
        exit.fail(f"{'standard input' if file == '-' else file}: {why}", exit_codes.FAILED)


def _document(data: bytes) -> dict[str, Any]:
    from flexmaild.core.errors import Failure
    from flexmaild.engine.replay import explain as engine

    settings, used = _settings(chosen_config())
    try:
        return engine.explain(data, engine.sources(settings)) | {"settings": used}
    except Failure as failure:  # the file was read, but the child process cannot parse it
        return {"not_parsed": failure.text, "settings": used}


def _settings(path: Path) -> tuple[Any, dict[str, Any]]:
    """The settings and how to report them; None if they have faults: then the defaults are used."""
    from flexmaild.daemon import wiring
    from flexmaild.settings.faults import SettingsError

    try:
        settings = wiring.load_settings(path, check_secrets=False)
    except SettingsError as error:
        return None, {"used": "defaults", "file": str(path), "faults": [str(f) for f in error.faults]}
    used = {"used": "file", "file": str(path), "faults": [], "comments": settings.approvals.comments}
    return settings, used


def _width() -> int:
    """The terminal's columns; without a terminal nothing wraps, and only absurdly long lines are cut."""
    try:
        return os.get_terminal_size(1).columns
    except OSError:
        return 500
