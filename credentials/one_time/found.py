"""What a rehearsal found, as a page shows it: kept in the database, so that any process of the site can show it.

It has the rows that are worth a look, within bounds, and no password or hash.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Self

from credentials.errors import Problem
from credentials.one_time.rehearsal import Rehearsal, RehearsedRow, RowState

MOST_ROWS: Final = 200
"""The most rows that are kept; all are counted."""
MOST_CHARACTERS: Final = 512 * 1024
"""About how many characters the kept rows may take. 200 rows take 100,000 unless somebody wants to fill a database."""


@dataclass(frozen=True)
class Found:
    """What a file would do, or why it cannot be read.

    Attributes:
        rows: the rows with problems; if there are none, those that would change something; the first ones alone.
        more: how many further ones there are.
        wrong: how many rows have problems.
        changes: how many rows would change something.
        draft_id: what `apply_one_time_file` takes (no secret); None if there is nothing to store.
        expires_at: until when that is good, in UTC.
        unreadable: why the file cannot be read; empty if it can.
    """

    rows: tuple[RehearsedRow, ...] = ()
    more: int = 0
    wrong: int = 0
    changes: int = 0
    draft_id: str | None = None
    expires_at: datetime | None = None
    unreadable: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, rehearsal: Rehearsal) -> Self:
        """Return what is shown of a rehearsal."""
        wrong = [row for row in rehearsal.rows if row.problems]
        rows = wrong or [row for row in rehearsal.rows if row.changes]
        kept = _within_bounds(rows)
        return cls(
            rows=kept,
            more=len(rows) - len(kept),
            wrong=len(wrong),
            changes=rehearsal.changes,
            draft_id=rehearsal.draft_id,
            expires_at=rehearsal.expires_at,
        )

    def to_text(self) -> str:
        """Return it as a text that `from_text` reads."""
        return json.dumps(asdict(self), default=datetime.isoformat)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `to_text` wrote."""
        values = json.loads(text)
        until = values["expires_at"]
        return cls(
            **{
                **values,
                "rows": tuple(_row(row) for row in values["rows"]),
                "expires_at": None if until is None else datetime.fromisoformat(until),
                "unreadable": _problems(values["unreadable"]),
            }
        )


def _within_bounds(rows: Sequence[RehearsedRow]) -> tuple[RehearsedRow, ...]:
    kept, left = [], MOST_CHARACTERS
    for row in rows[:MOST_ROWS]:
        left -= len(json.dumps(asdict(row)))
        if left < 0:
            break
        kept.append(row)
    return tuple(kept)


def _row(values: dict[str, Any]) -> RehearsedRow:
    states = {name: None if values[name] is None else RowState(**values[name]) for name in ("old", "new")}
    return RehearsedRow(**{**values, **states, "problems": _problems(values["problems"])})


def _problems(values: Iterable[dict[str, Any]]) -> tuple[Problem, ...]:
    return tuple(Problem(**problem) for problem in values)
