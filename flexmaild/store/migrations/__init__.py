"""The steps of the schema, run by Alembic out of `flexmaild.store.migrate`."""
