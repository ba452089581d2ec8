"""flexmaild store: what only an operator can decide about the store, while the daemon is stopped."""

from datetime import UTC, datetime
from typing import Any

import click

from flexmaild.cli import exit
from flexmaild.cli.settings_file import config_option, load_settings
from flexmaild.core import exit_codes


@click.group()
def store() -> None:
    """Decide about the store what only an operator can."""


def _time(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter('write a time such as "2026-11-20T09:30:00Z"') from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if found > datetime.now(UTC):
        raise click.BadParameter("this time is in the future")
    return found


@store.command()
@config_option
@click.option(
    "--lost-since",
    callback=_time,
    metavar="TIME",
    help="The time from which data is missing, such as that of the copy: 2026-11-20T09:30:00Z.",
)
def adopt(lost_since: datetime | None) -> int:
    """Adopt a store that is not the one used before: an empty, older or different one.

    Without --lost-since it only shows what is wrong and what would be lost. The daemon must be stopped.
    No mail is deleted.

    Exit codes: 0 adopted, or nothing to adopt; 1 a difference was found and nothing was done; 2 wrong usage;
    78 bad settings, a damaged store, or one in use.
    """
    settings = load_settings(check_secrets=False)
    from flexmaild.store import StoreFault
    from flexmaild.store import adopt as adoption
    from flexmaild.system.users import as_owner_of

    now = datetime.now(UTC)
    try:
        with as_owner_of(settings.state_directory) as by:
            found = adoption.adopt(
                settings.store.url,
                state_directory=settings.state_directory,
                now=now,
                lost_since=lost_since,
                by=by,
            )
    except StoreFault as fault:
        exit.fail(str(fault), exit_codes.BAD_SETTINGS)
    except adoption.TooEarly as early:
        raise click.BadParameter(
            f"the store holds events until {early}; give that time or a later one"
        ) from early
    for line in _report(found, lost_since):
        exit.say(line)
    return exit_codes.FAILED if found.difference and lost_since is None else exit_codes.DONE


def _report(found: Any, lost_since: datetime | None) -> list[str]:
    if not found.difference and not found.kept:
        return [
            f"{found.path}: no store.mark beside it tells it from another copy; the daemon takes it as it is."
        ]
    if not found.difference:
        return [f"{found.path} is the store that was here: there is nothing to adopt."]
    lines = [f"{found.path}: {found.difference}."]
    if found.last:
        lines.append(f"Its last event is of {found.last.isoformat(timespec='seconds')}.")
    lines.append("Forgotten: all requests, answers and decisions since then, and which mails were read.")
    lines.append("Mails of forgotten requests cannot be answered any more: ask for those approvals anew.")
    if lost_since is None:
        return [*lines, "Nothing was done. `--lost-since TIME` takes it; TIME goes into the event log."]
    return [*lines, f"Taken, with {lost_since.isoformat(timespec='seconds')} in the event log."]
