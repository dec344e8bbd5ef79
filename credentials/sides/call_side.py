"""The access number's side of the store: who may call, and setting a temporary password.

The rules are in docs/rules.md 2.1, 2.6 and 3.1.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from credentials import audit
from credentials.audit import Action, Entry
from credentials.errors import InvalidPassword, TooManyCalls, Withdrawn
from credentials.limits import throttling
from credentials.lines import provisioning
from credentials.lines.numbers import normalise_number
from credentials.model import Line, Refusal, Unit
from credentials.rules import TEMPORARY_PASSWORD_LIFETIME, require_permission, require_temporary_password
from credentials.secrets import temporary
from credentials.secrets.temporary import HashedTemporaryPassword
from credentials.sides.base import StoreBase, number_or_none
from credentials.site import login_locks
from credentials.site.login_locks import LockOf
from storage.database import database_border, write_probe


class CallSide(StoreBase):
    """The methods that the access number calls."""

    @database_border
    def admit(self, caller_number: str) -> Line | Refusal:
        """Return the caller's line, or why the caller is refused.

        Args:
            caller_number: any text.
        """
        number = number_or_none(caller_number)
        with self._database.reading() as connection:
            line = provisioning.find_line(connection, number)
            if line is None:
                return Refusal.NOT_SUBSCRIBED
            if line.locked:
                return Refusal.LOCKED
            contract_number, now = line.contract_number, self.now()
            if throttling.is_throttled(connection, number, contract_number, limits=self._limits, now=now):
                return Refusal.THROTTLED
            return replace(line, tried_out=temporary.tried_out(connection, contract_number, now))

    @database_border
    def require_writable(self) -> None:
        """Check that the database could store a temporary password now, by writing something that nobody reads.

        Raises:
            StoreUnavailable: it could not. The text says why (a full disk, a lock, a replica) and what to do.
        """
        with self._database.writing() as connection:
            write_probe(connection)
            audit.hold_head(connection)  # as the last step of each change does

    def hash_temporary_password(self, *, target: str, password: str) -> HashedTemporaryPassword:
        """Do what takes longest in setting a temporary password, before it is known whether it will be set.

        Nothing is stored. What is returned can be given to `set_temporary_password`, or thrown away.

        Args:
            target: the number that may get the temporary password.
            password: 8 ASCII digits.

        Raises:
            InvalidPassword: the password is not 8 ASCII digits.
            InvalidNumber: the target is not a telephone number.
        """
        require_temporary_password(password)
        target = normalise_number(target)
        return HashedTemporaryPassword(target, self._temporary_hasher.hash(target, password))

    @database_border
    def set_temporary_password(
        self,
        *,
        caller: str,
        target: str,
        unit: Unit,
        password: str | HashedTemporaryPassword,
        call_id: str,
        still_wanted: Callable[[], bool] = lambda: True,
    ) -> datetime:
        """Set a target's temporary password in place of any earlier one, with no failures counted.

        If a subscriber's report has locked the logins of the line, they are open again.

        Args:
            caller: the caller number.
            target: the number that gets the temporary password.
            unit: what the credential will cover.
            password: 8 ASCII digits, or what `hash_temporary_password` made of them for this target.
            call_id: the call's id, for the record of who set it and for counting it against the limits.
            still_wanted: called when all but the commit is done; if it returns False, nothing is changed.

        Returns:
            When the temporary password expires, in UTC.

        Raises:
            InvalidPassword: the password is not 8 ASCII digits, or was hashed for another target.
            InvalidNumber: caller or target is not a telephone number.
            NotAllowed: the caller may not set that target, or the line is locked or has another unit.
            TooManyCalls: calls from this number, or from its line, are refused now.
            Withdrawn: `still_wanted` returned False.
        """
        if isinstance(password, str):  # hashed before the transaction, because it takes time
            password = self.hash_temporary_password(target=target, password=password)
        caller, target, unit = normalise_number(caller), normalise_number(target), Unit(unit)
        if password.target_number != target:
            raise InvalidPassword(f"this temporary password was hashed for another number than {target}")
        with self._database.writing() as connection:
            found = provisioning.hold_line(connection, caller)
            line = require_permission(found, caller=caller, target=target, unit=unit)
            set_at = self.now()
            if throttling.is_throttled(connection, caller, line.contract_number, limits=self._limits, now=set_at):
                raise TooManyCalls(f"{caller}, or its line, has made too many calls: call again later")
            new = temporary.NewTemporaryPassword(
                target_number=target,
                unit=unit,
                hash=password.hash,
                set_at=set_at,
                expires_at=set_at + TEMPORARY_PASSWORD_LIFETIME,
                set_by_number=caller,
                set_by_call=call_id,
            )
            temporary.replace(connection, new)
            throttling.count_set(connection, caller, line.contract_number, call_id, limits=self._limits, now=set_at)
            entries = [Entry(Action.TEMPORARY_PASSWORD_SET, target, f"unit {unit}")]
            if login_locks.unlock(connection, line.contract_number, LockOf.LINE):
                entries.append(Entry(Action.LOGINS_UNLOCKED, line.contract_number))
            self._record(connection, entries, actor=caller, origin=f"call {call_id}")
            if not still_wanted():
                raise Withdrawn(f"call {call_id} took its request back before it was committed")
        return new.expires_at

    @database_border
    def note_failed_call(self, caller_number: str, *, call_id: str) -> datetime | None:
        """Count a failed call against its number and line; a caller without a line is not counted.

        Returns:
            Until when the number or its line is refused, in UTC, if this call was one too many; else None.
        """
        number = number_or_none(caller_number)
        with self._database.writing() as connection:
            line = provisioning.hold_line(connection, number)
            if line is None:
                return None
            contract_number = line.contract_number
            refused = throttling.count_failed(
                connection, number, contract_number, call_id, limits=self._limits, now=self.now()
            )
            entries = [Entry(Action.CALL_FAILED, contract_number)]
            if refused is not None:
                action = Action.LINE_REFUSED if refused.of_line else Action.NUMBER_REFUSED
                who = contract_number if refused.of_line else number
                entries.append(Entry(action, who, f"until {refused.until:%Y-%m-%d %H:%M:%S} UTC"))
            self._record(connection, entries, actor=number, origin=f"call {call_id}")
        return None if refused is None else refused.until
