"""How a service and its Asterisk are, as it told last. It may be of another version: nothing is relied on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ivr.records import ServiceState

AMI_STATES: Final = ("connected", "away", "refused", "off")


@dataclass(frozen=True, slots=True)
class Ami:
    """The service's connection to Asterisk's manager interface.

    Attributes:
        state: one of `AMI_STATES`, or `unknown`.
        reason: what is wrong or lacking, and what to do; "" if nothing is.
        since: in ISO 8601; "" if not told.
        asterisk: its version; "" if not told.
    """

    state: str
    reason: str
    since: str
    asterisk: str

    @property
    def tone(self) -> str:
        """How it is coloured."""
        if self.state in ("away", "refused"):
            return "bad"
        return "good" if self.state == "connected" and not self.reason else "note"


@dataclass(frozen=True, slots=True)
class Condition:
    """A service, its figures (None what it did not tell), and its Asterisk."""

    service: ServiceState
    calls: int | None
    hashes_waiting: int | None
    records_waiting: int | None
    late_ms: float | None
    ami: Ami

    @property
    def tone(self) -> str:
        """How it is coloured."""
        return "good" if self.service.alive else "note" if self.service.stopped_at else "bad"


def condition(service: ServiceState) -> Condition:
    """Read what a service told."""
    health = service.health
    ami, media = _table(health, "ami"), _table(health, "media")
    state = _text(ami, "state")
    return Condition(
        service=service,
        calls=_whole(health, "calls"),
        hashes_waiting=_whole(health, "hashes_waiting"),
        records_waiting=_whole(health, "records_waiting"),
        late_ms=_number(media, "late_ms_max"),
        ami=Ami(
            state=state if state in AMI_STATES else "unknown",
            reason=_text(ami, "reason"),
            since=_text(ami, "since"),
            asterisk=_text(ami, "asterisk"),
        ),
    )


def _table(source: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = source.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name)
    return value if isinstance(value, str) else ""


def _number(source: Mapping[str, Any], name: str) -> float | None:
    value = source.get(name)
    return float(value) if isinstance(value, int | float) else None


def _whole(source: Mapping[str, Any], name: str) -> int | None:
    value = _number(source, name)
    return None if value is None else int(value)
