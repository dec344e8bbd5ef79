"""A store after a load: what every caller typed is compared with what is in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from credentials.secrets.keys import KeyRing
from credentials.store import CredentialStore
from ivr.lab.load.crowd.caller import CallNotes
from ivr.lab.load.crowd.process import leave_interrupts
from ivr.lab.load.judge import JudgedCall, Stored, judge, matched
from ivr.records import CallReader, CallSummary, Query, open_existing_records


class ComparedStore:
    """The store.

    Args:
        url: its database.
        key_file: its keys.

    Attributes:
        reader: reads its records of calls.
    """

    def __init__(self, url: str, key_file: Path) -> None:
        self._place = _Place(url, key_file)
        self._database = open_existing_records(url)
        self.reader = CallReader(self._database)

    def judge(self, notes: Sequence[CallNotes]) -> list[JudgedCall]:
        """Judge calls by what their callers noted."""
        records = self.reader.search(Query(limit=None))
        with closing(self._place.open()) as store:
            stored = Stored.all_of(store.audit_records())
        return judge(notes, records, stored, self._opening(notes, records, stored))

    def close(self) -> None:
        """Close its connections."""
        self._database.close()

    def _opening(
        self, notes: Sequence[CallNotes], records: Sequence[CallSummary], stored: Sequence[Stored]
    ) -> dict[str, bool]:
        """Log in with each password that was stored and not replaced; returns whether it opens, by the call's id."""
        last = {each.target: each.call_id for each in stored}
        typed = {
            record.call_id: (each.plan.target, each.plan.password)
            for each, record in zip(notes, matched(notes, records), strict=True)
            if record is not None and last.get(each.plan.target) == record.call_id
        }
        spawning = get_context("spawn")
        with ProcessPoolExecutor(os.cpu_count(), mp_context=spawning, initializer=leave_interrupts) as pool:
            answers = pool.map(_Login(self._place), typed.values(), chunksize=8)
            return dict(zip(typed, answers, strict=True))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a store is."""

    url: str
    key_file: Path

    def open(self) -> CredentialStore:
        """Open it."""
        return CredentialStore.open(self.url, key=KeyRing.from_file(self.key_file))


@dataclass(frozen=True, slots=True)
class _Login:
    """Logs in as the settings site does."""

    place: _Place

    def __call__(self, typed: tuple[str, str]) -> bool:
        """Say whether a password opens a number."""
        number, password = typed
        return _site(self.place).log_in(number, password, session_id="load").verdict.accepted


_SITES: Final[dict[_Place, CredentialStore]] = {}


def _site(place: _Place) -> CredentialStore:
    """The store, opened once in each process of the pool."""
    if place not in _SITES:
        _SITES[place] = place.open()
    return _SITES[place]
