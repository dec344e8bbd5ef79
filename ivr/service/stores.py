"""The credential store as a service's live calls use it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from ivr.call.caller import Caller
from ivr.call.dialogue.events import Admitted, NotAdmitted, StoreAway
from ivr.call.store import CallStore

ADMISSION_S: Final = 15.0
"""How long a caller waits to be admitted: longer than the store waits for a busy database."""


ADMITTED_WITHIN_S: Final = 4.0
"""How long a store that is away is asked again to admit a caller, who hears ringing meanwhile."""
STORED_WITHIN_S: Final = 20.0
"""How long a store that is away is asked again to store a password: less than a call waits (`KARIPASS_STORING_S`). Its
caller is asked to wait meanwhile. A database that was started again, or whose replica takes over, is back by then."""
AGAIN_S: Final = 0.5
"""The time between two tries."""


class CallStores(Protocol):
    """Makes the stores of live calls. No method blocks."""

    @property
    def running(self) -> int:
        """How many passwords are being hashed or stored."""

    @property
    def waiting(self) -> int:
        """How many passwords wait to be."""

    @property
    def behind_s(self) -> float:
        """For how many seconds the oldest of all these has been asked for; 0 if there is none."""

    def now(self) -> datetime:
        """Return the present moment by the store's clock, as far as it is known; at first by this host's."""

    @property
    def clock_ahead_s(self) -> float | None:
        """By how many seconds this host's clock is ahead of the database's; None if that is not known."""

    async def admission(self, caller: Caller) -> Admitted | NotAdmitted | StoreAway:
        """Ask the store whether a caller is admitted. A store that does not answer in time counts as away."""

    def of_call(self, caller: Caller, call_id: str, *, broken: Callable[[], None]) -> CallStore:
        """Make the store of one call.

        Args:
            caller: who calls.
            call_id: the call.
            broken: called on the loop if the call breaks while it takes an answer.
        """

    def close(self) -> None:
        """Take no more work of calls. Work under way goes on."""
