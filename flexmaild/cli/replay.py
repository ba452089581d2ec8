"""flexmaild replay: what this version and these settings would make of the mails that were read."""

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

# Differences told in the JSON document; they are counted on.
MOST_TOLD = 10_000


def _since(_: click.Context, __: click.Parameter, value: str) -> timedelta:
    """A duration with its unit; one that is longer than any store is old is everything."""
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
    help='How far back, by when we read it: "90d".',
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON on stdout.")
def replay(since: timedelta, as_json: bool) -> int:
    """Read the kept mails once more, with this version and these settings: what would differ?

    Compared is what a mail says and what that means for an open request: answer, reason, comment, the
    sender's proof. Mails whose bytes are not kept (incoming.keep_raw) are counted as not compared.
    Nothing is sent or written, and a running daemon is not disturbed.

    Exit codes: 0 nothing differs, 1 something does, 2 wrong usage, 69 the reading process cannot be
    started, 77 not permitted, 78 bad settings or store.
    """
    from flexmaild.core.errors import Failure
    from flexmaild.store import StoreFault
    from flexmaild.store.read_only import StoreDenied

    try:
        return _replayed(since, as_json)
    except StoreDenied as fault:
        exit.fail(str(fault), exit_codes.NOT_PERMITTED)
    except StoreFault as fault:
        exit.fail(str(fault), exit_codes.BAD_SETTINGS)
    except Failure as failure:
        exit.fail(failure.text, exit_codes.UNREACHABLE)


def _replayed(since: timedelta, as_json: bool) -> int:
    from flexmaild.engine.replay import replay as engine
    from flexmaild.store.read_only import open_read_only

    settings = load_settings(check_secrets=False)
    store = open_read_only(settings)
    now = datetime.now(UTC)
    begin = now - since if since < durations.LONGEST else datetime(1970, 1, 1, tzinfo=UTC)
    span = store.span(begin)
    tally = replay_view.Tally(begin, now, span.count, settings.incoming.keep_raw)
    replayer = engine.Replay(store, settings, _keys(settings))
    told = _told(replayer.run(begin, span), tally, as_json)
    tally.decisions = list(replayer.decisions())
    if as_json:
        document = {"version": __version__, "settings": str(chosen_config())} | tally.document()
        exit.say(json.dumps(document | {"differences": told}, indent=2))
    else:
        for line in tally.lines():
            exit.say(line)
    return exit_codes.FAILED if tally.differing else exit_codes.DONE


def _told(run: Iterator[Any], tally: replay_view.Tally, as_json: bool) -> list[dict[str, Any]]:
    """Go through the results; a person is told of each difference at once."""
    told: list[dict[str, Any]] = []
    for result in run:
        tally.add(result)
        if result.compared.differs:
            if as_json and len(told) < MOST_TOLD:
                told.append(replay_view.document(result))
            elif not as_json:
                for line in replay_view.lines(result):
                    exit.say(line)
        _progress(tally)
    return told


def _progress(tally: replay_view.Tally) -> None:
    if tally.done % 200 == 0 and sys.stderr.isatty():
        sys.stderr.write(f"\r{tally.done} of {tally.mails} mails\r")


def _keys(settings: Any) -> Any:
    """The keys of references, which tell whether a mail was asked for."""
    from flexmaild.engine.keys.reference_key import known_reference_keys

    try:
        return known_reference_keys(settings)
    except PermissionError as fault:
        exit.fail(f"{fault.filename}: you may not read the key of references", exit_codes.NOT_PERMITTED)
    except OSError as fault:
        exit.fail(f"{fault.filename}: the key of references: {fault.strerror}", exit_codes.BAD_SETTINGS)
