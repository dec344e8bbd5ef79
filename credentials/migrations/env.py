"""Alembic loads this to run the steps."""

from credentials.schema import metadata
from storage.migrate import run_steps

run_steps(metadata)
