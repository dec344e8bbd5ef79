"""The service finds out before a caller does whether the store can be written."""

import os
import pwd
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from credentials.model import Unit
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from storage.errors import StoreUnavailable
from tests import needs
from tests.credentials.stores import CHEAP, check
from tests.storage import small_disk
from tests.storage.postgresql import FAST, Server, serving

NUMBER, PASSWORD = "0312345678", "13572468"


def set_password(store: CredentialStore) -> None:
    store.set_temporary_password(caller=NUMBER, target=NUMBER, unit=Unit.LINE, password=PASSWORD, call_id="call")


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(StoreUnavailable) as caught:
        act()
    return str(caught.value)


def test_a_store_that_can_be_written_passes_again_and_again_and_is_not_changed(store: CredentialStore) -> None:
    records = store.audit_records()
    for _ in range(3):
        store.require_writable()
    assert store.audit_records() == records
    assert store.verify_audit().problem is None


class TestSqlite:
    def test_a_full_disk_is_named_with_the_remedy_until_there_is_room(self, tmp_path: Path, key: Key) -> None:
        with (
            small_disk.mounted(tmp_path, mebibytes=2) as disk,
            CredentialStore.open(f"sqlite:///{disk}/store.db", key=key, policy=CHEAP) as store,
        ):
            store.add_line(NUMBER)
            ballast = small_disk.fill(disk)
            assert "the database cannot be written: disk full: make room" in refused(lambda: set_password(store))
            assert "the database cannot be written: disk full: make room" in refused(store.require_writable)
            assert store.admit(NUMBER)
            ballast.unlink()
            store.require_writable()
            set_password(store)

    def test_another_writer_that_does_not_end_is_named(self, store: CredentialStore, database_file: Path) -> None:
        with CredentialStore.open(f"sqlite:///{database_file}?timeout=0.1", key=store._ring, policy=CHEAP) as impatient:
            other = sqlite3.connect(database_file, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            assert "cannot be written: locked: another program" in refused(impatient.require_writable)
            assert impatient.admit(NUMBER)
            other.close()
            impatient.require_writable()

    def test_a_file_that_may_not_be_written_is_named(self, store: CredentialStore, database_file: Path) -> None:
        with store._database._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
        assert "cannot be written: read-only: let the service's user write" in refused(store.require_writable)


@pytest.mark.slow
class TestPostgresql:
    @pytest.fixture
    def name(self, postgresql: Server, shared_database: str) -> str:
        postgresql.empty(shared_database)
        return shared_database

    def test_a_database_that_takes_no_writes_is_named_with_the_remedy(
        self, postgresql: Server, name: str, key: Key
    ) -> None:
        with CredentialStore.open(postgresql.url(name), key=key, policy=CHEAP) as store:
            store.add_line(NUMBER)
        url = postgresql.url(name) + "&options=-c%20default_transaction_read_only%3Don"
        with CredentialStore.open(url, key=key, policy=CHEAP) as store:
            assert "cannot be written: read-only: name the primary server" in refused(store.require_writable)
            assert "cannot be written: read-only: name the primary server" in refused(lambda: set_password(store))
            assert store.admit(NUMBER)

    def test_another_writer_that_does_not_end_is_named(self, postgresql: Server, name: str, key: Key) -> None:
        url = postgresql.url(name) + "&options=-c%20lock_timeout%3D100ms"
        with CredentialStore.open(url, key=key, policy=CHEAP) as store:
            with store._database.writing() as connection:
                connection.execute(text("SELECT * FROM audit_head FOR UPDATE"))
                assert "cannot be written: locked: another program" in refused(store.require_writable)
            store.require_writable()

    def test_who_may_make_no_temporary_tables_is_not_told_that_writing_fails(
        self, postgresql: Server, key: Key
    ) -> None:
        name = postgresql.create()
        with CredentialStore.open(postgresql.url(name), key=key, policy=CHEAP) as store:
            with store._database.writing() as connection:
                connection.execute(text(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC"))
                connection.execute(text("CREATE ROLE clerk LOGIN"))
                connection.execute(text("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk"))
            url = postgresql.url(name).replace("karipass@", "clerk@")
            with CredentialStore.open(url, key=key, policy=CHEAP) as clerk:
                clerk.require_writable()
        postgresql.drop(name)

    def test_a_full_disk_is_named_with_the_remedy_until_there_is_room(self, key: Key) -> None:
        programs = needs.postgresql()
        with (
            tempfile.TemporaryDirectory() as folder,  # the server's user may not enter pytest's
            small_disk.mounted(Path(folder), mebibytes=100) as disk,
            serving(programs, **FAST) as server,
        ):
            place_database_on(server, disk)
            with CredentialStore.open(server.url("small"), key=key, policy=CHEAP) as store:
                store.add_line(NUMBER)
                ballast = small_disk.fill(disk)
                assert "the database cannot be written: disk full: make room" in refused(store.require_writable)
                assert store.admit(NUMBER)
                ballast.unlink()
                store.require_writable()
                set_password(store)
                assert check(store, NUMBER, PASSWORD).accepted


def place_database_on(server: Server, disk: Path) -> None:
    """Make a server keep the database `small` on a disk, but its log of changes where it was."""
    owner = pwd.getpwuid(server.directory.stat().st_uid)
    os.chown(disk, owner.pw_uid, owner.pw_gid)
    server.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
    server.execute("CREATE DATABASE small TABLESPACE small")
