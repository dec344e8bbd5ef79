"""A store with lines, calls and operators for the console. Its calls are made of tones that the receiver hears."""

from __future__ import annotations

import io
import os
import shutil
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.config import ConsoleConfig
from console.operators import Operators, Role
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from dsp import Receiver, synthesize
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.session import CallSession
from ivr.lab.prompt_store import PromptStore
from ivr.records import AmiState, CallBegan, CallRecorder, CallWriter, Vitals, open_records
from ivr.records.changes import Change, EntryNoted, Progress, ServiceBeat
from ivr.service.store_events import admit
from mail.outbox import MAIL
from notice.store.schema import NOTICE
from prompts import Catalogue, load_catalogue
from sound.samples import to_int16
from storage.clock import Clock, utc_now
from storage.database import Database
from storage.migrate import upgrade
from tests.credentials.stores import CHEAP

WELL = Vitals(calls=0, ami=AmiState(status="connected", asterisk="22.10.1"))
CONTRACT, ADDITIONAL = "0312345678", "0312345679"
LINES = f"contract_number,number\n{CONTRACT},{ADDITIONAL}\n0661234567,0661234568\n0527654321,\n"
OPERATOR_PASSWORD = "correct horse battery"
NAMES = {Role.VIEWER: "vera", Role.OPERATOR: "otto", Role.ADMIN: "ada"}

_FRAME, _TICK_S = 160, 0.02


@dataclass(frozen=True)
class Tone:
    """Keys as they come over a line, from a moment of the call on."""

    at_s: float
    keys: str
    tone_s: float = 0.1
    pause_s: float = 0.15
    twist_db: float = 0.0
    offset_percent: float = 0.0
    level_dbm0: float = -12.0
    snr_db: float | None = None


def bad_keys(key: str = "1") -> tuple[Tone, ...]:
    """Return a key that is pressed three times and spoilt each time: unequal tones, too short, off frequency."""
    return (
        Tone(9.0, key, twist_db=-12.0),
        Tone(12.0, key, tone_s=0.024),
        Tone(15.0, key, offset_percent=3.0),
    )


class Stage:
    """The contents of a console, in their own directory.

    Args:
        directory: the directory for the store.
        url: the database; a file in the directory if "".
        copy_of: another stage, closed, whose file is copied, which is quicker than making one.
    """

    def __init__(self, directory: Path, url: str = "", *, copy_of: Stage | None = None) -> None:
        file = directory / "store.db"
        self.directory = directory
        self.url = url or f"sqlite:///{file}"
        self.key: Key = Key.generate() if copy_of is None else copy_of.key
        if copy_of is not None:
            shutil.copy(copy_of.directory / "store.db", file)
        self.database: Database = open_records(self.url)
        self.operators = Operators(self.database, open_store=self.open_store, policy=CHEAP)
        self.writer = CallWriter(self.database, service_id="service", host=socket.gethostname(), pid=os.getpid())
        self._calls = 0
        if copy_of is None:
            with self.open_store(clock=lambda: utc_now() - timedelta(days=1)) as store:  # before what a test tells of
                store.import_lines(io.StringIO(LINES))
            for history in (MAIL, NOTICE):  # once: consoles would make them otherwise, each in its copy
                upgrade(self.database, history)
            for role, name in NAMES.items():
                self.operators.add(name, OPERATOR_PASSWORD, role=role, language="en", by="operator root")

    def open_store(self, clock: Clock = utc_now) -> CredentialStore:
        return CredentialStore.open(self.url, key=self.key, policy=CHEAP, clock=clock)

    def config(self, **changes: Any) -> ConsoleConfig:
        values: dict[str, Any] = {
            "database_url": self.url,
            "open_store": self.open_store,
            "policy": CHEAP,
            "poll_s": 0.05,
        }
        return ConsoleConfig(**(values | changes))

    def beat(self, vitals: Vitals = WELL) -> None:
        """Report the vitals of a live service."""
        self.writer.write([ServiceBeat(vitals)])

    def call(self, tones: Sequence[Tone], **options: Any) -> str:
        """Make a whole call, and return its id."""
        return self.changes_of(tones, write=True, **options)[0]

    def begin_call(self, tones: Sequence[Tone], *, until_s: float, **options: Any) -> str:
        """Make a call that still goes on, and return its id."""
        return self.changes_of(tones, write=True, until_s=until_s, **options)[0]

    def changes_of(
        self,
        tones: Sequence[Tone],
        *,
        write: bool = False,
        caller: str = CONTRACT,
        trunk: str = "trunk",
        language: str = "ja",
        began_at: datetime | None = None,
        until_s: float | None = None,
        hang_up_s: float | None = None,
    ) -> tuple[str, list[Change]]:
        """Return the records of a call in which the caller presses keys at their times, then waits."""
        self._calls += 1
        call_id = f"{self._calls:04x}c0ffee00"
        began_at = began_at or datetime.now(UTC)
        now = [0.0]
        changes: list[Change] = []
        began = CallBegan(
            call_id=call_id,
            channel_id=f"1775000000.{self._calls}",
            trunk=trunk,
            began_at=began_at,
            caller=caller,
            language=language,
        )
        record = CallRecorder(began, changes.append)
        with self.open_store() as store:
            session = CallSession(
                call_id,
                Caller(caller),
                _catalogue(language),
                limits=Limits(),
                observer=record,
                store=PromptStore(store, Caller(caller), call_id, lambda: now[0]),
                now=0.0,
            )
            record.attach(session)
            session.handle(admit(store, Caller(caller)), 0.0)
            receiver = Receiver(near_misses=True)
            audio = _audio(tones)
            while not session.over and (until_s is None or now[0] < until_s):
                if hang_up_s is not None and now[0] >= hang_up_s:
                    session.hung_up(now[0])
                    break
                place = round(now[0] / _TICK_S) * _FRAME
                now[0] = round(now[0] + _TICK_S, 3)
                frame = np.zeros(_FRAME, np.int16)
                sent = audio[place : place + _FRAME]
                frame[: len(sent)] = sent
                for event in receiver.feed(frame):
                    session.hear(event, now[0])
                session.tick(now[0])
        changes.insert(0, began)
        if write:
            self.writer.write(changes)
        return call_id, changes

    def again(self, changes: Sequence[Change], began_at: datetime, **began: str) -> str:
        """Write a call again, as another call at another time, and return its id."""
        self._calls += 1
        call_id = f"{self._calls:04x}decade00"
        first = next(change for change in changes if isinstance(change, CallBegan))
        later = began_at - first.began_at
        written: list[Change] = []
        for change in changes:
            match change:
                case CallBegan():
                    written.append(replace(change, call_id=call_id, began_at=began_at.astimezone(UTC), **began))
                case Progress(ended_at=ended_at):
                    ends = None if ended_at is None else ended_at + later
                    target = change.target and began.get("caller", change.target)
                    written.append(replace(change, call_id=call_id, ended_at=ends, target=target))
                case EntryNoted():
                    written.append(replace(change, call_id=call_id))
        self.writer.write(written)
        return call_id

    def close(self) -> None:
        self.database.close()


_CATALOGUES: dict[str, Catalogue] = {}


def _catalogue(language: str) -> Catalogue:
    if language not in _CATALOGUES:
        _CATALOGUES[language] = load_catalogue(language)
    return _CATALOGUES[language]


def _audio(tones: Sequence[Tone]) -> NDArray[np.int16]:
    parts = [(round(tone.at_s * 8000), _sound(tone)) for tone in tones]
    audio = np.zeros(max((at + len(sound) for at, sound in parts), default=0), np.int16)
    for at, sound in parts:
        audio[at : at + len(sound)] = sound
    return audio


def _sound(tone: Tone) -> NDArray[np.int16]:
    return to_int16(
        synthesize(
            tone.keys,
            tone_s=tone.tone_s,
            pause_s=tone.pause_s,
            lead_s=0.0,
            twist_db=tone.twist_db,
            offset_percent=tone.offset_percent,
            level_dbm0=tone.level_dbm0,
            snr_db=tone.snr_db,
        )
    )
