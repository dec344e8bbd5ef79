"""The `ivr` command."""

import typer

from ivr.cli.app import app
from ivr.cli.audit import audit_app
from ivr.cli.call import call
from ivr.cli.calls import calls, report_command, show
from ivr.cli.console import console
from ivr.cli.doctor import doctor
from ivr.cli.keys import keys_app
from ivr.cli.lines import lines_app
from ivr.cli.operator import operator_app
from ivr.cli.prompts import prompts_app
from ivr.cli.scenario import scenario_app
from ivr.cli.serve import serve, up
from ivr.cli.simulate import simulate

__all__ = ["app"]

app.command()(up)
app.command()(serve)
app.command()(simulate)
app.command()(doctor)
call_app = typer.Typer(invoke_without_command=True)
call_app.callback()(call)
call_app.command()(show)
app.add_typer(call_app, name="call")
app.command()(calls)
app.command("report")(report_command)
app.command()(console)
app.add_typer(operator_app, name="operator")
app.add_typer(lines_app, name="lines")
app.add_typer(audit_app, name="audit")
app.add_typer(keys_app, name="keys")
app.add_typer(prompts_app, name="prompts")
app.add_typer(scenario_app, name="scenario")
