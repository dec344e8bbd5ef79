import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from credentials.schema import CREDENTIALS, metadata
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.records.schema import IVR_HISTORY
from mail.outbox import MAIL
from notice.store.schema import NOTICE
from storage.database import Database
from storage.errors import SchemaMismatch
from storage.migrate import History, current_revision, downgrade, newest_revision, upgrade
from storage.programs.schema import PROGRAMS
from tests.storage.schemas import differences

NUMBER = "0312345678"


@pytest.fixture
def database(empty_url: str) -> Iterator[Database]:
    opened = Database(empty_url)
    yield opened
    opened.close()


BOOKKEEPING = {"alembic_version", "schema_reach"}


def tables(database: Database) -> set[str]:
    with database.reading() as connection:
        return set(inspect(connection).get_table_names()) - BOOKKEEPING


def test_an_empty_database_is_brought_to_the_newest_schema_and_back(database: Database) -> None:
    assert current_revision(database, CREDENTIALS) is None
    upgrade(database, CREDENTIALS)
    assert current_revision(database, CREDENTIALS) == "0010"
    assert tables(database) == set(metadata.tables)
    downgrade(database, CREDENTIALS, "base")
    assert current_revision(database, CREDENTIALS) is None
    assert tables(database) == set()
    upgrade(database, CREDENTIALS)
    assert tables(database) == set(metadata.tables)


def test_each_step_can_be_taken_back_and_keeps_what_was_there_before_it(database: Database) -> None:
    upgrade(database, CREDENTIALS, "0001")
    with database.writing() as connection:
        connection.execute(text("INSERT INTO lines VALUES ('0312345678', 'ja', NULL)"))
        connection.execute(text("INSERT INTO numbers VALUES ('0312345678', '0312345678')"))
        connection.execute(text("INSERT INTO digest_keys VALUES (1, 'key', '2026-04-01 00:00:00+00')"))
        connection.execute(
            text(
                "INSERT INTO temporary_passwords VALUES ('0312345678', 'id', 'LINE', 'hash', 'key', 2,"
                " '2026-04-01 00:00:00', '2026-04-02 00:00:00', 'caller', 'call')"
            )
        )
    before = contents(database)
    assert before["temporary_passwords"]
    upgrade(database, CREDENTIALS)
    kept = contents(database)
    assert kept["numbers"] == [(*row, None) for row in before["numbers"]]
    assert kept["temporary_passwords"] == before["temporary_passwords"]
    downgrade(database, CREDENTIALS, "0001")
    assert contents(database) == before
    upgrade(database, CREDENTIALS)
    assert contents(database) == kept


def test_links_that_are_on_their_way_stay_good_and_those_of_several_numbers_go_with_the_step_back(
    database: Database,
) -> None:
    upgrade(database, CREDENTIALS, "0007")
    with database.writing() as connection:
        connection.execute(text("INSERT INTO lines (contract_number, language) VALUES ('0312345678', 'ja')"))
        for number in ("0312345678", "0312345679", "0312345680"):
            connection.execute(
                text(f"INSERT INTO numbers (number, contract_number) VALUES ('{number}', '0312345678')")  # noqa: S608
            )
        connection.execute(text(_LINK.format(digest="one", number="0312345678")))
    upgrade(database, CREDENTIALS)
    with database.writing() as connection:
        for number in ("0312345679", "0312345680"):
            connection.execute(text(_LINK.format(digest="shared", number=number)))
        with pytest.raises(DBAPIError), connection.begin_nested():
            connection.execute(text(_LINK.format(digest="another", number="0312345678")))
    downgrade(database, CREDENTIALS, "0007")
    with database.reading() as connection:
        assert connection.execute(text("SELECT digest, number FROM address_links")).all() == [("one", "0312345678")]


_LINK = (
    "INSERT INTO address_links (digest, number, address, made_at, expires_at) VALUES"
    " ('{digest}', '{number}', 'a@example.jp', '2026-04-01 00:00:00', '2026-04-02 00:00:00')"
)


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.reading() as connection:
        return {
            table: [tuple(row) for row in connection.execute(text(f'SELECT * FROM "{table}"'))]  # noqa: S608
            for table in sorted(set(inspect(connection).get_table_names()) - BOOKKEEPING)
        }


def test_the_migrations_make_exactly_the_schema_of_the_code(database: Database) -> None:
    upgrade(database, CREDENTIALS)
    assert differences(database, CREDENTIALS, metadata) == []
    with database.reading() as connection:
        inspector = inspect(connection)
        for table in metadata.tables.values():
            present = {check["name"] for check in inspector.get_check_constraints(table.name)}
            wanted = {c.name for c in table.constraints if isinstance(c, CheckConstraint)}
            assert present == wanted


@pytest.mark.parametrize(
    "history", [CREDENTIALS, MAIL, NOTICE, IVR_HISTORY, PROGRAMS], ids=lambda history: history.version_table
)
def test_the_newest_version_is_the_same_by_the_names_of_the_steps_as_by_the_steps_themselves(history: History) -> None:
    config = Config()
    config.set_main_option("script_location", history.scripts)
    assert newest_revision(history) == ScriptDirectory.from_config(config).get_current_head()


def test_a_database_that_has_the_newest_version_is_opened_without_the_library_that_migrates(tmp_path: Path) -> None:
    url, key = f"sqlite:///{tmp_path / 'store.db'}", Key(bytes(32))
    CredentialStore.open(url, key=key).close()
    program = (
        "import sys; from credentials.secrets.keys import Key; from credentials.store import CredentialStore;"
        " CredentialStore.open(sys.argv[1], key=Key(bytes(32))).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "False"


def test_opening_an_upgraded_database_does_not_wait_for_its_writers(
    database: Database, empty_url: str, key: Key
) -> None:
    CredentialStore.open(empty_url, key=key).close()
    with database.writing():
        CredentialStore.open(empty_url, key=key).close()


def test_a_step_that_fails_leaves_the_database_as_it_was(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE temporary_passwords (x INTEGER)"))  # in the way of the last table
    with pytest.raises(Exception, match="already exists"):
        upgrade(database, CREDENTIALS)
    assert tables(database) == {"temporary_passwords"}
    assert current_revision(database, CREDENTIALS) is None


def test_a_database_of_a_newer_program_is_refused_with_the_remedy(database: Database, empty_url: str, key: Key) -> None:
    upgrade(database, CREDENTIALS)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(text("UPDATE schema_reach SET oldest_program = '9999'"))
    with pytest.raises(SchemaMismatch, match=r"9999.*install the newer program"):
        CredentialStore.open(empty_url, key=key)


class TestConstraints:
    """The database refuses what must never be, whoever writes it."""

    ROWS: ClassVar = {
        "temporary_passwords": {
            "target_number": NUMBER,
            "credential_id": "1",
            "unit": "LINE",
            "hash": "hash",
            "failures": 0,
            "set_at": "2026-04-01 00:00",
            "expires_at": "2026-04-02 00:00",
            "set_by_number": "caller",
            "set_by_call": "call",
        },
        "passwords": {
            "number": NUMBER,
            "credential_id": "1",
            "hash": "hash",
            "failures": 0,
            "set_at": "2026-04-01 00:00",
            "expires_at": "2026-05-31 00:00",
        },
    }

    @pytest.fixture
    def write(self, store: CredentialStore) -> Callable[[str], None]:
        def write(statement: str, **values: object) -> None:
            with store._database.writing() as connection:
                connection.execute(text(statement), values)

        return write

    @pytest.fixture
    def insert(self, write: Callable[..., None], key: Key) -> Callable[..., None]:
        def insert(table: str, **changed: object) -> None:
            values = self.ROWS[table] | {"key_id": key.key_id} | changed
            names = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            write(f"INSERT INTO {table} ({names}) VALUES ({marks})", **values)  # noqa: S608

        return insert

    @pytest.mark.parametrize("table", list(ROWS))
    def test_a_sound_credential_is_taken_and_never_a_second_one_of_its_number(
        self, insert: Callable[..., None], table: str
    ) -> None:
        insert(table)
        with pytest.raises(IntegrityError, match=r"number|pk_"):
            insert(table, credential_id="2")

    @pytest.mark.parametrize("table", list(ROWS))
    @pytest.mark.parametrize(
        "changed",
        [
            {"failures": 11},
            {"failures": -1},
            {"expires_at": None},
            {"expires_at": "2026-03-31 00:00"},
            {"key_id": "nobody's"},
            {"hash": None},
        ],
    )
    def test_a_credential_that_breaks_a_rule_is_not_taken(
        self, insert: Callable[..., None], table: str, changed: dict[str, object]
    ) -> None:
        with pytest.raises(IntegrityError):
            insert(table, **changed)

    @pytest.mark.parametrize("changed", [{"unit": "HOUSE"}, {"unit": None}, {"failures": 4}])
    def test_a_temporary_password_has_a_unit_and_three_tries(
        self, insert: Callable[..., None], changed: dict[str, object]
    ) -> None:
        with pytest.raises(IntegrityError):
            insert("temporary_passwords", **changed)

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO numbers (number, contract_number) VALUES ('0312345678', '0612345678')",
            "INSERT INTO numbers (number, contract_number) VALUES ('0712345678', '0712345678')",
            "INSERT INTO numbers (number, contract_number) VALUES ('312345678', '0312345678')",
            "INSERT INTO numbers (number, contract_number) VALUES ('031234567', '0312345678')",
            "INSERT INTO lines VALUES ('0312345678', 'ja', NULL, NULL, NULL)",
            "UPDATE lines SET unit = 'HOUSE'",
        ],
    )
    def test_a_number_is_national_and_on_one_known_line(self, write: Callable[..., None], statement: str) -> None:
        with pytest.raises(IntegrityError):
            write(statement)

    @pytest.mark.parametrize(
        "statement",
        ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "DELETE FROM audit WHERE position = 1"],
    )
    def test_a_record_of_the_audit_trail_is_neither_changed_nor_removed(
        self, write: Callable[..., None], statement: str
    ) -> None:
        with pytest.raises(DBAPIError, match="the audit trail is append-only"):
            write(statement)

    @pytest.mark.parametrize("table", list(ROWS))
    def test_the_credentials_of_a_number_go_with_its_line(
        self, insert: Callable[..., None], write: Callable[..., None], store: CredentialStore, table: str
    ) -> None:
        insert(table)
        write("DELETE FROM lines WHERE contract_number = '0312345678'")
        with store._database.reading() as connection:
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608
