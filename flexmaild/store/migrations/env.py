"""Run by Alembic: takes the steps on the connection, and in the transaction, that `migrate` hands over."""

from alembic import context

from flexmaild.store.records.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
context.run_migrations()
