"""`ivr call` makes a test call; `ivr call show` shows one that was recorded."""

from __future__ import annotations

import typer

from ivr.cli.call import call
from ivr.cli.calls import show

call_app = typer.Typer(invoke_without_command=True)
call_app.callback()(call)
call_app.command()(show)
