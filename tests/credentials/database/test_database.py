import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from credentials.model import LoginVerdict, Unit
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from storage.database import Database, database_border
from storage.database_url import connect_args, parse_url
from storage.errors import InvalidDatabaseUrl, StorageError, StoreUnavailable
from tests import needs
from tests.credentials.stores import CHEAP, check
from tests.storage.postgresql import Server, serving

NUMBER = "0312345678"
PASSWORD = "13572468"
SECRET = "s3cret-hash"


@pytest.fixture
def database(database_file: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{database_file}")
    yield opened
    opened.close()


def set_password(store: CredentialStore, password: str = PASSWORD) -> None:
    store.set_temporary_password(caller=NUMBER, target=NUMBER, unit=Unit.LINE, password=password, call_id="call")


def everything_said(error: BaseException) -> str:
    """Return all that a crash report could show of an error and of those chained to it."""
    said = ""
    link: BaseException | None = error
    while link is not None:
        said += repr(link) + str(link) + repr(vars(link))
        link = link.__cause__ or link.__context__
    return said


class TestSqlite:
    def test_the_file_is_for_its_owner_alone(self, store: CredentialStore, database_file: Path) -> None:
        before = os.umask(0)
        try:
            set_password(store)
            Database(f"sqlite:///{database_file}2").close()
        finally:
            os.umask(before)
        modes = {path.name: path.stat().st_mode & 0o777 for path in database_file.parent.glob("store.db*")}
        assert {"store.db", "store.db-wal", "store.db2"} <= set(modes)
        assert set(modes.values()) == {0o600}

    def test_it_runs_with_a_write_ahead_log_full_syncs_foreign_keys_and_patience(self, database: Database) -> None:
        with database.reading() as connection:
            settings = {
                name: connection.scalar(text(f"PRAGMA {name}"))
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            }
        assert settings == {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "busy_timeout": 10_000,
        }

    def test_a_new_file_is_in_wal_mode_before_anyone_can_see_it(self, database: Database, database_file: Path) -> None:
        assert database_file.read_bytes()[18:20] == b"\2\2"  # the format's read and write versions; 2 is WAL

    def test_opening_the_store_again_does_not_take_the_locks_of_the_same_process_away(
        self, store: CredentialStore, database_file: Path
    ) -> None:
        Database(f"sqlite:///{database_file}").close()
        program = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM lines').fetchall()"
        subprocess.run([sys.executable, "-c", program, database_file], check=True)
        # A process that finds no lock of another takes itself for the last one, and removes the log that we use.
        assert database_file.with_name("store.db-wal").exists()
        assert len(store.list_lines()) == 2

    def test_a_write_holds_the_lock_from_its_beginning(self, database: Database, database_file: Path) -> None:
        other = sqlite3.connect(database_file, timeout=0, isolation_level=None)
        with database.writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
        other.close()

    def test_a_read_neither_waits_for_a_write_nor_sees_half_of_it(self, store: CredentialStore) -> None:
        with store._database.writing() as connection:
            connection.execute(text("DELETE FROM lines"))
            assert len(store.list_lines()) == 2
            connection.rollback()

    def test_a_connection_that_was_in_use_when_the_database_was_closed_is_closed_after_its_use(
        self, database: Database
    ) -> None:
        with database.reading() as connection:
            used = connection.connection.dbapi_connection
            database.close()
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
        assert isinstance(used, sqlite3.Connection)
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            used.execute("SELECT 1")

    def test_a_file_that_has_gone_serves_nobody_until_that_very_file_is_back(
        self, store: CredentialStore, database_file: Path
    ) -> None:
        aside = database_file.with_name("aside")
        database_file.rename(aside)
        for attempt in (lambda: store.admit(NUMBER), lambda: set_password(store)):
            with pytest.raises(StoreUnavailable, match="bring that very file back"):
                attempt()
        aside.rename(database_file)
        set_password(store)
        assert check(store, NUMBER, PASSWORD) is LoginVerdict.ACCEPTED

    def test_a_file_that_was_replaced_is_not_taken_for_the_one_that_was_opened(
        self, store: CredentialStore, database_file: Path
    ) -> None:
        database_file.unlink()
        Database(f"sqlite:///{database_file}").close()
        with pytest.raises(StoreUnavailable, match="was replaced while it was in use: restart"):
            set_password(store)

    @pytest.mark.parametrize("suffix", ["", "-wal"])
    def test_what_was_written_into_a_file_that_is_gone_by_then_is_not_told_as_written(
        self, database: Database, database_file: Path, suffix: str
    ) -> None:
        def write() -> None:
            with database.writing() as connection:
                connection.exec_driver_sql("CREATE TABLE t (x)")
                database_file.with_name(database_file.name + suffix).unlink()

        with pytest.raises(StoreUnavailable, match="has gone"):
            write()

    def test_an_exception_undoes_the_whole_transaction(self, store: CredentialStore) -> None:
        def fail() -> None:
            with store._database.writing() as connection:
                connection.execute(text("DELETE FROM lines"))
                raise KeyError("stop")

        with pytest.raises(KeyError):
            fail()
        assert len(store.list_lines()) == 2


class TestPostgresql:
    @pytest.fixture
    def database(self, postgresql: Server) -> Iterator[Database]:
        name = postgresql.create()
        opened = Database(postgresql.url(name))
        yield opened
        opened.close()
        postgresql.drop(name)

    def test_no_statement_lock_or_connection_is_waited_for_without_end(self, database: Database) -> None:
        with database.writing() as connection:
            limits = {
                name: connection.scalar(text(f"SHOW {name}"))
                for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
            }
            driver = connection.connection.driver_connection
            assert driver is not None
            network = driver.info.get_parameters()
        assert limits == {
            "statement_timeout": "20s",
            "lock_timeout": "10s",
            "idle_in_transaction_session_timeout": "20s",
        }
        assert network["connect_timeout"] == "5"
        assert network["tcp_user_timeout"] == "10000"

    def test_a_read_changes_nothing_and_sees_one_state(self, database: Database) -> None:
        with database.writing() as connection:
            connection.execute(text("CREATE TABLE t (x INTEGER)"))
        with database.reading() as reader:
            assert reader.scalar(text("SELECT count(*) FROM t")) == 0
            with database.writing() as writer:
                writer.execute(text("INSERT INTO t VALUES (1)"))
            assert reader.scalar(text("SELECT count(*) FROM t")) == 0
        with pytest.raises(DBAPIError, match="read-only"), database.reading() as reader:
            reader.execute(text("INSERT INTO t VALUES (2)"))

    def test_a_lock_that_is_not_given_back_makes_the_store_unavailable(
        self, postgresql: Server, shared_database: str, key: Key
    ) -> None:
        name = postgresql.create(shared_database)
        url = postgresql.url(name) + "&options=-c%20lock_timeout%3D100ms"
        with CredentialStore.open(url, key=key, policy=CHEAP) as store:
            with store._database.writing() as connection:
                connection.execute(text("SELECT * FROM audit_head FOR UPDATE"))
                with pytest.raises(StoreUnavailable, match="lock timeout"):
                    store.log_in(NUMBER, PASSWORD, session_id="session")
            assert not store.log_in(NUMBER, PASSWORD, session_id="session").verdict.accepted
        postgresql.drop(name)

    def test_a_server_that_went_away_is_unavailable_and_found_again_without_a_restart(self, key: Key) -> None:
        programs = needs.postgresql()
        with (
            serving(programs) as server,  # durable: it crashes here
            CredentialStore.open(server.url(server.create()), key=key, policy=CHEAP) as store,
        ):
            store.add_line(NUMBER)
            server.stop(signal.SIGQUIT)
            for act in (lambda: store.admit(NUMBER), lambda: set_password(store)):
                with pytest.raises(StoreUnavailable):
                    act()
            server.start()
            set_password(store)
            assert check(store, NUMBER, PASSWORD).accepted


class TestFailures:
    def test_a_locked_database_is_unavailable_and_then_serves_again(
        self, store: CredentialStore, database_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_password(store)
        impatient = Database(f"sqlite:///{database_file}?timeout=0.1")
        monkeypatch.setattr(store, "_database", impatient)
        holder = sqlite3.connect(database_file, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="database is locked"):
            set_password(store, "86427531")
        with pytest.raises(StoreUnavailable, match="database is locked"):
            check(store, NUMBER, "00000000")
        assert store.admit(NUMBER)  # reading goes on
        holder.close()
        assert check(store, NUMBER, PASSWORD) is LoginVerdict.ACCEPTED
        impatient.close()

    def test_a_full_disk_is_unavailable_and_nothing_is_half_written(
        self, store: CredentialStore, database_file: Path
    ) -> None:
        set_password(store)
        with store._database.reading() as connection:
            pages = connection.scalar(text("PRAGMA page_count"))
            connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        header = "contract_number,number\n"
        path = database_file.with_name("many.csv")
        path.write_text(header + "".join(f"03{n},\n" for n in range(20_000_000, 20_005_000)))
        with pytest.raises(StoreUnavailable, match="full"):
            store.import_lines(path)
        assert len(store.list_lines()) == 2
        assert check(store, NUMBER, PASSWORD) is LoginVerdict.ACCEPTED

    def test_a_file_that_is_no_database_is_unavailable(self, tmp_path: Path, key: Key) -> None:
        path = tmp_path / "store.db"
        path.write_bytes(b"not a database at all, but long enough to have a header" * 100)
        with pytest.raises(StoreUnavailable, match="not a database: is it a database, and whole") as caught:
            CredentialStore.open(f"sqlite:///{path}", key=key)
        assert "log" not in str(caught.value)

    def test_a_file_that_is_not_there_is_not_made_where_none_is_to_be_made(self, tmp_path: Path) -> None:
        with pytest.raises(StoreUnavailable, match=r"there is no database file .*store\.db; the first start"):
            Database(f"sqlite:///{tmp_path}/store.db", make=False)
        assert list(tmp_path.iterdir()) == []

    def test_a_missing_directory_is_named(self, tmp_path: Path, key: Key) -> None:
        with pytest.raises(StoreUnavailable, match=r"nowhere/store\.db cannot be made: No such file"):
            CredentialStore.open(f"sqlite:///{tmp_path}/nowhere/store.db", key=key)

    @pytest.mark.parametrize(
        "url", ["", "store.db", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true", "mysql://h/d"]
    )
    def test_a_url_that_names_no_shared_database_is_refused(self, url: str, key: Key) -> None:
        with pytest.raises(InvalidDatabaseUrl):
            CredentialStore.open(url, key=key)

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            (
                "postgresql+psycopg://db/ivr?prepare_threshold=0",
                "parameter prepare_threshold is not taken: leave it out",
            ),
            ("postgresql+psycopg://db/ivr?pool_size=5", "parameter 'pool_size' is not known: leave it out"),
            ("postgresql+psycopg://db/ivr?autocommit=1", "parameter 'autocommit' is not known"),
            ("postgresql+psycopg://db/ivr?sslmode=require&sslmode=disable", "parameter sslmode stands there 2 times"),
            (
                "postgresql+psycopg:///ivr?host=a:1&host=b&port=2",
                "hosts and ports of the database URL do not fit: write",
            ),
            ("sqlite:///store.db?mode=ro", "parameter 'mode' is not known: .* SQLite is timeout alone"),
            ("sqlite:///store.db?timeout=soon", "parameter timeout is not a number of seconds"),
            ("sqlite:///store.db?timeout=nan", "parameter timeout is not a number of seconds"),
            ("postgresql+psycopg2://db/ivr", r"driver psycopg2 is not supported: .* with postgresql\+psycopg"),
            ("postgresql+asyncpg://db/ivr", r"driver asyncpg is not supported: .* with postgresql\+psycopg"),
        ],
    )
    def test_what_a_url_asks_for_in_vain_is_named(self, url: str, said: str, key: Key) -> None:
        with pytest.raises(InvalidDatabaseUrl, match=said):
            CredentialStore.open(url, key=key)

    def test_what_libpq_knows_is_taken_from_a_url_and_goes_before_our_own(self) -> None:
        name = "postgresql+psycopg://db/ivr?sslmode=verify-full&connect_timeout=2&host=a:1&host=b:2"
        assert connect_args(parse_url(name)).get("connect_timeout") is None
        Database(name).close()

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql+nosuchdriver://ivr:hunter2@db/ivr",
            "postgresql://ivr:hunter2@db:port/ivr",
            "postgresql+psycopg://ivr:x@hunter2@127.0.0.1:9/ivr",
            "postgresql+psycopg://127.0.0.1:9/ivr?user=ivr&password=hunter2",
            "postgresql+nosuchdriver://db/ivr?password=hunter2",
        ],
    )
    def test_the_password_of_a_url_is_never_shown(self, url: str, key: Key) -> None:
        with pytest.raises(StorageError) as caught:
            CredentialStore.open(url, key=key)
        assert "hunter2" not in everything_said(caught.value)

    def test_the_stores_own_name_hides_the_password_of_its_url(self, store: CredentialStore, key: Key) -> None:
        url = store._database._url.set(username="ivr", password="hunter2", host="db", query={"password": "hunter3"})
        store._database._url = url
        assert repr(store).endswith(f"key {key.key_id}>")
        assert "hunter" not in repr(store)


class TestBorder:
    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO digest_keys (generation, key_id, introduced_at) VALUES (1, :secret, 0)",
            "INSERT INTO temporary_passwords (target_number, hash) VALUES ('0312345678', :secret)",
            "SELECT :secret FROM no_such_table",
        ],
    )
    def test_nothing_of_a_statements_values_is_in_the_error_or_chained_to_it(
        self, store: CredentialStore, statement: str
    ) -> None:
        @database_border
        def fail() -> None:
            with store._database.writing() as connection:
                connection.execute(text(statement), {"secret": SECRET})

        with pytest.raises(StoreUnavailable, match="database") as caught:
            fail()
        assert SECRET not in everything_said(caught.value)
        assert caught.value.__context__ is None

    def test_errors_of_our_own_pass_unchanged(self) -> None:
        error = InvalidDatabaseUrl("no")

        @database_border
        def fail() -> None:
            raise error

        with pytest.raises(InvalidDatabaseUrl) as caught:
            fail()
        assert caught.value is error

    def test_a_damaged_hash_in_the_database_is_not_quoted(
        self, store: CredentialStore, open_store: Callable[..., CredentialStore]
    ) -> None:
        set_password(store)
        with store._database.writing() as connection:
            connection.execute(text("UPDATE temporary_passwords SET hash = :hash"), {"hash": SECRET})
        with pytest.raises(StorageError, match=NUMBER) as caught:
            check(store, NUMBER, PASSWORD)
        assert SECRET not in everything_said(caught.value)
        set_password(store)
        assert check(store, NUMBER, PASSWORD) is LoginVerdict.ACCEPTED
