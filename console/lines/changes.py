"""What an operator may do about the logins of a number or a line (docs/rules.md 3.14)."""

from __future__ import annotations

from enum import Enum

from credentials.store import CredentialStore


class Change(Enum):
    """A change, by the word that its address and its texts have."""

    LOCK = "lock"
    UNLOCK = "unlock"
    END = "end"
    """End the sessions of the number."""
    END_ALL = "end_all"
    """End the sessions of all numbers of the line."""
    RESET = "reset"
    """Forget what the number has chosen about one-time passwords."""

    @classmethod
    def of(cls, word: str) -> Change | None:
        """Return the change that a word names; None if it names none."""
        return next((change for change in cls if change.value == word), None)

    def make(self, store: CredentialStore, number: str, operator: str) -> bool:
        """Make the change, which the store records.

        Args:
            store: the store.
            number: the number that it is made to, or any number of the line.
            operator: who makes it, for the audit trail.

        Returns:
            Whether anything was changed.

        Raises:
            InvalidNumber, UnknownLine: that is not a number, or no line has it.
        """
        match self:
            case Change.LOCK:
                return store.lock_logins(number, operator=operator)
            case Change.UNLOCK:
                return store.unlock_logins(number, operator=operator)
            case Change.RESET:
                return store.reset_one_time_password(number, operator=operator)
            case Change.END | Change.END_ALL:
                return store.end_sessions(number, whole_line=self is Change.END_ALL, operator=operator) > 0
