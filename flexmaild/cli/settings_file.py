"""`--config`, in any position: the settings file of a flexmaild command, and its settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from flexmaild.core import exit_codes

_DEFAULT_CONFIG = Path("/etc/flexmaild/flexmaild.yaml")


def _set_config(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    root = context.find_root()
    root.meta.setdefault("config", _DEFAULT_CONFIG)
    if value is not None:
        root.meta["config"] = value


config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, readable=False),  # unreadable is exit code 78
    expose_value=False,
    callback=_set_config,
    help=f"The settings file. Default: {_DEFAULT_CONFIG}",
)


def chosen_config() -> Path:
    path: Path = click.get_current_context().find_root().meta["config"]
    return path


def load_settings(*, check_secrets: bool = True) -> Any:
    """The settings. Ends the program with 78 on faults, each on its own line of stderr."""
    from flexmaild.daemon import wiring

    with exit_on_faults():
        return wiring.load_settings(chosen_config(), check_secrets=check_secrets)


@contextmanager
def exit_on_faults() -> Iterator[None]:
    """Ends the program with 78 on faults of the settings, each on its own line of stderr."""
    from flexmaild.settings.faults import SettingsError

    try:
        yield
    except SettingsError as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        raise click.exceptions.Exit(exit_codes.BAD_SETTINGS) from error
