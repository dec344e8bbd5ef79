"""What the work of a host costs, as it was measured; kept as a JSON file."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

_FORM: Final = 1
_REMEDY: Final = "write the file anew with `ivr capacity --figures`"


class FiguresError(Exception):
    """A file of figures cannot be used; the text says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFigures:
    """What calls cost.

    Attributes:
        carried: how many calls at once the host carried before it gave way, with callers and database on it.
        gave_way: by which sign it gave way (`ivr.records.vitals.STRAINS`); "" if it did not.
        steady: how many callers called at once when the costs were measured.
        lasts_s: how long a call lasted on average.
        exchange, service, database, callers: seconds of a processor for each second of a call, in Asterisk, in the
            service with its store process, in PostgreSQL, and in the callers.
        exchange_mib, service_mib: the memory of the two at that many calls.
    """

    carried: int
    gave_way: str
    steady: int
    lasts_s: float
    exchange: float
    service: float
    database: float
    callers: float
    exchange_mib: float
    service_mib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFigures:
    """What logins cost.

    Attributes:
        counted: how many there were.
        each_second: how many a second the host managed, with its database on it.
        site, database: seconds of a processor for each, in `ivr portal` and in PostgreSQL.
    """

    counted: int
    each_second: float
    site: float
    database: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFigures:
    """What incoming calls cost whose number wants a mail about each.

    Attributes:
        counted: how many there were.
        each_second: how many mails a second reached a mail server, with all parts on one host.
        reader, sender, database: seconds of a processor for each, in `ivr notice serve`, `ivr mail` and PostgreSQL.
    """

    counted: int
    each_second: float
    reader: float
    sender: float
    database: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailFigures:
    """What the audit trail allows: each record names the one before it, so they are written one after the other.

    Attributes:
        counted: how many temporary passwords were set, each with its record.
        each_second: how many a second, from several processes, on a durable PostgreSQL.
    """

    counted: int
    each_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that was measured on a host.

    Attributes:
        processors: how many it has.
        memory_mib: its memory.
        version: karipass's version.
        measured_at: the day, as YYYY-MM-DD.
        calls, logins, notices, trail: what each kind of work costs.
    """

    processors: int
    memory_mib: float
    version: str
    measured_at: str
    calls: CallFigures
    logins: LoginFigures
    notices: NoticeFigures
    trail: TrailFigures

    def write(self, path: Path) -> None:
        """Write them to a file.

        Raises:
            OSError: it cannot be written.
        """
        path.write_text(json.dumps({"form": _FORM, **_rounded(asdict(self))}, indent=2) + "\n", encoding="utf-8")


_KINDS: Final = {"calls": CallFigures, "logins": LoginFigures, "notices": NoticeFigures, "trail": TrailFigures}


def read_figures(path: Path) -> Figures:
    """Read figures from a file.

    Raises:
        FiguresError: there is no such file, or it has no such figures.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FiguresError(f"{path}: {error.strerror}: {_REMEDY}") from None
    except ValueError:
        raise FiguresError(f"{path} is not JSON: {_REMEDY}") from None
    if not isinstance(told, dict) or told.get("form") != _FORM:
        raise FiguresError(f"{path} has no figures of form {_FORM}: {_REMEDY}")
    parts = {name: _part(kind, told.get(name), f"{path}: {name}") for name, kind in _KINDS.items()}
    made: Figures = _made(Figures, told | parts, str(path))
    return made


def _part(kind: Any, told: object, where: str) -> Any:
    if not isinstance(told, dict):
        raise FiguresError(f"{where} is missing: {_REMEDY}")
    return _made(kind, told, where)


def _made(kind: Any, told: dict[str, Any], where: str) -> Any:
    wanted = {each.name: each.type for each in fields(kind)}
    for name, type_name in wanted.items():
        value = told.get(name)
        if type_name == "str" and not isinstance(value, str):
            raise FiguresError(f"{where}: {name} is {value!r}, not a text: {_REMEDY}")
        if type_name in ("int", "float") and not _is_amount(value):
            raise FiguresError(f"{where}: {name} is {value!r}, not a number of 0 or more: {_REMEDY}")
    return kind(**{name: told[name] for name in wanted})


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _rounded(told: dict[str, Any]) -> dict[str, Any]:
    """Keep four digits: the fifth would differ in the next run."""
    return {
        name: _rounded(value)
        if isinstance(value, dict)
        else float(f"{value:.4g}")
        if isinstance(value, float)
        else value
        for name, value in told.items()
    }
