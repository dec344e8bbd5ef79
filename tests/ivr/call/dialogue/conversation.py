"""A caller in a test: presses keys, listens, waits, and remembers what the dialogue asked for."""

from __future__ import annotations

from credentials.model import Line, Unit
from ivr.call.dialogue import Dialogue, Limits
from ivr.call.dialogue.events import (
    Admitted,
    Command,
    DiscardPassword,
    Ending,
    Event,
    GuidanceEnded,
    HangUp,
    Judged,
    KeyPressed,
    KeyReleased,
    PreparePassword,
    Say,
    Stored,
    StorePassword,
    TimePassed,
)

CONTRACT = "0312345678"
ADDITIONAL = "0312345679"
ELSEWHERE = "0661234567"
PASSWORD = "24681357"
LINE = Line(contract_number=CONTRACT, numbers=frozenset({CONTRACT, ADDITIONAL}))


class Conversation:
    """One dialogue and the time in which it happens."""

    def __init__(
        self, caller: str = CONTRACT, *, limits: Limits | None = None, admitted: bool = True, line: Line = LINE
    ) -> None:
        self.now = 100.0
        self.dialogue = Dialogue(caller, limits=limits or Limits(), now=self.now)
        self.commands: list[Command] = []
        if admitted:
            self.happens(Admitted(line))

    def happens(self, event: Event) -> list[Command]:
        commands = self.dialogue.handle(event, self.now)
        self.commands += commands
        return commands

    def press(self, keys: str, *, every_s: float = 0.2) -> list[Command]:
        commands = []
        for key in keys.replace(" ", ""):
            self.now += every_s
            commands += self.happens(KeyPressed(key))
            commands += self.happens(KeyReleased())
        return commands

    def hear_out(self, *, lasts_s: float = 5.0) -> list[Command]:
        """Listen to the guidance to its end."""
        self.now += lasts_s
        return self.happens(GuidanceEnded())

    def wait(self, seconds: float) -> list[Command]:
        """Let time pass, with a `TimePassed` at each of the dialogue's deadlines."""
        end = self.now + seconds
        commands = []
        while (deadline := self.dialogue.deadline) is not None and deadline <= end:
            self.now = deadline
            commands += self.happens(TimePassed())
        self.now = end
        return commands

    def set_password(self, unit: str = "1", number: str = "") -> None:
        self.press(unit + number + PASSWORD + PASSWORD)
        self.happens(Stored())
        self.hear_out()

    @property
    def stored(self) -> list[tuple[Unit, str, str]]:
        return [(c.unit, c.target, c.password) for c in self.commands if isinstance(c, StorePassword)]

    @property
    def prepared(self) -> list[Command]:
        return [command for command in self.commands if isinstance(command, PreparePassword | DiscardPassword)]

    @property
    def said(self) -> list[str]:
        """The names of all guidance so far."""
        return [command.phrase.name for command in self.commands if isinstance(command, Say)]

    @property
    def judged(self) -> list[Judged]:
        return [command for command in self.commands if isinstance(command, Judged)]

    @property
    def ending(self) -> Ending | None:
        endings = [command.ending for command in self.commands if isinstance(command, HangUp)]
        assert len(endings) <= 1
        return endings[0] if endings else None
