"""The history of the tables of call notices leads to what the schema says, and back."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from notice.store.opening import NoticeStore
from notice.store.schema import NOTICE, calls, metadata
from storage.migrate import current_revision, downgrade, newest_revision, upgrade
from tests.notice.journals import CALLER, NUMBER, START
from tests.notice.subscribers import choose, chosen_by
from tests.storage.databases import FakeClock
from tests.storage.schemas import differences


def test_the_history_leads_to_the_schema(store: NoticeStore) -> None:
    assert differences(store._database, NOTICE, metadata) == []


def test_all_of_it_can_be_taken_back_and_made_again(store: NoticeStore, clock: FakeClock) -> None:
    choose(store, clock)
    downgrade(store._database, NOTICE, "base")
    assert current_revision(store._database, NOTICE) is None
    upgrade(store._database, NOTICE)
    assert current_revision(store._database, NOTICE) == newest_revision(NOTICE)
    assert chosen_by(store, NUMBER).version == ""


def test_calls_go_with_the_holder_by_the_fourth_step_alone_and_it_can_be_taken_back(store: NoticeStore) -> None:
    database, one, other, third = store._database, "0312345679", "0612345678", "0312345680"
    with database.writing() as connection:
        _add_call(connection, "moved", one)
        _add_call(connection, "removed", third)
        _add_call(connection, "stays", NUMBER)
    downgrade(database, NOTICE, "0003")
    store.move_number(one, to=other)
    store.remove_number(third)
    assert _calls(store) == {"moved", "removed", "stays"}
    upgrade(database, NOTICE)
    store.add_number(third, to=NUMBER)
    store.move_number(one, to=NUMBER)
    assert _calls(store) == {"removed", "stays"}
    store.remove_number(third)
    assert _calls(store) == {"stays"}
    store.remove_line(NUMBER)
    assert _calls(store) == set()


def _add_call(connection: Connection, call_id: str, number: str) -> None:
    told = {"call_id": call_id, "linked_id": call_id, "number": number, "caller": CALLER, "began_at": START}
    connection.execute(insert(calls).values(**told, result="busy", why="not_chosen", judged_at=START))


def _calls(store: NoticeStore) -> set[str]:
    with store._database.reading() as connection:
        return set(connection.scalars(select(calls.c.call_id)))
