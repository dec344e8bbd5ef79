"""The credential store that the access number, the settings site and the operator's commands share."""

from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, exists, insert, or_, select

from credentials.audit import Action, Entry, Head, append
from credentials.audit import head as head_of
from credentials.errors import KeyMismatch
from credentials.limits.throttling import CallLimits
from credentials.schema import CREDENTIALS, KEYED, digest_keys
from credentials.secrets.argon2id import HashPolicy
from credentials.secrets.keys import Key, KeyRing
from credentials.sides.base import Appended, nobody, read_clock
from credentials.sides.bulk_side import BulkSide
from credentials.sides.call_side import CallSide
from credentials.sides.operator_logins import OperatorLoginsSide
from credentials.sides.operator_side import OperatorSide
from credentials.sides.wait_side import WaitSide
from credentials.site.session import SessionLimits
from storage.clock import Clock
from storage.database import Database, after_commit, database_border, hold_table
from storage.migrate import upgrade


class CredentialStore(CallSide, BulkSide, OperatorSide, OperatorLoginsSide, WaitSide):
    """Lines, their temporary passwords and passwords.

    The access number needs `CallSide` of it, the settings site `BulkSide` and `WaitSide`, an operator `OperatorSide`
    and `OperatorLoginsSide`.

    Any number of processes and threads may use one database at once. Methods block (a hash takes 0.03 to 0.25 s, a busy
    database up to 20 s): call them from a thread, not from an event loop.

    Every method raises `StoreUnavailable` if the database cannot serve it; then nothing was changed.
    """

    @classmethod
    @database_border
    def open(
        cls,
        url: str,
        *,
        key: Key | KeyRing,
        clock: Clock | None = None,
        policy: HashPolicy | None = None,
        limits: CallLimits | None = None,
        session_limits: SessionLimits | None = None,
        appended: Appended = nobody,
    ) -> Self:
        """Open a store; create or upgrade its schema if needed.

        Args:
            url: sqlite:///FILE (created if missing, in a directory that exists) or postgresql+psycopg://...
            key: the key of the keyed digest, or a ring of keys; the same for all processes that share the database. If
                the database does not know the first key yet, that key makes new hashes from now on.
            clock: the clock that decides about expiry; by default the one that all hosts share (`Database.now`).
            policy: what each hash costs, for tests. By default a temporary password's costs less than a password's.
            limits: how many calls a number and its line may make.
            session_limits: how long a session of the settings site lasts; the same for all processes of the site.
            appended: called with the audit trail's new head whenever this store has added to it.

        Raises:
            InvalidDatabaseUrl: the URL does not name a database that can be used.
            KeyMismatch: the database's credentials were made with keys that are not at hand.
            SchemaMismatch: a newer version of this program made the database.
            StoreUnavailable: the database cannot be reached or is damaged.
        """
        database = Database(url)
        now = clock or database.now
        try:
            upgrade(database, CREDENTIALS)
            ring = _agree_on_keys(database, key if isinstance(key, KeyRing) else KeyRing([key]), now, appended)
            return cls(
                database,
                ring=ring,
                clock=now,
                policy=policy,
                limits=limits or CallLimits(),
                session_limits=session_limits,
                appended=appended,
            )
        except BaseException:
            database.close()
            raise

    def at_one_moment(self) -> AbstractContextManager[None]:
        """Let what this thread asks of the store until the end be read in one transaction, so at one moment.

        It ends before the thread changes something; what is asked afterwards is read in another.
        """
        return self._database.at_one_moment()

    def end_moment(self) -> None:
        """End the transaction of `at_one_moment`, if this thread has begun one."""
        self._database.end_moment()

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
        return f"<{type(self).__name__} {self._database}, key {self._ring.current.key_id}>"


def _agree_on_keys(database: Database, ring: KeyRing, clock: Clock, appended: Appended) -> KeyRing:
    """Return the ring with the database's newest key first.

    If the database does not know the ring's first key yet, that key becomes its newest: this is the very first key, or
    a rotation.

    Raises:
        KeyMismatch: the ring lacks a key that the database needs.
    """
    with database.reading() as connection:
        known = _known_keys(connection)
    if ring.current.key_id not in known:
        with database.writing() as connection:
            hold_table(connection, digest_keys)
            known = _known_keys(connection)  # another process may have been first
            if ring.current.key_id not in known and (not known or known[-1] in ring):
                head = _introduce(connection, ring.current, generation=len(known) + 1, at=read_clock(clock))
                after_commit(connection, lambda: appended(head))
                known.append(ring.current.key_id)
    newest = known[-1]
    with database.reading() as connection:
        absent = [key_id for key_id in known if key_id not in ring]
        lacking = [key_id for key_id in absent if key_id == newest or _is_in_use(connection, key_id)]
    if lacking:
        raise KeyMismatch(
            f"{database} was made with key {' '.join(lacking)}, but the keys at hand are {ring!r}:"
            " use the key file of the host that made the database"
        )
    return ring.led_by(newest, earlier=known[:-1])


def _known_keys(connection: Connection) -> list[str]:
    return list(connection.scalars(select(digest_keys.c.key_id).order_by(digest_keys.c.generation)))


def _is_in_use(connection: Connection, key_id: str) -> bool:
    made = (exists().where(table.c.key_id == key_id) for table in KEYED)
    return bool(connection.scalar(select(or_(*made))))


def _introduce(connection: Connection, key: Key, *, generation: int, at: datetime) -> Head:
    row = {"generation": generation, "key_id": key.key_id, "introduced_at": at}
    connection.execute(insert(digest_keys).values(**row))
    entry = Entry(Action.KEY_INTRODUCED, "", f"key {key.key_id}")
    append(connection, [entry], at=at, actor="store", origin="", key=key)
    return head_of(connection, key)
