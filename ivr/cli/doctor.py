"""`ivr doctor`: what is wrong here, and what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ivr.cli.call_timeline import console as wide_console
from ivr.cli.tables import print_table
from ivr.doctor import Examined, Level, Site, asterisk, database, examine, local, ports
from ivr.doctor.finding import error
from ivr.logs import LogLevel, configure_logs
from ivr.settings import Settings, SettingsError

CHECKS: Final = (*local.CHECKS, *database.CHECKS, *ports.CHECKS, *asterisk.CHECKS)
_STYLES: Final = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
) -> None:
    """Check settings, key, store, guidance, ports, clock and Asterisk; nothing is changed.

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
    table = Table("", "check", "finding", "what to do", box=None, pad_edge=False)
    previous = ""
    for examined in findings:
        found = examined.finding
        level = Text(found.level.value, _STYLES[found.level])
        # Texts of files and peers are shown as they are, not as rich's markup.
        table.add_row(level, "" if examined.check == previous else examined.check, Text(found.text), Text(found.remedy))
        previous = examined.check
    console = wide_console()
    print_table(console, table)
    errors, warnings = (sum(each.finding.level is level for each in findings) for level in (Level.ERROR, Level.WARNING))
    console.print(f"\nerrors: {errors}, warnings: {warnings}")
