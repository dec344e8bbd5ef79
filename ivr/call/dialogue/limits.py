"""How long a caller may take, and how many mistakes they may make (docs/rules.md 2.7, 2.8 and 2.10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

AFTER_THE_CALL_S: Final = 120.0
"""How long the last guidance and the store's work may take, on top of the call's limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The dialogue's limits, in seconds and counts. Every one of them is a setting.

    Attributes:
        first_key_s: the silence after guidance that repeats it.
        between_keys_s: the silence within an entry that ends it.
        step_s: how long a whole step may take, with its guidance and repeats.
        call_s: how long a whole call may take, up to the confirmed password.
        wrong_entries: the wrong entry of a step that ends the call.
        silences: the silence of a step that ends the call.
        storing_s: how long the store's answer may take; after that the caller is asked to call again, and the password
            is withdrawn.
        please_wait_s: the silence while the store works, after which the caller is asked to wait.
        typed_ahead_pause_s: the pause that separates keys pressed in answer to "that was not right" from keys that were
            still being typed ahead when it was said; the latter are dropped.
    """

    first_key_s: float = 10.0
    between_keys_s: float = 5.0
    step_s: float = 60.0
    call_s: float = 300.0
    wrong_entries: int = 3
    silences: int = 3
    storing_s: float = 30.0
    please_wait_s: float = 4.0
    typed_ahead_pause_s: float = 0.8
