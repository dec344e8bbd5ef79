"""The store behind PgBouncer, which lends server connections for a session or for a transaction."""

import io
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from credentials.model import Line, Unit
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from storage.errors import StoreUnavailable
from tests import needs
from tests.credentials.stores import CHEAP, LINES, MANY_CALLS
from tests.storage import pgbouncer
from tests.storage.postgresql import Server, serving

pytestmark = pytest.mark.slow

NUMBER, PASSWORD = "0312345678", "13572468"


@pytest.fixture(scope="module", params=["session", "transaction"])
def socket(request: pytest.FixtureRequest, postgresql: Server) -> Iterator[Path]:
    # Fewer server connections than clients: a transaction seldom gets the connection of the one before.
    size = 3 if request.param == "transaction" else 30
    with pgbouncer.pooling(needs.pgbouncer(), postgresql, request.param, size=size) as directory:
        yield directory


@pytest.fixture
def store(socket: Path, postgresql: Server, shared_database: str, key: Key) -> Iterator[CredentialStore]:
    postgresql.empty(shared_database)
    url = pgbouncer.url(socket, shared_database)
    with CredentialStore.open(url, key=key, policy=CHEAP, limits=MANY_CALLS) as store:
        store.import_lines(io.StringIO(LINES, newline=""))
        yield store


def test_a_store_opens_and_makes_its_schema(socket: Path, postgresql: Server, key: Key) -> None:
    name = postgresql.create()
    with CredentialStore.open(pgbouncer.url(socket, name), key=key, policy=CHEAP) as store:
        store.add_line(NUMBER)
        store.require_writable()
        assert store.line_of(NUMBER) == Line(NUMBER, frozenset({NUMBER}))
    postgresql.drop(name)


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_a_server_that_went_away_behind_it_is_unavailable_and_found_again_without_a_restart(
    mode: str, key: Key
) -> None:
    with (
        serving(needs.postgresql()) as server,  # durable: it crashes here
        pgbouncer.pooling(needs.pgbouncer(), server, mode, size=5) as directory,
        CredentialStore.open(pgbouncer.url(directory, name := server.create()), key=key, policy=CHEAP) as store,
    ):
        store.add_line(NUMBER)
        server.stop(signal.SIGQUIT)
        for act in (lambda: store.admit(NUMBER), store.require_writable):
            with pytest.raises(StoreUnavailable):
                act()
        server.start()
        pgbouncer.wait_for_server(directory, name)
        store.require_writable()
        assert store.admit(NUMBER) == Line(NUMBER, frozenset({NUMBER}))


def test_look_ups_and_writes_of_many_threads_all_succeed(store: CredentialStore) -> None:
    def one(turn: int) -> bool:
        admitted = isinstance(store.admit(NUMBER), Line)
        if turn % 4 == 0:
            store.set_temporary_password(
                caller=NUMBER, target=NUMBER, unit=Unit.LINE, password=PASSWORD, call_id=str(turn)
            )
        return admitted

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(one, range(240)))
    assert store.log_in(NUMBER, PASSWORD, session_id="session").verdict.accepted
    assert store.verify_audit().problem is None


def test_the_limits_hold_in_each_transaction_and_stay_with_no_connection(
    store: CredentialStore, socket: Path, shared_database: str
) -> None:
    wanted = {"statement_timeout": "20s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "20s"}
    for transaction in (store._database.reading, store._database.writing) * 5:
        with transaction() as connection:
            limits = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in wanted}
        assert limits == wanted
    with psycopg.connect(f"host={socket} port=6432 user=karipass dbname={shared_database}") as others:
        for name in wanted:
            assert others.execute(f"SHOW {name}".encode()).fetchone() == ("0",)


def test_a_read_changes_nothing_and_the_next_write_is_not_taken_for_one(store: CredentialStore) -> None:
    for _ in range(10):
        with store._database.reading() as connection:
            assert connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
            assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "repeatable read"
        with store._database.writing() as connection:
            assert connection.execute(text("SHOW transaction_read_only")).scalar_one() == "off"
            assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"
