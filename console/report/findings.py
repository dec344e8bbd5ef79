"""What the console asks of the records beyond `CallReader`: what was said last, and how well keys were heard."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select

from ivr.records import RecordedEntry
from ivr.records.schema import call_entries, calls
from storage.database import Database, database_border

_NEWEST_KEYS: Final = 20_000
"""Enough for a histogram; all keys of 90 days would be read for minutes."""


@dataclass(frozen=True, slots=True)
class KeyQuality:
    """How well a key was heard, or why it was not.

    Attributes:
        source: `in-band` or `rfc4733`; "" for a near miss.
        failed: the test that it failed; None if it was heard.
        level_dbm0, twist_db, snr_db, offset_percent: its figures; None for an RFC 4733 key.
    """

    source: str
    failed: str | None
    level_dbm0: float | None
    twist_db: float | None
    snr_db: float | None
    offset_percent: float | None


class Findings:
    """Reads of the records. Methods block, and raise `StoreUnavailable`.

    Args:
        database: with the schema of `ivr.records.schema`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @database_border
    def last_entries(self, call_ids: Sequence[str]) -> dict[str, dict[str, RecordedEntry]]:
        """The last entry of each kind, by call and kind."""
        latest = (
            select(call_entries.c.call_id, func.max(call_entries.c.position).label("position"))
            .where(call_entries.c.call_id.in_(call_ids))
            .group_by(call_entries.c.call_id, call_entries.c.kind)
            .subquery()
        )
        same = (call_entries.c.call_id == latest.c.call_id) & (call_entries.c.position == latest.c.position)
        found: dict[str, dict[str, RecordedEntry]] = {call_id: {} for call_id in call_ids}
        with self._database.reading() as connection:
            for row in connection.execute(select(call_entries).join(latest, same)):
                found[row.call_id][row.kind] = RecordedEntry(row.position, row.at_s, row.kind, json.loads(row.body))
        return found

    @database_border
    def in_progress(self) -> int:
        """How many calls go on."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).where(calls.c.outcome.is_(None))) or 0

    @database_border
    def trunks(self) -> list[str]:
        """All endpoints by which calls came."""
        with self._database.reading() as connection:
            return list(connection.scalars(select(calls.c.trunk).distinct().order_by(calls.c.trunk)))

    @database_border
    def keys(self, *, since: datetime, trunks: Collection[str] | None) -> list[KeyQuality]:
        """How well the keys of calls were heard, the newest ones.

        Args:
            since: when the calls began.
            trunks: by which they came; None for all.
        """
        wanted = (
            select(call_entries.c.kind, call_entries.c.body)
            .join_from(call_entries, calls)
            .where(calls.c.began_at >= since, call_entries.c.kind.in_(("key", "missed")))
            .order_by(calls.c.began_at.desc())
            .limit(_NEWEST_KEYS)
        )
        if trunks is not None:
            wanted = wanted.where(calls.c.trunk.in_(trunks))
        with self._database.reading() as connection:
            return list(_qualities(connection.execute(wanted).all()))


def _qualities(rows: Sequence[Any]) -> Iterator[KeyQuality]:
    for row in rows:
        body = json.loads(row.body)
        figures = body["figures"]
        failed = body.get("failed")
        if figures is None:
            yield KeyQuality(body.get("source", ""), failed, None, None, None, None)
            continue
        offset = max(figures["low_offset_percent"], figures["high_offset_percent"], key=abs)
        yield KeyQuality(
            body.get("source", ""), failed, figures["level_dbm0"], figures["twist_db"], figures["snr_db"], offset
        )
