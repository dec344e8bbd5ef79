"""`ivr scenario`: runs whole calls from files, in the simulator or over real calls."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from dsp.commands.group import CommandGroup
from ivr.cli.common import print_error, printable, reporting_errors
from ivr.cli.output.tables import Column, print_hanging, print_table, terminal
from logs.levels import LogLevel

if TYPE_CHECKING:
    from ivr.lab.scenarios import ScenarioFile, Verdict

scenario_app = typer.Typer(
    cls=CommandGroup,
    help="Run test calls from files, which say who calls, what is pressed when, and what the result must be.",
)

_COLUMNS: Final = Column(name="name"), Column(name="what it shows", prose=True)

FilesArgument = Annotated[
    list[Path] | None,
    typer.Argument(help="Scenario files, or folders of them; by default the product's own."),
]


@scenario_app.command("run")
@reporting_errors
def run(
    files: FilesArgument = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="Make real calls, with an Asterisk and a service of their own; needs root."),
    ] = False,
    junit: Annotated[Path | None, typer.Option(help="Write the results to this file, as JUnit XML.")] = None,
) -> None:
    """Run scenarios. The exit status is 0 only if every call went as its file says.

    Scenarios have lines and a store of their own: nothing is set in yours. In the simulator all of them take seconds.
    Over real calls they take as long as the calls do, many at once.
    """
    from ivr.call.guidance import Guidance
    from ivr.lab.junit import Case, write_junit
    from ivr.lab.scenarios.live import run_live
    from ivr.lab.scenarios.model import DEFAULT_LANGUAGE
    from ivr.lab.scenarios.simulated import Simulation, temporary_store
    from logs.setup import configure_logs

    configure_logs(level=LogLevel.ERROR)
    console = terminal()
    cases: list[Case] = []
    found = _loaded(files)

    def done(file: ScenarioFile, verdict: Verdict, seconds: float) -> None:
        failure = None if verdict.passed else str(verdict)
        cases.append(Case(name=file.name, seconds=seconds, failure=failure))
        print(f"{'ok  ' if verdict.passed else 'FAIL'}  {seconds:6.1f} s  {printable(file.name)}", flush=True)
        for difference in verdict.differences:
            print_hanging(console, " " * 18, str(difference))

    if live:
        run_live(found, done)
    else:
        with temporary_store() as store:
            simulation = Simulation(store, Guidance.load(DEFAULT_LANGUAGE))
            for file in found:
                began = time.monotonic()
                done(file, simulation.verdict(file.scenario), time.monotonic() - began)
    failed = sum(case.failure is not None for case in cases)
    print(f"{len(cases) - failed} of {len(cases)} went as they must")
    if junit is not None:
        try:
            write_junit(junit, f"scenarios, {'live' if live else 'simulated'}", cases)
        except OSError as error:
            print(f"ivr: {junit}: cannot be written ({error.strerror})", file=sys.stderr)
            raise SystemExit(1) from None
    raise SystemExit(1 if failed else 0)


@scenario_app.command("list")
@reporting_errors
def list_(files: FilesArgument = None) -> None:
    """List scenarios and what they show."""
    rows = [(file.name, file.scenario.title) for file in _loaded(files)]
    print_table(terminal(), _COLUMNS, rows)


@scenario_app.command("check")
@reporting_errors
def check(files: Annotated[list[Path], typer.Argument(help="Scenario files, or folders of them.")]) -> None:
    """Read scenarios without running them, and name every mistake."""
    for file in _loaded(files):
        print(printable(f"{file.path}: {file.scenario.title}"))


def _loaded(paths: list[Path] | None) -> list[ScenarioFile]:
    from ivr.lab.scenarios import SHIPPED, ScenarioError, load_all

    try:
        return load_all(paths or [SHIPPED])
    except ScenarioError as error:
        print_error(error)
        raise SystemExit(1) from None
