"""`ivr doctor`: what is wrong here, and what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from ivr.cli.output.tables import Column, print_table, terminal
from ivr.doctor import Examined, Level, Site, examine
from ivr.doctor.checks import asterisk, database, disk, files, key_copy, local, own_name, ports, privacy, reach
from ivr.doctor.finding import error
from ivr.host.settings import Settings, SettingsError
from logs.setup import LogLevel, configure_logs

CHECKS: Final = tuple(
    check
    for room in (local, key_copy, privacy, disk, files, database, ports, reach, asterisk, own_name)
    for check in room.CHECKS
)
_COLUMNS: Final = (
    Column(),
    Column(name="check"),
    Column(name="finding", prose=True),
    Column(name="what to do", prose=True),
)
_STYLES: Final = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Check settings, keys, store, disk, guidance, ports, clock and Asterisk; nothing is changed.

    Each finding comes with its remedy. The exit status is 1 if there is an error.
    """
    configure_logs(level=LogLevel.ERROR)
    findings = list(_examined())
    if as_json:
        print(json.dumps(_plain(findings), ensure_ascii=False, indent=2))
    else:
        _print(findings)
    raise SystemExit(any(examined.finding.level is Level.ERROR for examined in findings))


def _examined() -> Iterator[Examined]:
    try:
        settings = Settings.load()
    except SettingsError as problem:
        for line in str(problem).splitlines():
            yield Examined("settings", error(line, "correct this variable; nothing else was looked at"))
        return
    with Console(stderr=True).status("looking") as status:
        for examined in examine(Site(settings, os.environ), CHECKS):
            status.update(f"looked at: {examined.check}")
            yield examined


def _plain(findings: Iterable[Examined]) -> dict[str, object]:
    rows = [
        {"check": examined.check, "level": found.level.value, "text": found.text, "remedy": found.remedy}
        for examined in findings
        for found in (examined.finding,)
    ]
    return {"ok": not any(row["level"] == Level.ERROR for row in rows), "findings": rows}


def _print(findings: list[Examined]) -> None:
    rows = []
    previous = ""
    for examined in findings:
        found = examined.finding
        level = Text(found.level.value, _STYLES[found.level])
        check = Text(examined.check, "dim" if examined.check == previous else "")
        rows.append((level, check, found.text, found.remedy))
        previous = examined.check
    console = terminal()
    print_table(console, _COLUMNS, rows)
    errors, warnings = (sum(each.finding.level is level for each in findings) for level in (Level.ERROR, Level.WARNING))
    console.print(f"\nerrors: {errors}, warnings: {warnings}")
