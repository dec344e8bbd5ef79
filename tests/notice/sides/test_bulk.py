"""A file of call notices is read and made while no transaction is open: others may write meanwhile."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from credentials.model import Unit
from credentials.one_time.rehearsal import FileApplied, FileVerdict
from notice.settings import csv_file
from notice.store.opening import NoticeStore
from tests.credentials.site.subscribers import log_in, sign_up
from tests.notice.subscribers import ANN, BEN, choose, chosen_by
from tests.storage.databases import FakeClock

MANY = [f"03900000{n:02}" for n in range(34)]
FIRST, SECOND = MANY[1:3]
TO_ANN = f"{FIRST},1,,,,{ANN},1".encode()


@pytest.fixture
def session_id(store: NoticeStore) -> str:
    lines = "".join(f"{MANY[0]},{number},\n" for number in MANY[1:])
    store.import_lines(io.StringIO(f"contract_number,number,language\n03-1234-5678,,\n{lines}", newline=""))
    sign_up(store, MANY[0], Unit.NUMBER)
    return log_in(store, MANY[0])


@pytest.fixture
def meanwhile(store: NoticeStore, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """Return a list whose calls are made each time a file is read or made, while no transaction is open."""
    calls: list[Callable[[], object]] = []

    def watched(work: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def done(given: Any) -> Any:
            assert store._database._engine.pool.checkedout() == 0  # type: ignore[attr-defined]
            for each in calls:
                each()
            return work(given)

        return done

    for name in ("read_rows", "write_rows"):
        monkeypatch.setattr(csv_file, name, watched(getattr(csv_file, name)))
    return calls


def rehearsed(store: NoticeStore, session_id: str, content: bytes = TO_ANN) -> str:
    draft_id = store.rehearse_notice_file(session_id, content).draft_id
    assert draft_id is not None
    return draft_id


@pytest.mark.both_databases
def test_no_transaction_is_open_while_a_file_is_read_or_made(
    store: NoticeStore, session_id: str, meanwhile: list[Callable[[], object]]
) -> None:
    passes: list[int] = []
    meanwhile.append(lambda: passes.append(1))
    with store.at_one_moment():
        assert store.notice_file(session_id)
        draft_id = rehearsed(store, session_id)
        assert store.apply_notice_file(session_id, draft_id) == FileApplied(FileVerdict.STORED, (FIRST,))
    assert len(passes) == 3
    assert [each.address for each in chosen_by(store, FIRST).addresses] == [ANN]


def test_a_number_that_changes_while_the_file_is_read_keeps_its_new_settings(
    store: NoticeStore, clock: FakeClock, session_id: str, meanwhile: list[Callable[[], object]]
) -> None:
    draft_id = rehearsed(store, session_id)
    meanwhile.append(lambda: choose(store, clock, FIRST, BEN))
    assert store.apply_notice_file(session_id, draft_id).verdict is FileVerdict.CHANGED
    assert [each.address for each in chosen_by(store, FIRST).addresses] == [BEN]


def test_a_file_that_is_stored_or_replaced_while_it_is_read_is_not_stored_again(
    store: NoticeStore, session_id: str, meanwhile: list[Callable[[], object]]
) -> None:
    first = rehearsed(store, session_id)

    def store_it() -> None:
        meanwhile.clear()
        assert store.apply_notice_file(session_id, first).verdict is FileVerdict.STORED

    meanwhile.append(store_it)
    assert store.apply_notice_file(session_id, first).verdict is FileVerdict.GONE
    version = chosen_by(store, FIRST).version

    second = rehearsed(store, session_id, f"{FIRST},0,,,,{ANN},1".encode())

    def replace_it() -> None:
        meanwhile.clear()
        rehearsed(store, session_id, f"{SECOND},1,,,,{BEN},1".encode())

    meanwhile.append(replace_it)
    assert store.apply_notice_file(session_id, second).verdict is FileVerdict.GONE
    assert chosen_by(store, FIRST).version == version
