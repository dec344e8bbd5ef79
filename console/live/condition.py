"""The condition of a service and of its Asterisk, in colours."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.records import ServiceState, Vitals


@dataclass(frozen=True, slots=True)
class Condition:
    """A service, as it last reported."""

    service: ServiceState

    @property
    def vitals(self) -> Vitals:
        """The vitals that the service last reported."""
        return self.service.vitals

    @property
    def tone(self) -> str:
        """The colour of the service: good, note or bad."""
        if self.service.alive:
            return "note" if self.vitals.strain else "good"
        return "note" if self.service.stopped_at else "bad"

    @property
    def ami_tone(self) -> str:
        """The colour of its link to Asterisk's manager: good, note or bad."""
        ami = self.vitals.ami
        if ami.status in ("away", "refused"):
            return "bad"
        return "good" if ami.status == "connected" and not ami.reason else "note"
