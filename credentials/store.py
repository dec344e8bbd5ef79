"""The store: one object that the access number, the settings site and the operator's commands share."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from credentials import provisioning, temporary
from credentials.clock import Clock, utc_now
from credentials.database import Database, database_border
from credentials.errors import InvalidNumber, KeyMismatch, UnknownLine, Withdrawn
from credentials.hashing import Hasher, HashPolicy
from credentials.keys import Key
from credentials.lines_csv import read_lines
from credentials.migrate import upgrade
from credentials.model import ImportResult, Line, LoginVerdict, Refusal, Unit
from credentials.numbers import normalise_number
from credentials.rules import (
    TEMPORARY_PASSWORD_LIFETIME,
    require_permission,
    require_temporary_password,
)
from credentials.schema import digest_keys, lines

_NO_NUMBER = "0"  # what a text that is no number is hashed with, to take as long as a number does


class CredentialStore:
    """Lines and their temporary passwords.

    Any number of processes and threads may use one database at once. Methods block (a hash takes 0.1 to
    0.25 s, a busy database up to 10 s): call them from a thread, not from an event loop.

    Every method raises `StoreUnavailable` when the database cannot serve it; then nothing was changed.
    """

    def __init__(self, database: Database, *, key: Key, clock: Clock, policy: HashPolicy) -> None:
        self._database = database
        self._key = key
        self._hasher = Hasher(key, policy)
        self._clock = clock

    @classmethod
    @database_border
    def open(cls, url: str, *, key: Key, clock: Clock = utc_now, policy: HashPolicy | None = None) -> Self:
        """Open a store, making or upgrading its schema where needed.

        Args:
            url: sqlite:///FILE (made if missing, in a directory that exists) or postgresql+psycopg://...
            key: the key of the keyed digest; the same for all that share the database.
            clock: decides about expiry.
            policy: what a hash costs; the default is for production.

        Raises:
            InvalidDatabaseUrl: the URL names no database that can be used.
            KeyMismatch: the database's credentials were made with another key.
            SchemaMismatch: the database is of a newer version of this program.
            StoreUnavailable: the database cannot be reached or is damaged.
        """
        database = Database(url)
        try:
            upgrade(database)
            store = cls(database, key=key, clock=clock, policy=policy or HashPolicy())
            store._adopt_key()
        except BaseException:
            database.close()
            raise
        return store

    def close(self) -> None:
        """Close all connections to the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<CredentialStore {self._database}, key {self._key.key_id}>"

    def _now(self) -> datetime:
        now = self._clock()
        if now.tzinfo is None:
            raise ValueError(f"{now} has no time zone: the store's clock must return aware datetimes")
        return now.astimezone(UTC)

    # Lines

    @database_border
    def admit(self, caller_number: str) -> Line | Refusal:
        """Return the line of a caller, or why the caller is refused. Any text may come in."""
        try:
            number = normalise_number(caller_number)
        except InvalidNumber:
            return Refusal.NOT_SUBSCRIBED
        with self._database.reading() as connection:
            line = provisioning.find_line(connection, number)
        if line is None:
            return Refusal.NOT_SUBSCRIBED
        return Refusal.LOCKED if line.locked else line

    @database_border
    def list_lines(self) -> list[Line]:
        """Return all lines in the order of their contract numbers."""
        with self._database.reading() as connection:
            return list(provisioning.all_lines(connection))

    @database_border
    def import_lines(self, source: str | Path | TextIO, *, remove_absent: bool = False) -> ImportResult:
        """Import a lines file (its form: `credentials.lines_csv`), all of it or nothing.

        A line that the file names afterwards has exactly the numbers that the file gives it; it stays
        locked if it was. A line that the file does not name is left alone, or removed with
        `remove_absent`. A number that stays on its line keeps its credentials; one that is removed or
        goes to another line loses them. A number cannot be taken from a line that the file does not name
        (unless that line is removed).

        Args:
            source: a path, or an open text stream.
            remove_absent: the file is the whole truth: lines that it does not name are removed.

        Raises:
            BadLinesFile: with the row and column of each problem.
        """
        listed = read_lines(source)
        with self._database.writing() as connection:
            return provisioning.import_listed(connection, listed, remove_absent=remove_absent)

    def lock_line(self, contract_number: str) -> None:
        """Lock a line out: its callers are refused, and nothing is set for it.

        Raises:
            InvalidNumber, UnknownLine: there is no such line.
        """
        self._set_lock(contract_number, self._now())

    def unlock_line(self, contract_number: str) -> None:
        """Let a locked line in again.

        Raises:
            InvalidNumber, UnknownLine: there is no such line.
        """
        self._set_lock(contract_number, None)

    @database_border
    def _set_lock(self, contract_number: str, locked_at: datetime | None) -> None:
        number = normalise_number(contract_number)
        with self._database.writing() as connection:
            statement = update(lines).where(lines.c.contract_number == number).values(locked_at=locked_at)
            if connection.execute(statement).rowcount == 0:
                raise UnknownLine(f"no line has the contract number {number}")

    # Temporary passwords

    @database_border
    def set_temporary_password(
        self,
        *,
        caller: str,
        target: str,
        unit: Unit,
        password: str,
        call_id: str,
        still_wanted: Callable[[], bool] = lambda: True,
    ) -> datetime:
        """Set the temporary password of a target in place of any earlier one, with no failures counted.

        Args:
            caller: the caller number.
            target: the number whose temporary password it is.
            unit: what the credential will cover.
            password: 8 ASCII digits.
            call_id: names the call in the record of who set it.
            still_wanted: asked when all but the commit is done; False leaves everything as it was.

        Returns:
            When it expires, in UTC.

        Raises:
            InvalidPassword: the password is not 8 ASCII digits.
            InvalidNumber: caller or target is not a telephone number.
            NotAllowed: the caller may not set that target, or its line is locked.
            Withdrawn: `still_wanted` said no.
        """
        require_temporary_password(password)
        caller, target, unit = normalise_number(caller), normalise_number(target), Unit(unit)
        hashed = self._hasher.hash(target, password)  # before the transaction: it takes a tenth of a second
        with self._database.writing() as connection:
            line = provisioning.hold_line(connection, caller)
            require_permission(line, caller=caller, target=target, unit=unit)
            set_at = self._now()
            new = temporary.NewTemporaryPassword(
                target_number=target,
                unit=unit,
                hash=hashed,
                key_id=self._key.key_id,
                set_at=set_at,
                expires_at=set_at + TEMPORARY_PASSWORD_LIFETIME,
                set_by_number=caller,
                set_by_call=call_id,
            )
            temporary.replace(connection, new)
            if not still_wanted():
                raise Withdrawn(f"call {call_id} took its request back before it was committed")
        return new.expires_at

    @database_border
    def check_temporary_password(self, number: str, password: str) -> LoginVerdict:
        """Judge a login try with a temporary password; a wrong one is counted, a right one ends the count.

        The answer is given only after the count was written, so however many tries run at once, no more
        than 3 in a row are judged wrong; after them even the right password is refused. Any text may come
        in.

        Raises:
            DamagedCredential: the stored hash cannot be read.
        """
        try:
            number = normalise_number(number)
        except InvalidNumber:
            number = _NO_NUMBER
        while True:
            with self._database.reading() as connection:
                stored = temporary.find_hash(connection, number)
            matches = self._hasher.matches(number, password, None if stored is None else stored.hash)
            if stored is None:
                return LoginVerdict.UNKNOWN
            with self._database.writing() as connection:
                verdict = temporary.judge(connection, stored.credential_id, matches=matches, now=self._now())
            if verdict is not None:
                return verdict
            # The credential was replaced while we hashed: the try is to be judged by the new one.

    # Key

    def _adopt_key(self) -> None:
        """Make the key that of an empty database, or see that it is the database's key."""
        key_id = self._current_key_id()
        if key_id is None:
            self._introduce_key()
            key_id = self._current_key_id()
        if key_id != self._key.key_id:
            raise KeyMismatch(
                f"{self._database} was made with key {key_id}, but the key at hand is {self._key.key_id}:"
                " use the key file of the host that made the database"
            )

    def _current_key_id(self) -> str | None:
        newest = select(digest_keys.c.key_id).order_by(digest_keys.c.generation.desc()).limit(1)
        with self._database.reading() as connection:
            key_id: str | None = connection.scalar(newest)
        return key_id

    def _introduce_key(self) -> None:
        row = {"generation": 1, "key_id": self._key.key_id, "introduced_at": self._now()}
        try:
            with self._database.writing() as connection:
                connection.execute(insert(digest_keys).values(**row))
        except IntegrityError:
            pass  # another process was first; whether its key is ours is compared next
