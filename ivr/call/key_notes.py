"""Which keys a transcript may name (docs/rules.md 5.2).

A key of the password is never named. Neither is the time at which it was pressed, nor which of the keys around it were
heard well or badly: a phone's tones and a line's slope make each key sound like itself. So keys that may belong to a
password are kept back until the call ends. Then they are noted all at once, in no order, with figures that are those of
all of them together (`ivr.call.transcript.pooled`).

Which keys may belong to a password? Not only those that are pressed when one is asked for. If the key that chooses the
unit was not heard, a caller who types ahead presses the password while the unit is still asked for. So in that step

- a key that chooses a unit is named (the unit is reported anyway);
- a near miss, and a key that chooses no unit, is named only if it stands alone: nothing else is pressed for a while
  before and after. In one call only the same key is named again: a caller who presses another may be typing on, slowly,
  through all the entries that the keys make.

Keys of the target number wait until their entry is judged, and are named only if the dialogue names the entry. Near
misses are named only if they lie within it.

A key is noted when it has ended, because only then are its figures known. It is noted with the time at which it was
pressed: whatever it caused has the same time, or a later one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from ivr.call.dialogue import Dialogue, State
from ivr.call.dialogue.events import Judged, Verdict
from ivr.call.transcript import Interrupted, KeyHeard, KeyMissed, pooled

KeyEntry = KeyHeard | KeyMissed

ALONE_S: Final = 1.5
"""A caller who types on presses the next key sooner than this."""


class Fate(Enum):
    """What may be said about the keys of an entry."""

    OPEN = auto()
    """It is known when the entry is judged."""
    NAMED = auto()
    HIDDEN = auto()
    ALONE = auto()
    """The keys are named if they stand alone."""


@dataclass(slots=True)
class Context:
    """The entry that a key belongs to, taken when the key was pressed.

    Attributes:
        fate: what may be said about the entry's keys.
        waiting: what happened in the entry meanwhile, each with its time.
    """

    fate: Fate
    waiting: list[tuple[float, KeyEntry | Interrupted]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Press:
    """A key from its start, or a near miss.

    Attributes:
        context: the entry that the key belongs to.
        apart: whether no key was down for a while before it.
        at: when it was known to be pressed.
    """

    context: Context
    apart: bool
    at: float


@dataclass(frozen=True, slots=True)
class _Lonely:
    """A key that may stand alone.

    Attributes:
        press: when it was pressed, and in which entry.
        ended_at: when it ended.
        entry: what may be said about it then.
    """

    press: Press
    ended_at: float
    entry: KeyEntry


class KeyNotes:
    """Notes keys, named or not.

    Args:
        note: called with each entry and its time, or None for a time that must not be known.

    Attributes:
        hidden_at: the times (of the call's clock) of keys that are not named, although others of their entry may be.
    """

    def __init__(self, note: Callable[[float | None, KeyEntry | Interrupted], None]) -> None:
        self.hidden_at: list[float] = []
        self._note = note
        self._unit = Context(Fate.OPEN)
        self._number = Context(Fate.OPEN)
        self._hidden: list[KeyEntry] = []
        self._down_at = -math.inf
        self._lonely: _Lonely | None = None
        self._lone_key: str | None = None
        self._crowded = False

    # --- keys -----------------------------------------------------------------------------------------------

    def pressed(self, dialogue: Dialogue, now: float) -> Press:
        """Start a press that was not heard from another source before, or a near miss."""
        apart = self._nothing_since(now)
        self._settle_lonely(named=apart)
        self._down_at = now
        return Press(self._context(dialogue, now), apart, now)

    def again(self, dialogue: Dialogue, now: float) -> Press:
        """Start a press of a key that has already counted and is now heard from another source."""
        return Press(self._context(dialogue, now), apart=True, at=now)

    def heard(self, press: Press, now: float, entry: KeyHeard) -> None:
        """Note a key that has ended, with everything that may be said about it."""
        self._down_at = now if entry.counted else self._down_at
        match press.context.fate:
            case Fate.OPEN:
                press.context.waiting.append((press.at, entry))
            case Fate.NAMED:
                self._note(press.at, entry)
            case Fate.ALONE:
                self._note_alone(press, now, entry)
            case Fate.HIDDEN:
                self._hidden.append(entry)

    def missed(self, press: Press, now: float, entry: KeyMissed) -> None:
        """Note a near miss."""
        if press.context is self._unit:
            self._note_alone(press, now, entry)
        elif press.context.fate is Fate.OPEN:
            press.context.waiting.append((now, entry))
        else:
            self._hidden.append(entry)

    def interrupted(self, dialogue: Dialogue, now: float) -> None:
        """Note that a key has stopped the guidance."""
        context = self._context(dialogue, now)
        if context is self._number:
            context.waiting.append((now, Interrupted()))
        else:
            self._note(None if context.fate is Fate.HIDDEN else now, Interrupted())

    # --- what may be said -----------------------------------------------------------------------------------

    def judged(self, judged: Judged) -> None:
        """Settle the fate of an entry's keys when the entry is judged."""
        if judged.step == State.UNIT.value:
            self._unit.fate = Fate.NAMED if judged.verdict is Verdict.ACCEPTED else Fate.ALONE
            self._unit = Context(Fate.OPEN)
        elif judged.step == State.NUMBER.value:
            self._number_judged(named=judged.named)

    @property
    def next_at(self) -> float:
        """When `time` will next have something to do; infinity if only a key can change that."""
        return math.inf if self._lonely is None else self._down_at + ALONE_S

    def time(self, now: float) -> None:
        """Let time pass: at `now` a key that is still alone may be named."""
        if self._lonely is not None and self._nothing_since(now):
            self._settle_lonely(named=True)

    def ended(self) -> None:
        """Note, at the end of the call, the keys that were kept back, as far as they may be noted."""
        self._number_judged(named=False)
        self._settle_lonely(named=True)
        hidden, self._hidden = self._hidden, []
        for entry in _without_order(hidden):
            self._note(None, entry)

    def _context(self, dialogue: Dialogue, now: float) -> Context:
        if dialogue.hides_keys(now):
            return Context(Fate.HIDDEN)
        return self._number if dialogue.state is State.NUMBER else self._unit

    def _nothing_since(self, now: float) -> bool:
        return now >= self._down_at + ALONE_S

    def _note_alone(self, press: Press, now: float, entry: KeyEntry) -> None:
        """Note a key that ended now if it stands alone; that is known when nothing has followed it for a while."""
        if press.apart and not self._crowded and self._lone_key in (None, entry.value):
            self._lone_key = entry.value
            self._lonely = _Lonely(press, now, entry)
        else:
            self._crowded = True
            self._hide(now, entry)

    def _settle_lonely(self, *, named: bool) -> None:
        if self._lonely is None:
            return
        lonely, self._lonely = self._lonely, None
        if named:
            self._note(lonely.press.at, lonely.entry)
        else:
            self._crowded = True
            self._hide(lonely.ended_at, lonely.entry)

    def _number_judged(self, *, named: bool) -> None:
        context, self._number = self._number, Context(Fate.OPEN)
        context.fate = Fate.NAMED if named else Fate.HIDDEN
        within = False
        for at, entry in context.waiting:
            within = within or isinstance(entry, KeyHeard)
            if isinstance(entry, Interrupted):
                self._note(at if named else None, entry)
            elif not named:
                self._hidden.append(entry)
            elif within:
                self._note(at, entry)
            else:
                self._hide(at, entry)

    def _hide(self, at: float, entry: KeyEntry) -> None:
        """Hide a key of an entry whose keys may be named."""
        self._hidden.append(entry)
        self.hidden_at.append(at)


def _without_order(entries: Sequence[KeyEntry]) -> list[KeyEntry]:
    """Make entries of which none can be told from another."""
    heard = [entry for entry in entries if isinstance(entry, KeyHeard)]
    missed = [entry for entry in entries if isinstance(entry, KeyMissed)]
    of_heard, of_missed = (pooled([entry.figures for entry in alike]) for alike in (heard, missed))
    return [
        *(
            KeyHeard(source, counted, None, None if source == "rfc4733" else of_heard)
            for source, counted in sorted((entry.source, entry.counted) for entry in heard)
        ),
        *(KeyMissed(None, failed, of_missed) for failed in sorted(entry.failed for entry in missed)),
    ]
