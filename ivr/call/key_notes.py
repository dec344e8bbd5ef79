"""Which keys a transcript may name (docs/rules.md 5.2).

A key of the password is never named, nor is it told when it was pressed, nor which of the keys before and after it
were heard well or badly: a phone's tones and a line's slope make each key sound like itself. So keys that may be a
password's are kept back until the call ends, and then told all at once, in no order, with figures that are those of
all of them together (`ivr.call.transcript.pooled`).

Which keys may be a password's? Not only those that are pressed when one is asked for. Where the key that chooses the
unit was not heard, a caller who types ahead presses the password while the unit is asked for still. So there

- a key that chooses a unit is named (the unit is told anyway);
- a near miss, and a key that chooses none, is named only if it stands alone: nothing else is pressed for a while
  before and after. Of one call only the same key is named again: who presses another may be typing on, slowly, through
  all the entries that its keys are.

Keys of the target number wait until their entry is judged, and are named only if the dialogue names the entry; near
misses, only if they lie within it.

A key is noted when it has ended, since its figures are known then, with the time at which it was pressed: what it
caused has the same time, or a later one.
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
"""Who types on presses the next key sooner."""


class Fate(Enum):
    """What may be told of the keys of an entry."""

    OPEN = auto()
    """That is known when it is judged."""
    NAMED = auto()
    HIDDEN = auto()
    ALONE = auto()
    """They are named if they stand alone."""


@dataclass(slots=True)
class Context:
    """The entry that a key belongs to, taken when it was pressed.

    Attributes:
        fate: what may be told of its keys.
        waiting: what happened in it meanwhile, with its time.
    """

    fate: Fate
    waiting: list[tuple[float, KeyEntry | Interrupted]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Press:
    """A key from its start, or a near miss.

    Attributes:
        context: the entry that it belongs to.
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
        entry: what may be told of it then.
    """

    press: Press
    ended_at: float
    entry: KeyEntry


class KeyNotes:
    """Notes keys, named or not.

    Args:
        note: takes an entry with its time, or without where that must not be told.

    Attributes:
        hidden_at: the times (of the call's clock) of keys that are not named, though others of their entry may be.
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
        """A key is pressed now, and was not heard by another way before; or there was a near miss."""
        apart = self._nothing_since(now)
        self._settle_lonely(named=apart)
        self._down_at = now
        return Press(self._context(dialogue, now), apart, now)

    def again(self, dialogue: Dialogue, now: float) -> Press:
        """A key that has counted already is heard by another way."""
        return Press(self._context(dialogue, now), apart=True, at=now)

    def heard(self, press: Press, now: float, entry: KeyHeard) -> None:
        """The key has ended: note it with all that may be told of it."""
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
        """A key has stopped the guidance."""
        context = self._context(dialogue, now)
        if context is self._number:
            context.waiting.append((now, Interrupted()))
        else:
            self._note(None if context.fate is Fate.HIDDEN else now, Interrupted())

    # --- what may be told -----------------------------------------------------------------------------------

    def judged(self, judged: Judged) -> None:
        """An entry was judged."""
        if judged.step == State.UNIT.value:
            self._unit.fate = Fate.NAMED if judged.verdict is Verdict.ACCEPTED else Fate.ALONE
            self._unit = Context(Fate.OPEN)
        elif judged.step == State.NUMBER.value:
            self._number_judged(named=judged.named)

    def time(self, now: float) -> None:
        """It is `now`: what is still alone may be named."""
        if self._lonely is not None and self._nothing_since(now):
            self._settle_lonely(named=True)

    def ended(self) -> None:
        """The call is over: tell of the keys that were kept back, as far as they may be told."""
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
        return now - self._down_at >= ALONE_S

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
    """Entries of which none can be told from another."""
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
