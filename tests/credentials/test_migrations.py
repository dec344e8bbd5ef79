from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text
from sqlalchemy.exc import IntegrityError

from credentials import CredentialStore, Key, SchemaMismatch
from credentials.database import Database
from credentials.migrate import current_revision, downgrade, upgrade
from credentials.schema import metadata

NUMBER = "0312345678"


@pytest.fixture
def database(database_file: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{database_file}")
    yield opened
    opened.close()


def tables(database: Database) -> set[str]:
    with database.reading() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_an_empty_database_is_brought_to_the_newest_schema_and_back(database: Database) -> None:
    assert current_revision(database) is None
    upgrade(database)
    assert current_revision(database) == "0001"
    assert tables(database) == set(metadata.tables)
    downgrade(database, "base")
    assert current_revision(database) is None
    assert tables(database) == set()
    upgrade(database)
    assert tables(database) == set(metadata.tables)


def test_the_migrations_make_exactly_the_schema_of_the_code(database: Database) -> None:
    upgrade(database)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        inspector = inspect(connection)
        for table in metadata.tables.values():
            present = {check["name"] for check in inspector.get_check_constraints(table.name)}
            wanted = {c.name for c in table.constraints if isinstance(c, CheckConstraint)}
            assert present == wanted


def test_opening_an_upgraded_database_does_not_wait_for_its_writers(
    database: Database, database_file: Path, key: Key
) -> None:
    url = f"sqlite:///{database_file}"
    CredentialStore.open(url, key=key).close()
    with database.writing():
        CredentialStore.open(url, key=key).close()


def test_a_step_that_fails_leaves_the_database_as_it_was(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE temporary_passwords (x)"))  # in the way of the last table
    with pytest.raises(Exception, match="already exists"):
        upgrade(database)
    assert tables(database) == {"temporary_passwords"}
    assert current_revision(database) is None


def test_a_database_of_a_newer_program_is_refused_with_the_remedy(
    database: Database, database_file: Path, key: Key
) -> None:
    upgrade(database)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaMismatch, match=r"9999.*install the newer program"):
        CredentialStore.open(f"sqlite:///{database_file}", key=key)


class TestConstraints:
    """What must never be cannot be, whoever writes."""

    VALUES = (
        "INSERT INTO temporary_passwords VALUES"
        " ('0312345678', :id, :unit, 'hash', :key, :failures, '2026-04-01 00:00', :expires, 'caller', 'call')"
    )

    @pytest.fixture
    def write(self, store: CredentialStore, key: Key) -> Callable[..., None]:
        def write(statement: str = self.VALUES, **changed: object) -> None:
            values: dict[str, object] = {
                "id": "1",
                "unit": "LINE",
                "key": key.key_id,
                "failures": 0,
                "expires": "2026-04-02 00:00",
            }
            with store._database.writing() as connection:
                connection.execute(text(statement), values | changed if statement is self.VALUES else changed)

        return write

    def test_a_sound_row_is_taken_once(self, write: Callable[..., None]) -> None:
        write()
        with pytest.raises(IntegrityError, match="target_number"):
            write(id="2")

    @pytest.mark.parametrize(
        "changed",
        [
            {"unit": "HOUSE"},
            {"failures": 4},
            {"failures": -1},
            {"expires": None},
            {"expires": "2026-03-31 00:00"},
            {"key": "nobody's"},
        ],
    )
    def test_a_row_that_breaks_a_rule_is_not_taken(
        self, write: Callable[..., None], changed: dict[str, object]
    ) -> None:
        with pytest.raises(IntegrityError):
            write(**changed)

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO numbers VALUES ('0312345678', '0612345678')",
            "INSERT INTO numbers VALUES ('0712345678', '0712345678')",
            "INSERT INTO numbers VALUES ('312345678', '0312345678')",
            "INSERT INTO numbers VALUES ('031234567', '0312345678')",
            "INSERT INTO lines VALUES ('0312345678', 'ja', NULL)",
        ],
    )
    def test_a_number_is_national_and_on_one_known_line(self, write: Callable[..., None], statement: str) -> None:
        with pytest.raises(IntegrityError):
            write(statement)

    def test_the_password_of_a_number_goes_with_its_line(
        self, write: Callable[..., None], store: CredentialStore
    ) -> None:
        write()
        write("DELETE FROM lines WHERE contract_number = '0312345678'")
        with store._database.reading() as connection:
            assert connection.scalar(text("SELECT count(*) FROM temporary_passwords")) == 0
