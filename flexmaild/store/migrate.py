"""Brings the schema of an opened database to what this version of flexmaild knows, or refuses.

Called by `open_store`. All steps are one transaction: a step that fails leaves the old schema whole. Alembic
is imported only when there is something to do, since it costs a fifth of a second at every start otherwise.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from flexmaild.store.errors import StoreError, StoreRefused

STEPS = Path(__file__).parent / "migrations"


def known_revisions() -> list[str]:
    """The revisions of this version, oldest first, out of the file names `step_NNNN.py`."""
    return sorted(path.stem.removeprefix("step_") for path in (STEPS / "versions").glob("step_*.py"))


def migrate(connection: Connection, name: str) -> None:
    """Raises StoreError when the schema is newer than this program, or the file belongs to another one."""
    revisions = known_revisions()
    current = schema_of(connection, name)
    if current == revisions[-1]:
        return
    if current is not None and current not in revisions:
        raise StoreRefused(
            f"{name}: the store has schema {current}, this flexmaild knows {revisions[-1]} at most.",
            "install the newer flexmaild that wrote it, or restore the backup from before the upgrade.",
        )
    _upgrade(connection)


def refuse_other_schema(connection: Connection, name: str) -> None:
    """For readers: raises StoreError unless the schema is the one that this program writes."""
    newest, current = known_revisions()[-1], schema_of(connection, name)
    if current is None:
        raise StoreError(f"{name}: the database is empty.", "start the daemon once: it makes its tables.")
    if current != newest:
        raise StoreError(
            f"{name}: the store has schema {current}, this flexmaild reads {newest} only.",
            "use the flexmaild that the daemon runs, or restart the daemon after an upgrade.",
        )


def schema_of(connection: Connection, name: str) -> str | None:
    """The revision; None for an empty database. Raises StoreRefused where it belongs to another program."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version
    if tables:
        raise StoreRefused(
            f"{name}: this database belongs to another program (it has a table {tables[0]!r}).",
            "let store.url name a file of its own.",
        )
    return None


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    # Alembic expands %(…)s in options; a path may hold a percent sign.
    config.set_main_option("script_location", str(STEPS).replace("%", "%%"))
    command.upgrade(config, "head")
