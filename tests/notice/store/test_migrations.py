"""The history of the tables of call notices leads to what the schema says, and back."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from notice.store.opening import NoticeStore
from notice.store.schema import NOTICE, metadata
from storage.migrate import current_revision, downgrade, newest_revision, upgrade
from tests.notice.journals import NUMBER
from tests.notice.subscribers import choose, chosen_by
from tests.storage.databases import FakeClock


def test_the_history_leads_to_the_schema(store: NoticeStore) -> None:
    tables = set(metadata.tables)

    def is_ours(_item: object, name: str | None, kind: str, *_: object) -> bool:
        return kind != "table" or name in tables

    with store._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours})
        assert compare_metadata(context, metadata) == []


def test_all_of_it_can_be_taken_back_and_made_again(store: NoticeStore, clock: FakeClock) -> None:
    choose(store, clock)
    downgrade(store._database, NOTICE, "base")
    assert current_revision(store._database, NOTICE) is None
    upgrade(store._database, NOTICE)
    assert current_revision(store._database, NOTICE) == newest_revision(NOTICE)
    assert chosen_by(store, NUMBER).version == ""
