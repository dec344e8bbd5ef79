"""A plan, and a caller's notes, for tests of a load."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from credentials.model import Unit
from ivr.lab.load.crowd.caller import CallEnd, CallNotes
from ivr.lab.load.crowd.plan import Entry, Plan, Style, When

TONES = Style(by_events=False, tone_s=0.1, pause_s=0.1, level_dbm0=-10.0, twist_db=0.0, lead_s=0.005)
EVENTS = Style(by_events=True, tone_s=0.1, pause_s=0.06, level_dbm0=-10.0, twist_db=0.0, lead_s=0.0)
CALLER = "0450000007"
PASSWORD = "24681357"


def entry(keys: str, when: When = When.GUIDANCE_STARTS, wait_s: float = 1.0) -> Entry:
    return Entry(keys=keys, when=when, wait_s=wait_s)


def plan(*entries: Entry, **values: Any) -> Plan:
    whole = Plan(
        number=0,
        caller=CALLER,
        unit=Unit.LINE,
        target=CALLER,
        password=PASSWORD,
        entries=entries or (entry("1"), entry(PASSWORD), entry(PASSWORD)),
        wrong_entries=0,
        style=TONES,
        loses=0.0,
        hang_up_s=None,
    )
    return replace(whole, **values)


def notes(**values: Any) -> CallNotes:
    """The notes of a caller who pressed all keys, and whom the exchange hung up."""
    whole = CallNotes(
        plan=plan(),
        dialled_at=1_775_034_000.0,
        dialled=10.0,
        answered=10.1,
        first_guidance=10.5,
        ended=50.0,
        end=CallEnd.BY_EXCHANGE,
        keys_pressed=17,
        pressed_all=True,
    )
    return replace(whole, **values)
