"""A week of calls for the report: had in the simulator, written by the product's own recorder, as of other days.

What callers do is drawn by chance, the same each time. Each call is recorded as a live one is, then written several
times, as of other moments and trunks. Nothing is written in a service's name.
"""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.guidance import Guidance
from ivr.exchange.standalone import import_sample_lines
from ivr.lab.line_quality import LineQuality, Noise
from ivr.lab.scenarios.model import DEFAULT_LANGUAGE, Keying, Step
from ivr.lab.scenarios.simulated import temporary_store
from ivr.lab.simulator import run_call
from ivr.records import CallBegan, CallRecorder, CallWriter, open_existing_records
from ivr.records.changes import Change, EntryNoted, Progress
from pictures.callers import Person, listening, spoilt

_SEED: Final = 5
_DAYS: Final = 7
_OF_A_WORKDAY: Final = 70
_OF_A_WEEKEND_DAY: Final = 25
_OF_THE_LAST_HALF_HOUR: Final = 14
_WRITTEN_AT_ONCE: Final = 2000
"""Changes in one transaction: the store of the product that runs is in the same database."""
_TRUNKS: Final = {"carrier-a": 6, "carrier-b": 3, "office": 2}
_CONTRACTS: Final = ("0312345678", "0661234567", "09012345678")
_ADDITIONAL: Final = {"0312345679": "0312345678", "0312345680": "0312345678", "0661234568": "0661234567"}
"""Additional numbers of the sample lines, and the contract numbers of their lines."""


def write_week(database_url: str, now: datetime) -> None:
    """Write the calls of the week before now, all of them over.

    Args:
        database_url: of the store of a product that runs.
        now: the time.

    Raises:
        StoreUnavailable: the database cannot serve.
    """
    dice = random.Random(_SEED)
    people = _people(dice)
    recorded = _recorded([person for _, group in people.values() for person in group], now)
    weights = [weight for weight, _ in people.values()]
    changes: list[Change] = []
    for moment in _moments(dice, now):
        [(_, group)] = dice.choices(list(people.values()), weights)
        [trunk] = dice.choices(list(_TRUNKS), list(_TRUNKS.values()))
        changes += _again(recorded[dice.choice(group)], moment, trunk)
    database = open_existing_records(database_url)
    try:
        writer = CallWriter(database, service_id="simulator", host=socket.gethostname(), pid=os.getpid())
        for first in range(0, len(changes), _WRITTEN_AT_ONCE):
            writer.write(changes[first : first + _WRITTEN_AT_ONCE])
    finally:
        database.close()


# --- when -----------------------------------------------------------------------------------------------------------


def _moments(dice: random.Random, now: datetime) -> Iterator[datetime]:
    """When calls began: by day more than at night, on workdays more than at weekends, and some just now."""
    for day in range(_DAYS + 1):
        midnight = now.astimezone().replace(hour=0, minute=0, second=0) - timedelta(days=day)
        calls = (_OF_A_WORKDAY, _OF_A_WEEKEND_DAY)[midnight.weekday() >= 5]
        moments = [midnight + timedelta(hours=dice.triangular(8, 18, 11)) for _ in range(calls)]
        yield from (each for each in moments if now - timedelta(days=_DAYS) < each < now - timedelta(minutes=30))
    yield from (now - timedelta(minutes=dice.uniform(2, 30)) for _ in range(_OF_THE_LAST_HALF_HOUR))


# --- who ------------------------------------------------------------------------------------------------------------


def _people(dice: random.Random) -> Mapping[str, tuple[int, Sequence[Person]]]:
    """Callers by what comes of their calls, and how many of a hundred they are."""
    return {
        "at the first try": (58, [_caller(dice, *_line(dice)) for _ in range(8)]),
        "for a number": (12, [_for_a_number(dice, number) for number in _ADDITIONAL]),
        "weak": (8, [_weak(dice) for _ in range(3)]),
        "hung up": (9, [_caller(dice, *_line(dice)[:2], Step(hang_up=True, barge_in=3)) for _ in range(2)]),
        "differs": (6, [_differs(dice) for _ in range(2)]),
        "not heard": (3, [Person(number=number, steps=spoilt("1", 9)) for number in _CONTRACTS[:2]]),
        "stranger": (4, [Person(number="0459998888")]),
    }


def _caller(dice: random.Random, *steps: Step, number: str | None = None) -> Person:
    keying = Keying(
        tone_ms=dice.uniform(70, 160),
        pause_ms=dice.uniform(80, 200),
        level_dbm0=dice.uniform(-20, -6),
        twist_db=dice.triangular(-6, 4, -1.5),
    )
    noise = Noise(snr_db=dice.uniform(30, 50))
    return Person(number=number or dice.choice(_CONTRACTS), steps=steps, keying=keying, line=LineQuality(noise=noise))


def _password(dice: random.Random) -> str:
    return "".join(dice.sample("0123456789", 8))


def _line(dice: random.Random) -> tuple[Step, ...]:
    password = _password(dice)
    return listening("1", password, password)


def _for_a_number(dice: random.Random, number: str) -> Person:
    password = _password(dice)
    return _caller(dice, *listening("2", f"{number}#", password, password), number=_ADDITIONAL[number])


def _differs(dice: random.Random) -> Person:
    password, other = _password(dice), _password(dice)
    return _caller(dice, *listening("1", password, other, password))


def _weak(dice: random.Random) -> Person:
    """A caller whose first key is too soft: it is heard when pressed again."""
    soft = Step(keys="1", barge_in=4, keying=Keying(level_dbm0=-44, twist_db=dice.uniform(-4, 0)))
    again = Step(keys="1", ahead=True, wait=2, keying=Keying(level_dbm0=dice.uniform(-34, -28)))
    caller = _caller(dice, soft, again, *_line(dice)[1:])
    return replace(caller, line=LineQuality())


# --- what is recorded -----------------------------------------------------------------------------------------------


def _recorded(people: Sequence[Person], now: datetime) -> Mapping[Person, Sequence[Change]]:
    """What a call of each person leaves, as of now."""
    guidance = Guidance.load(DEFAULT_LANGUAGE)
    with temporary_store() as store:
        import_sample_lines(store, operator="pictures")
        return {person: _changes(person, store, guidance, now) for person in people}


def _changes(person: Person, store: CredentialStore, guidance: Guidance, now: datetime) -> Sequence[Change]:
    began = CallBegan(
        call_id="", channel_id="", trunk="", began_at=now, caller=person.number, language=DEFAULT_LANGUAGE
    )
    changes: list[Change] = [began]
    record = CallRecorder(began, changes.append)
    run_call(
        person.sender(),
        caller=Caller(person.number),
        store=store,
        guidance=guidance,
        limits=Limits(),
        observer=record,
        began=record.attach,
    )
    return changes


def _again(changes: Sequence[Change], began_at: datetime, trunk: str) -> Iterator[Change]:
    """A call's changes as those of another call at another time."""
    call_id = uuid4().hex[:12]
    later = timedelta()
    for change in changes:
        match change:
            case CallBegan():
                later = began_at - change.began_at
                yield replace(change, call_id=call_id, began_at=change.began_at + later, trunk=trunk)
            case Progress(ended_at=ended_at):
                yield replace(change, call_id=call_id, ended_at=None if ended_at is None else ended_at + later)
            case EntryNoted():
                yield replace(change, call_id=call_id)
