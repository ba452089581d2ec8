"""flexmaild replay: what this version and these settings would make of the mails that were read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from flexmaild import __version__
from flexmaild.cli import ending, exits, replay_view
from flexmaild.cli.settings_file import chosen_config, config_option

# Everything: no store is older.
LONGEST = timedelta(days=36500)
# Differences told in the JSON document; they are counted on.
MOST_TOLD = 10_000
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def _since(_: click.Context, __: click.Parameter, value: str) -> timedelta:
    """A duration with its unit; one that is longer than any store is everything."""
    digits, unit = value[:-1], value[-1:]
    is_number = digits.isascii() and digits.isdigit()
    if not is_number or unit not in _UNITS or not int(digits[:20]):
        raise click.BadParameter('write a whole number and its unit, such as "12h", "90d" or "8w"')
    seconds = int(digits[:20]) * _UNITS[unit]
    return min(timedelta(seconds=min(seconds, int(LONGEST.total_seconds()))), LONGEST)


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
@ending.orderly
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
    from flexmaild.store.beside import StoreDenied

    try:
        return _replayed(since, as_json)
    except StoreDenied as fault:
        ending.fail(str(fault), exits.NOT_PERMITTED)
    except StoreFault as fault:
        ending.fail(str(fault), exits.BAD_SETTINGS)
    except Failure as failure:
        code = exits.BAD_SETTINGS if failure.step == "store" else exits.UNREACHABLE
        ending.fail(failure.text, code)


def _replayed(since: timedelta, as_json: bool) -> int:
    from flexmaild.daemon import replaying

    settings = _settings()
    store = replaying.archive(settings)
    now = datetime.now(UTC)
    begin = now - since if since < LONGEST else datetime(1970, 1, 1, tzinfo=UTC)
    span = store.span(begin)
    tally = replay_view.Tally(begin, now, span.count, settings.incoming.keep_raw)
    replayer = replaying.Replay(store, settings, _key(settings))
    told = _told(replayer.run(begin, span), tally, as_json)
    tally.decisions = list(replayer.decisions())
    if as_json:
        document = {"version": __version__, "settings": str(chosen_config())} | tally.document()
        ending.say(json.dumps(document | {"differences": told}, indent=2))
    else:
        for line in tally.lines():
            ending.say(line)
    return exits.FAILED if tally.differing else exits.DONE


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
                    ending.say(line)
        _progress(tally)
    return told


def _progress(tally: replay_view.Tally) -> None:
    if tally.done % 200 == 0 and sys.stderr.isatty():
        sys.stderr.write(f"\r{tally.done} of {tally.mails} mails\r")


def _settings() -> Any:
    """The settings; with faults, each on its own line of stderr and exit code 78. No secret is looked at."""
    from flexmaild.daemon import wiring
    from flexmaild.settings.faults import SettingsError

    try:
        return wiring.load_settings(chosen_config(), check_secrets=False)
    except SettingsError as error:
        for fault in error.faults:
            sys.stderr.write(f"{fault}\n")
        raise click.exceptions.Exit(exits.BAD_SETTINGS) from error


def _key(settings: Any) -> bytes:
    """The key of references, which tells whether a mail was asked for."""
    from flexmaild.daemon import wiring

    try:
        return wiring.known_reference_key(settings)
    except PermissionError as fault:
        ending.fail(f"{fault.filename}: you may not read the key of references", exits.NOT_PERMITTED)
    except OSError as fault:
        ending.fail(f"{fault.filename}: the key of references: {fault.strerror}", exits.BAD_SETTINGS)
