"""The credential store as one call uses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ivr.call.dialogue.events import PreparePassword, StoreAnswer, StorePassword


class CallStore(Protocol):
    """Carries out what a call asks of the store. It knows the call and its caller. No method blocks a live call."""

    def prepare_password(self, command: PreparePassword) -> None:
        """Start the part of storing a temporary password that takes long and stores nothing."""

    def discard_password(self) -> None:
        """Throw away what `prepare_password` has made, or is making."""

    def store_password(self, command: StorePassword, answered: Callable[[StoreAnswer, float], None]) -> None:
        """Store a temporary password, the one that was prepared last.

        Args:
            command: the dialogue's command.
            answered: called once, with the answer and the time, on the clock of the call.
        """

    def withdraw(self) -> None:
        """Take the request to store back, if it is not too late."""

    def note_failure(self) -> None:
        """Count the call, which has failed, against its line."""
