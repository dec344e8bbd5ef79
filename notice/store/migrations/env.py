"""Runs the steps on the connection that `storage.migrate` hands in, in its transaction."""

from alembic import context

from notice.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
    target_metadata=metadata,
)
with context.begin_transaction():
    context.run_migrations()
