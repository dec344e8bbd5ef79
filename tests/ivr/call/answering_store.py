"""A call's store whose answers a test decides."""

from __future__ import annotations

from collections.abc import Callable

from ivr.call.dialogue.events import PreparePassword, StoreAnswer, StorePassword


class AnsweringStore:
    """Answers at once.

    Args:
        answer: the answer to a command; None if no answer comes.
        now: the time, on the call's clock.
    """

    def __init__(self, answer: Callable[[StorePassword], StoreAnswer | None], now: Callable[[], float]) -> None:
        self._answer = answer
        self._now = now

    def prepare_password(self, command: PreparePassword) -> None:
        pass

    def discard_password(self) -> None:
        pass

    def store_password(self, command: StorePassword, answered: Callable[[StoreAnswer, float], None]) -> None:
        answer = self._answer(command)
        if answer is not None:
            answered(answer, self._now())

    def withdraw(self) -> None:
        pass

    def note_failure(self) -> None:
        pass
