"""The vitals: what a service reports about itself. This is the one list of it.

`/metrics`, the health pages, and the beat in the database, which the console shows, all read these fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any, Final, get_args, get_type_hints

BEAT_S: Final = 10.0
"""How often a service reports that it lives."""
AMI_STATES: Final = ("connected", "away", "refused")
"""The states of a link to Asterisk's manager; `unknown` if a service did not report one."""


class Sign(StrEnum):
    """Why a host cannot carry one more call (`ivr.service.strain` judges it)."""

    CLOCK = "clock"
    """The media clock is late."""
    AUDIO = "audio"
    """Asterisk hands the callers' audio over late."""
    STORE = "store"
    """Passwords wait to be hashed or stored."""
    MEMORY = "memory"
    """Memory runs out."""


STRAINS: Final = tuple(sign.value for sign in Sign)
"""The signs, as vitals and metrics have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreState:
    """Whether the store can be used.

    Attributes:
        up: whether it answered when it was last asked.
        problem: why it did not answer, and what to do; "" if it did.
    """

    up: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiState:
    """The link to Asterisk's manager interface.

    Attributes:
        status: one of `AMI_STATES`, or `unknown`.
        reason: what is wrong or lacking, and what to do; "" if nothing is.
        since: when the status became so, in ISO 8601; "" if not reported.
        asterisk: Asterisk's version; "" if not connected.
    """

    status: str = "unknown"
    reason: str = ""
    since: str = ""
    asterisk: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """A service's vitals at one moment. A value is None if it was not reported.

    Attributes:
        calls: how many calls are in progress.
        listening: whether calls can come.
        languages: how many languages have their guidance loaded.
        strain: the sign of `STRAINS` by which new calls are turned away; "" if they are taken.
        tick_age_s: seconds since the media clock's last tick.
        late_ms: how late the most delayed tick of the media clock in the last seconds was, in milliseconds.
        hashes_running: how many passwords are being hashed and stored.
        hashes_waiting: how many passwords wait to be.
        records_waiting: how many changes of call records are not in the database yet.
        records_left_out: how many such changes never will be.
        recorder_up: whether call records are being written.
        store: the credential store.
        ami: the link to Asterisk's manager interface.
        audit_records: how many records the audit trail had when it was last read.
        clock_ahead_s: by how many seconds its host's clock is ahead of the database's.
    """

    calls: int | None = None
    listening: bool | None = None
    languages: int | None = None
    strain: str | None = None
    tick_age_s: float | None = None
    late_ms: float | None = None
    hashes_running: int | None = None
    hashes_waiting: int | None = None
    records_waiting: int | None = None
    records_left_out: int | None = None
    recorder_up: bool | None = None
    store: StoreState = StoreState()
    ami: AmiState = AmiState()
    audit_records: int | None = None
    clock_ahead_s: float | None = None

    @property
    def states(self) -> tuple[object, ...]:
        """The states whose changes an operator must see at once; figures may wait for the next beat."""
        return (self.listening, self.strain, self.recorder_up, self.store, self.ami)

    def as_json(self) -> dict[str, Any]:
        """Turn the vitals into plain values, for JSON."""
        return asdict(self)


def vitals_from_json(document: Mapping[str, Any]) -> Vitals:
    """Read what a service, perhaps of another version, reported: what is not understood counts as not reported."""
    vitals: Vitals = _read(Vitals, document)
    return vitals


def _read(kind: Any, document: object) -> Any:
    table = document if isinstance(document, Mapping) else {}
    hints = get_type_hints(kind)
    known = {}
    for field in fields(kind):
        value, hint = table.get(field.name), hints[field.name]
        if is_dataclass(hint):
            known[field.name] = _read(hint, value)
        elif _fits(value, get_args(hint) or (hint,)):
            known[field.name] = value
    return kind(**known)


def _fits(value: object, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, kinds) or (isinstance(value, int) and float in kinds)
