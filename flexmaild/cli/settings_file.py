"""`--config`, in any position: which settings file a command of flexmaild is about, and what is in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from flexmaild.core import exit_codes

DEFAULT_CONFIG = Path("/etc/flexmaild/flexmaild.yaml")


def _set_config(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    root = context.find_root()
    root.meta.setdefault("config", DEFAULT_CONFIG)
    if value is not None:
        root.meta["config"] = value


config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, readable=False),  # whether it can be read is told by 78
    expose_value=False,
    callback=_set_config,
    help=f"The settings file. Default: {DEFAULT_CONFIG}",
)


def chosen_config() -> Path:
    path: Path = click.get_current_context().find_root().meta["config"]
    return path


def load_settings(*, check_secrets: bool = True) -> Any:
    """The settings; with faults, each on its own line of stderr and exit code 78."""
    from flexmaild.daemon import wiring

    with told_faults():
        return wiring.load_settings(chosen_config(), check_secrets=check_secrets)


@contextmanager
def told_faults() -> Iterator[None]:
    """Faults of the settings, each on its own line of stderr, and exit code 78."""
    from flexmaild.settings.faults import SettingsError

    try:
        yield
    except SettingsError as error:
        for fault in error.faults:
            click.echo(str(fault), err=True)
        raise click.exceptions.Exit(exit_codes.BAD_SETTINGS) from error
