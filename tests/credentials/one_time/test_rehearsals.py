"""How far the rehearsal of a file is stands in the database, for any process of the site (docs/rules.md 3.15)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credentials.errors import NotAllowed, Problem, SessionOver
from credentials.model import Unit
from credentials.one_time.drafts import LIFETIME
from credentials.one_time.found import MOST_CHARACTERS, MOST_ROWS, Found
from credentials.one_time.rehearsal import FileVerdict, Rehearsal, RehearsedRow, RowState
from credentials.one_time.rehearsals import SILENT_FOR, RehearsalState
from credentials.store import CredentialStore
from tests.credentials.one_time.test_bulk import USES, file, no_rule
from tests.credentials.site.subscribers import CONTRACT, SECOND, Mailbox, log_in, sign_up
from tests.storage.databases import FakeClock

PROBLEMS = st.builds(Problem, st.integers(0, 10), st.text(), st.text())
STATES = st.none() | st.builds(
    RowState, st.none() | st.booleans(), st.none() | st.text(), st.none() | st.text(), st.booleans()
)
ROWS = st.builds(
    RehearsedRow,
    st.integers(1, 20_000),
    st.text(),
    STATES,
    STATES,
    st.booleans(),
    st.lists(PROBLEMS, max_size=3).map(tuple),
)


@pytest.fixture
def admin(store: CredentialStore) -> str:
    """Return the id of a session of the contract number of a line of unit ADMIN_USER."""
    sign_up(store, CONTRACT, Unit.ADMIN_USER)
    return log_in(store)


def started(store: CredentialStore, session_id: str) -> str:
    rehearsal_id = store.start_rehearsal(session_id)
    assert rehearsal_id is not None
    return rehearsal_id


def test_another_process_sees_how_far_it_is_and_what_it_found(
    store: CredentialStore, open_store: Callable[..., CredentialStore], admin: str
) -> None:
    elsewhere = open_store()
    assert elsewhere.rehearsal_state(admin) is None
    rehearsal_id = started(store, admin)
    assert elsewhere.rehearsal_state(admin) == RehearsalState(0, 0, interrupted=False, found=None)
    store.note_rehearsal(rehearsal_id, 3, 7)
    assert elsewhere.rehearsal_state(admin) == RehearsalState(3, 7, interrupted=False, found=None)
    found = Found.of(store.rehearse_one_time_file(admin, file(USES), check_address=no_rule))
    store.end_rehearsal(rehearsal_id, found)
    state = elsewhere.rehearsal_state(admin)
    assert state is not None
    assert state.found == found
    applied = elsewhere.apply_one_time_file(admin, str(found.draft_id), Mailbox().all_links)
    assert applied.verdict is FileVerdict.STORED
    assert store.rehearsal_state(admin) is None


def test_one_of_a_session_runs_at_a_time_and_the_latest_counts(store: CredentialStore, admin: str) -> None:
    first = started(store, admin)
    assert store.start_rehearsal(admin) is None
    store.end_rehearsal(first, Found(wrong=1))
    second = started(store, admin)
    store.end_rehearsal(first, Found(wrong=2))
    store.note_rehearsal(first, 5, 5)
    assert store.rehearsal_state(admin) == RehearsalState(0, 0, interrupted=False, found=None)
    store.end_rehearsal(second, Found(wrong=3))
    store.note_rehearsal(second, 9, 9)
    assert store.rehearsal_state(admin) == RehearsalState(0, 0, interrupted=False, found=Found(wrong=3))


def test_one_whose_process_has_gone_silent_is_interrupted_and_makes_way(
    store: CredentialStore, admin: str, clock: FakeClock
) -> None:
    first = started(store, admin)
    clock.now += SILENT_FOR - SILENT_FOR / 15
    store.note_rehearsal(first, 1, 2)
    clock.now += SILENT_FOR - SILENT_FOR / 15
    state = store.rehearsal_state(admin)
    assert state is not None
    assert not state.interrupted
    clock.now += SILENT_FOR / 15
    state = store.rehearsal_state(admin)
    assert state is not None
    assert state.interrupted
    assert started(store, admin) != first


def test_it_is_forgotten_when_its_draft_is(store: CredentialStore, admin: str, clock: FakeClock) -> None:
    store.end_rehearsal(started(store, admin), Found())
    for _ in range(6):
        assert store.rehearsal_state(admin) is not None
        clock.now += LIFETIME / 6
        store.extend_session(admin)
    assert store.rehearsal_state(admin) is None


def test_a_newer_login_does_not_see_it_and_whoever_may_not_cannot_start_one(store: CredentialStore, admin: str) -> None:
    store.end_rehearsal(started(store, admin), Found())
    newer = log_in(store)
    assert store.rehearsal_state(newer) is None
    with pytest.raises(SessionOver):
        store.rehearsal_state(admin)
    with pytest.raises(SessionOver):
        store.start_rehearsal("nobody's")
    sign_up(store, SECOND, Unit.ADMIN_USER)
    with pytest.raises(NotAllowed):
        store.start_rehearsal(log_in(store, SECOND))


@given(
    rows=st.lists(ROWS, max_size=4),
    draft_id=st.none() | st.text(),
    expires_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    unreadable=st.lists(PROBLEMS, max_size=2).map(tuple),
)
def test_what_was_found_comes_back_from_its_text(
    rows: list[RehearsedRow], draft_id: str | None, expires_at: object, unreadable: tuple[Problem, ...]
) -> None:
    found = Found(
        rows=tuple(rows),
        draft_id=draft_id,
        expires_at=expires_at,  # type: ignore[arg-type]
        unreadable=unreadable,
    )
    assert Found.from_text(found.to_text()) == found


@given(st.lists(ROWS, max_size=10))
def test_rows_that_are_wrong_come_first_and_all_are_counted(rows: list[RehearsedRow]) -> None:
    found = Found.of(Rehearsal(tuple(rows)))
    wrong = [row for row in rows if row.problems]
    assert list(found.rows) == (wrong or [row for row in rows if row.changes])
    assert (found.more, found.wrong, found.changes) == (0, len(wrong), sum(row.changes for row in rows))


@pytest.mark.parametrize("length", [1, 100_000])
def test_nobody_fills_the_database_with_what_a_file_says(length: int) -> None:
    problem = (Problem(2, "number", "x" * length),)
    rows = tuple(RehearsedRow(row, "", None, None, new_password=False, problems=problem) for row in range(20_000))
    found = Found.of(Rehearsal(rows))
    assert 1 <= len(found.rows) <= MOST_ROWS
    assert found.more == found.wrong - len(found.rows) == 20_000 - len(found.rows)
    assert len(found.to_text()) < MOST_CHARACTERS + 1000
