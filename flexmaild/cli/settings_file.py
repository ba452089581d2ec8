"""`--config`, in any position: which settings file a command of flexmaild is about."""

from __future__ import annotations

from pathlib import Path

import click

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
