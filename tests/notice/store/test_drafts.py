"""Files that were rehearsed are kept for an hour, and not for longer (docs/rules.md 7.6)."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from credentials.site.session import Session
from notice.store import drafts
from notice.store.drafts import LIFETIME
from notice.store.opening import NoticeStore
from notice.store.schema import drafts as drafts_table
from tests.credentials.site.subscribers import log_in, session, sign_up
from tests.storage.databases import FakeClock


@pytest.fixture
def mine(store: NoticeStore) -> Session:
    sign_up(store)
    return session(store, log_in(store))


def kept(store: NoticeStore) -> int:
    with store._database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(drafts_table)) or 0


def test_a_file_that_nobody_stored_is_removed_by_the_hourly_chore_once_it_cannot_be_stored_any_more(
    store: NoticeStore, mine: Session, clock: FakeClock
) -> None:
    with store._database.writing() as connection:
        drafts.store(connection, mine.name, b"number\n", "seen", clock())
    clock.now += LIFETIME
    clock.advance(seconds=-1)
    store.forget_calls()
    assert kept(store) == 1
    clock.advance(seconds=1)
    store.forget_calls()
    assert kept(store) == 0
