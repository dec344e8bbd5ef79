"""The one primitive that collects keys.

Every step of the call asks for keys in the same way and differs only in what ends an entry. `Collector` takes keys, the
end of the guidance and the passing of time, and says how the entry ended. It tells apart five cases that telephone
menus often confuse: a complete entry, nothing but a `#`, no key at all, keys and then silence, and a hang-up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ivr.call.dialogue.limits import Limits

HASH = "#"


class EntryKind(Enum):
    """How an entry ended."""

    COMPLETE = "complete"
    """All keys came: the last of a fixed number of keys, or `#` after at least one."""
    EMPTY = "empty"
    """`#` came, and nothing before it."""
    NO_INPUT = "no input"
    """No key came within the time for the first key."""
    PARTIAL = "partial"
    """Keys came, then silence before the entry was complete."""
    HANG_UP = "hang-up"
    """The caller went away."""


@dataclass(frozen=True, slots=True)
class EntryRule:
    """What ends an entry: a fixed number of keys, or `#`.

    Attributes:
        length: how many keys complete the entry; None waits for `#`.
        hash_ends: whether `#` ends the entry (otherwise it is a key like any other).
    """

    length: int | None
    hash_ends: bool


ONE_KEY = EntryRule(length=1, hash_ends=False)
UNTIL_HASH = EntryRule(length=None, hash_ends=True)
EIGHT_KEYS = EntryRule(length=8, hash_ends=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that has ended. The keys may be a password: they are not in its repr."""

    kind: EntryKind
    keys: str = field(default="", repr=False)


class Collector:
    """Collects the keys of one entry.

    It has no clock: times are rising seconds that the caller of its methods hands in.

    Args:
        rule: what ends the entry.
        limits: the time for the first key and between keys.
    """

    def __init__(self, rule: EntryRule, limits: Limits) -> None:
        self._rule = rule
        self._limits = limits
        self._keys: list[str] = []
        self._deadline: float | None = None

    @property
    def deadline(self) -> float | None:
        """When `time` will end the entry if no key comes; None while the guidance plays or a key is held."""
        return self._deadline

    def guidance_ended(self, now: float) -> None:
        """Start the time for the first key."""
        if not self._keys:
            self._deadline = now + self._limits.first_key_s

    def key(self, key: str) -> Entry | None:
        """Take one key; returns the entry if this key ended it. Silence counts from the key's release."""
        if key == HASH and self._rule.hash_ends:  # docs/rules.md 2.9
            return self._ended(EntryKind.COMPLETE if self._keys else EntryKind.EMPTY)
        self._keys.append(key)
        self._deadline = None
        if len(self._keys) == self._rule.length:
            return self._ended(EntryKind.COMPLETE)
        return None

    def key_released(self, now: float) -> None:
        """Count the time between keys from the end of the last key, however long it was held."""
        if self._keys:
            self._deadline = now + self._limits.between_keys_s

    def time(self, now: float) -> Entry | None:
        """Let time pass; returns the entry if silence has ended it."""
        if self._deadline is None or now < self._deadline:
            return None
        return self._ended(EntryKind.PARTIAL if self._keys else EntryKind.NO_INPUT)

    def hang_up(self) -> Entry:
        """End the entry because the caller went away: the collected keys count for nothing."""
        self._keys.clear()
        return self._ended(EntryKind.HANG_UP)

    def _ended(self, kind: EntryKind) -> Entry:
        entry = Entry(kind, "".join(self._keys))
        self._keys.clear()
        self._deadline = None
        return entry
