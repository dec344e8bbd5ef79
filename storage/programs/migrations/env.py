"""Alembic loads this to run the steps."""

from storage.migrate import run_steps
from storage.programs.schema import metadata

run_steps(metadata)
