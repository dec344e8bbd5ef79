"""Which keys a transcript may name.

A key of the password is never named, nor when it was pressed. The choice of the unit is. A key of the target number
may turn out to have been one of a password (a caller who did not listen): such keys wait until their entry is judged,
and are named only if the dialogue names the entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ivr.dialogue import Dialogue, State
from ivr.transcript import KeyHeard, KeyMissed

KeyEntry = KeyHeard | KeyMissed


@dataclass(slots=True)
class Context:
    """The entry that a key belongs to, taken when it was pressed.

    Attributes:
        named: whether its keys may be named; None until that is known.
        waiting: what was heard meanwhile, with its time.
    """

    named: bool | None
    waiting: list[tuple[float, KeyEntry]] = field(default_factory=list)


class KeyNotes:
    """Notes keys, named or not.

    Args:
        note: takes an entry with its time, or without where that must not be told.
    """

    def __init__(self, note: Callable[[float | None, KeyEntry], None]) -> None:
        self._note = note
        self._number = Context(None)

    def context(self, dialogue: Dialogue, now: float) -> Context:
        """The context of a key that is pressed now."""
        if dialogue.hides_keys(now):
            return Context(named=False)
        return self._number if dialogue.state is State.NUMBER else Context(named=True)

    def note(self, context: Context, now: float, entry: KeyEntry) -> None:
        """Note a key with all that is known of it; what must not be told is taken out."""
        if context.named is None:
            context.waiting.append((now, entry))
        elif context.named:
            self._note(now, entry)
        else:
            self._note(None, _unnamed(entry))

    def number_judged(self, *, named: bool) -> None:
        """The entry of the target number was judged, or will never be."""
        context, self._number = self._number, Context(None)
        context.named = named
        for now, entry in context.waiting:
            self.note(context, now, entry)


def _unnamed(entry: KeyEntry) -> KeyEntry:
    if entry.figures is None:
        return replace(entry, value=None)
    return replace(entry, value=None, figures=entry.figures.blurred())
