"""How a service and its Asterisk are, in colours."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.records import ServiceState, Vitals


@dataclass(frozen=True, slots=True)
class Condition:
    """A service, as it last reported."""

    service: ServiceState

    @property
    def vitals(self) -> Vitals:
        """What it reported of itself."""
        return self.service.vitals

    @property
    def tone(self) -> str:
        """How it is coloured."""
        return "good" if self.service.alive else "note" if self.service.stopped_at else "bad"

    @property
    def ami_tone(self) -> str:
        """How its link to Asterisk's manager is coloured."""
        ami = self.vitals.ami
        if ami.status in ("away", "refused"):
            return "bad"
        return "good" if ami.status == "connected" and not ami.reason else "note"
