"""Which keys a transcript may name.

A key of the password is never named, nor is it told when it was pressed, nor which of the keys before and after it
were heard well or badly: a phone's tones and a line's slope make each key sound like itself. So keys that may be a
password's are kept back until their entry was refused or the call ends, and then told all at once, in no order, each
with the worst figures of them all. The choice of the unit is named. A key of the target number
may turn out to have been one of a password (a caller who did not listen): such keys wait until their entry is judged,
and are named only if the dialogue names the entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ivr.dialogue import Dialogue, State
from ivr.transcript import KeyHeard, KeyMissed, worst

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
        self._hidden: list[KeyEntry] = []

    def context(self, dialogue: Dialogue, now: float) -> Context:
        """The context of a key that is pressed now."""
        if dialogue.hides_keys(now):
            return Context(named=False)
        return self._number if dialogue.state is State.NUMBER else Context(named=True)

    def note(self, context: Context, now: float, entry: KeyEntry) -> None:
        """Note a key with all that may be told of it."""
        if context.named is None:
            context.waiting.append((now, entry))
        elif context.named:
            self._note(now, entry)
        else:
            self._hidden.append(entry)

    def number_judged(self, *, named: bool) -> None:
        """The entry of the target number was judged, or will never be."""
        context, self._number = self._number, Context(None)
        context.named = named
        for now, entry in context.waiting:
            self.note(context, now, entry)

    def tell_hidden(self) -> None:
        """Tell of the keys that were kept back, as far as they may be told."""
        hidden, self._hidden = self._hidden, []
        for entry in _without_order(hidden):
            self._note(None, entry)


def _without_order(entries: Sequence[KeyEntry]) -> list[KeyEntry]:
    """Entries of which none can be told from another of its kind."""
    keys = [entry for entry in entries if isinstance(entry, KeyHeard)]
    missed = [entry for entry in entries if isinstance(entry, KeyMissed)]
    told: list[KeyEntry] = []
    for source, counted in sorted({(key.source, key.counted) for key in keys}):
        alike = [key for key in keys if (key.source, key.counted) == (source, counted)]
        figures = [key.figures for key in alike if key.figures is not None]
        told += [KeyHeard(source, counted, None, worst(figures) if figures else None)] * len(alike)
    for failed in sorted({miss.failed for miss in missed}):
        bursts = [miss.figures for miss in missed if miss.failed == failed]
        told += [KeyMissed(None, failed, worst(bursts))] * len(bursts)
    return told
