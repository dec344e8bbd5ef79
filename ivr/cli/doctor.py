"""`ivr doctor`: says what is wrong here, and what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from ivr.cli.common import load_settings
from ivr.cli.output.tables import Column, print_table, terminal
from logs.levels import LogLevel

if TYPE_CHECKING:
    from ivr.doctor import Examined

_COLUMNS: Final = (
    Column(),
    Column(name="check"),
    Column(name="finding", prose=True),
    Column(name="what to do", prose=True),
)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Check settings, keys, store, disk, guidance, ports, clock and Asterisk; nothing is changed.

    Each finding comes with its remedy. The exit status is 1 if there is an error.
    """
    from ivr.doctor import Level
    from logs.setup import configure_logs

    configure_logs(level=LogLevel.ERROR)
    findings = list(_examined())
    if as_json:
        print(json.dumps(_plain(findings), ensure_ascii=False, indent=2))
    else:
        _print(findings)
    raise SystemExit(any(examined.finding.level is Level.ERROR for examined in findings))


def _examined() -> Iterator[Examined]:
    from ivr.doctor import Examined, Site, examine
    from ivr.doctor.all_checks import CHECKS
    from ivr.doctor.finding import error
    from settings.errors import SettingsError

    try:
        settings = load_settings()
    except SettingsError as problem:
        for line in str(problem).splitlines():
            yield Examined("settings", error(line, "correct this variable; nothing else was checked"))
        return
    with Console(stderr=True).status("checking") as status:
        for examined in examine(Site(settings, os.environ), CHECKS):
            status.update(f"checked: {examined.check}")
            yield examined


def _plain(findings: Iterable[Examined]) -> dict[str, object]:
    from ivr.doctor import Level

    rows = [
        {"check": examined.check, "level": found.level.value, "text": found.text, "remedy": found.remedy}
        for examined in findings
        for found in (examined.finding,)
    ]
    return {"ok": not any(row["level"] == Level.ERROR for row in rows), "findings": rows}


def _print(findings: list[Examined]) -> None:
    from ivr.doctor import Level

    styles = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "bold red"}
    rows = []
    previous = ""
    for examined in findings:
        found = examined.finding
        level = Text(found.level.value, styles[found.level])
        check = Text(examined.check, "dim" if examined.check == previous else "")
        rows.append((level, check, found.text, found.remedy))
        previous = examined.check
    console = terminal()
    print_table(console, _COLUMNS, rows)
    errors, warnings = (sum(each.finding.level is level for each in findings) for level in (Level.ERROR, Level.WARNING))
    console.print(f"\nerrors: {errors}, warnings: {warnings}")
