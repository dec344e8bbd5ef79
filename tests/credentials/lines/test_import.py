"""An import while calls go on, and one that stops before its end (docs/rules.md 3.8)."""

import io
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from credentials.audit import Action
from credentials.errors import BadLinesFile, ImportStopped, NumberTaken
from credentials.lines import importing as lines_import
from credentials.lines.importing import ImportProgress, ImportStage
from credentials.model import Unit
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from storage.errors import StoreUnavailable
from tests.credentials.stores import CHEAP

CONTRACT, OTHER = "0312345678", "0612345678"
PASSWORD = "13572468"
LINES = [f"04{n}" for n in range(20_000_000, 20_001_000)]
FILE = "contract_number,number\n" + "".join(f"{line},\n" for line in LINES)
VICTIM = """
import os, signal, sys
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
def progress(stage, done, of):
    if 0 < done < (of or 0):
        os.kill(os.getpid(), signal.SIGKILL)
with CredentialStore.open(sys.argv[1], key=Key.parse(sys.argv[2])) as store:
    store.import_lines(sys.stdin, progress=progress)
"""


class Interrupted(BaseException):
    """Raised before the end of an import, as by Ctrl-C."""


@pytest.fixture
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make each transaction of an import store only what must change together."""
    for name in ("_FIRST_PIECE", "_SMALLEST_PIECE", "_LARGEST_PIECE"):
        monkeypatch.setattr(lines_import, name, 1)
    monkeypatch.setattr("storage.database.GIVE_WAY_S", 0)


def load(store: CredentialStore, file: str, progress: ImportProgress = lambda *_: None, *, whole: bool = False) -> None:
    store.import_lines(io.StringIO(file, newline=""), remove_absent=whole, progress=progress)


def in_the_middle(act: Callable[[], object]) -> ImportProgress:
    """Return a progress callback that does something once a part of the lines is stored."""

    def progress(stage: ImportStage, done: int, of: int | None) -> None:
        if stage is ImportStage.STORING and 0 < done < (of or 0):
            act()

    return progress


def interrupt() -> None:
    raise Interrupted


def impatient(url: str) -> str:
    """Return the URL for a store that waits only a tenth of a second for a lock."""
    return f"{url}?timeout=0.1" if url.startswith("sqlite") else f"{url}&options=-c%20lock_timeout%3D100ms"


def test_passwords_are_set_while_an_import_goes_on(store: CredentialStore, url: str, key: Key) -> None:
    with CredentialStore.open(impatient(url), key=key, policy=CHEAP) as calls:

        def set_one() -> None:
            calls.set_temporary_password(
                caller=CONTRACT, target=CONTRACT, unit=Unit.LINE, password=PASSWORD, call_id="call"
            )
            set_while.append(True)

        set_while: list[bool] = []
        load(store, FILE, in_the_middle(set_one))
    assert set_while
    assert len(store.list_lines()) == len(LINES) + 2


def test_an_import_that_is_interrupted_leaves_whole_lines_and_the_same_again_does_the_rest(
    store: CredentialStore,
) -> None:
    with pytest.raises(Interrupted):
        load(store, FILE, in_the_middle(interrupt), whole=True)
    present = {line.contract_number for line in store.list_lines()}
    assert present & set(LINES)
    assert not set(LINES) <= present
    assert store.verify_audit().problem is None
    load(store, FILE, whole=True)
    assert [line.contract_number for line in store.list_lines()] == LINES
    recorded = [record.number for record in store.audit_records() if record.action == Action.LINE_ADDED]
    assert sorted(recorded) == sorted([CONTRACT, OTHER, *LINES])
    assert store.verify_audit().problem is None


def test_an_import_that_is_killed_leaves_what_it_has_stored(store: CredentialStore, url: str, key: Key) -> None:
    store.close()
    victim = subprocess.run([sys.executable, "-c", VICTIM, url, key.to_text()], input=FILE, text=True, check=False)
    assert victim.returncode == -signal.SIGKILL
    with CredentialStore.open(url, key=key, policy=CHEAP) as after:
        assert 2 < len(after.list_lines()) < len(LINES) + 2
        assert after.verify_audit().problem is None
        load(after, FILE)
        assert len(after.list_lines()) == len(LINES) + 2


def test_a_disk_that_is_full_in_the_middle_says_how_far_the_import_got(
    store: CredentialStore, database_file: Path
) -> None:
    with store._database.reading() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.execute(text(f"PRAGMA max_page_count = {pages + 60}"))
    with pytest.raises(ImportStopped, match="run the same import again") as stopped:
        load(store, FILE)
    done = stopped.value.done
    assert 0 < done < stopped.value.total == len(LINES)
    assert f"stopped after {done} of {len(LINES)} lines: the database cannot be written: disk full" in str(
        stopped.value
    )
    assert stopped.value.__context__ is None
    assert len(store.list_lines()) == done + 2
    with store._database.reading() as connection:
        connection.execute(text("PRAGMA max_page_count = 100000"))
    load(store, FILE)
    assert len(store.list_lines()) == len(LINES) + 2


def test_a_database_that_gives_way_at_once_has_changed_nothing(store: CredentialStore, database_file: Path) -> None:
    with store._database.reading() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StoreUnavailable, match=r"^the database cannot be written: disk full"):
        load(store, FILE)
    assert len(store.list_lines()) == 2


def test_a_number_that_another_operator_gave_away_meanwhile_stops_the_import_there(store: CredentialStore) -> None:
    taken = LINES[-1]

    def take_it_away() -> None:
        try:
            store.add_number(taken, to=CONTRACT)
        except NumberTaken:
            return

    with pytest.raises(ImportStopped, match=f"{taken} is a number of line {CONTRACT}: name that line in the file too"):
        load(store, FILE, in_the_middle(take_it_away))
    with pytest.raises(BadLinesFile, match="name that line in the file too"):
        load(store, FILE)


NUMBERS = [f"03{n}" for n in range(30_000_000, 30_000_007)]


@st.composite
def assignments(draw: st.DrawFn) -> dict[str, frozenset[str]]:
    """Draw lines and their numbers out of few numbers: much differs from the next draw, and much moves."""
    contracts = draw(st.lists(st.sampled_from(NUMBERS), unique=True, min_size=1, max_size=4))
    owners = {number: draw(st.sampled_from([None, *contracts])) for number in NUMBERS if number not in contracts}
    return {
        contract: frozenset({contract} | {number for number, owner in owners.items() if owner == contract})
        for contract in contracts
    }


def as_file(assigned: dict[str, frozenset[str]]) -> str:
    rows = [f"{contract},{number}\n" for contract, numbers in assigned.items() for number in sorted(numbers)]
    return "contract_number,number\n" + "".join(rows)


def lines_of(store: CredentialStore) -> dict[str, frozenset[str]]:
    return {line.contract_number: line.numbers for line in store.list_lines()}


@pytest.mark.usefixtures("short_pieces", "database_file")
@settings(max_examples=60)
@given(old=assignments(), new=assignments())
def test_at_each_moment_of_an_import_each_line_is_as_it_was_or_as_the_file_says(
    empty_store: CredentialStore, old: dict[str, frozenset[str]], new: dict[str, frozenset[str]]
) -> None:
    load(empty_store, as_file(old), whole=True)
    assert lines_of(empty_store) == old
    seen = []
    load(empty_store, as_file(new), lambda *_: seen.append(lines_of(empty_store)), whole=True)
    assert lines_of(empty_store) == new
    for state in seen:
        for contract in NUMBERS:
            assert state.get(contract) in (old.get(contract), new.get(contract))


@pytest.mark.usefixtures("short_pieces")
def test_numbers_that_change_places_go_with_both_their_lines(store: CredentialStore) -> None:
    load(store, as_file({CONTRACT: frozenset({CONTRACT, NUMBERS[0]}), OTHER: frozenset({OTHER, NUMBERS[1]})}))
    seen = []
    load(
        store,
        as_file({CONTRACT: frozenset({CONTRACT, NUMBERS[1]}), OTHER: frozenset({OTHER, NUMBERS[0]})}),
        lambda _stage, _done, _of: seen.append(lines_of(store)),
    )
    assert [state[CONTRACT] for state in seen] == [frozenset({CONTRACT, NUMBERS[n]}) for n in (0, 1)]
    assert [state[OTHER] for state in seen] == [frozenset({OTHER, NUMBERS[n]}) for n in (1, 0)]
