"""flexmaild replay: how this version and these settings would read the kept mails."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from flexmaild import __version__
from flexmaild.cli import exit
from flexmaild.cli.settings_file import chosen_config, config_option, load_settings
from flexmaild.cli.views import replay as replay_view
from flexmaild.core import durations, exit_codes

# Differences listed in the JSON document; further ones are only counted.
_MOST_DIFFERENCES = 10_000


def _since(_: click.Context, __: click.Parameter, value: str) -> timedelta:
    """A duration with its unit; a longer one than any store is old means all mails."""
    try:
        found = durations.parse(value, bare="")
    except durations.TooLong:
        return durations.LONGEST
    except ValueError:
        found = timedelta(0)
    if not found:
        raise click.BadParameter('write a number and its unit, such as "12h", "90d" or "8w"')
    return found


@click.command()
@config_option
@click.option(
    "--since",
    required=True,
    callback=_since,
    metavar="DURATION",
    help='How far back, by the time at which a mail was read: "90d".',
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON on stdout.")
def replay(since: timedelta, as_json: bool) -> int:
    """Read the kept mails again with this version and these settings, and show what would differ.

    Compares what a mail says and what that means for an open request: answer, reason, comment, the
    sender's proof. Mails whose bytes are not kept (incoming.keep_raw) are counted as not compared.
    Sends and writes nothing, and does not disturb a running daemon.

    Exit codes: 0 nothing differs, 1 something differs, 2 wrong usage, 69 the reading process cannot be
    started, 77 not permitted, 78 bad settings or store.
    """
    from flexmaild.core.errors import Failure
    from flexmaild.store import StoreFault
    from flexmaild.store.read_only import StoreDenied

    try:
        return _replay(since, as_json)
    except StoreDenied as fault:
        exit.fail(str(fault), exit_codes.NOT_PERMITTED)
    except StoreFault as fault:
        exit.fail(str(fault), exit_codes.BAD_SETTINGS)
    except Failure as failure:
        exit.fail(failure.text, exit_codes.UNREACHABLE)


def _replay(since: timedelta, as_json: bool) -> int:
    from flexmaild.engine.replay import replay as engine
    from flexmaild.store.read_only import open_read_only

    settings = load_settings(check_secrets=False)
    store = open_read_only(settings)
    now = datetime.now(UTC)
    begin = now - since if since < durations.LONGEST else datetime(1970, 1, 1, tzinfo=UTC)
    recorded = store.span(begin)
    tally = replay_view.Tally(begin, now, recorded.count, settings.incoming.keep_raw)
    replayer = engine.Replay(store, settings, _keys(settings))
    differences = _run(replayer.run(begin, recorded), tally, as_json)
    tally.decisions = list(replayer.decisions())
    if as_json:
        document = {"version": __version__, "settings": str(chosen_config())} | tally.document()
        exit.say(json.dumps(document | {"differences": differences}, indent=2))
    else:
        for line in tally.lines():
            exit.say(line)
    return exit_codes.FAILED if tally.differing else exit_codes.DONE


def _run(run: Iterator[Any], tally: replay_view.Tally, as_json: bool) -> list[dict[str, Any]]:
    """Goes through the results; prints each difference at once unless as_json."""
    differences: list[dict[str, Any]] = []
    for result in run:
        tally.add(result)
        if result.compared.differs:
            if as_json and len(differences) < _MOST_DIFFERENCES:
                differences.append(replay_view.document(result))
            elif not as_json:
                for line in replay_view.lines(result):
                    exit.say(line)
        _progress(tally)
    return differences


def _progress(tally: replay_view.Tally) -> None:
    if tally.done % 200 == 0 and sys.stderr.isatty():
        sys.stderr.write(f"\r{tally.done} of {tally.mails} mails\r")


def _keys(settings: Any) -> Any:
    """The keys that made the references of our mails."""
    from flexmaild.engine.keys.reference_key import known_reference_keys

    try:
        return known_reference_keys(settings)
    except PermissionError as fault:
        exit.fail(f"{fault.filename}: not permitted to read the reference key", exit_codes.NOT_PERMITTED)
    except OSError as fault:
        exit.fail(f"{fault.filename}: the reference key: {fault.strerror}", exit_codes.BAD_SETTINGS)
