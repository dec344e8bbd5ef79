"""Alembic loads this to run the steps."""

from mail.outbox.schema import metadata
from storage.migrate import run_steps

run_steps(metadata)
