"""That a session is used is noted beside its page, and before its next page."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from credentials.site.session_table import USE_STEP
from portal.store_access import StoreAccess
from portal.uses import Uses
from storage.errors import StoreUnavailable
from tests.portal.conftest import LogIn
from tests.portal.stage import CONTRACT, Stage


class HeldStore:
    """Notes uses when it is let."""

    def __init__(self, *, fails: Exception | None = None) -> None:
        self.may_go_on = threading.Event()
        self.noted: list[Any] = []
        self._fails = fails

    def note_use(self, use: Any) -> bool:
        self.may_go_on.wait(20)
        if self._fails is not None:
            raise self._fails
        self.noted.append(use)
        return True


def uses_of(store: HeldStore) -> Uses:
    return Uses(StoreAccess(lambda: store))  # type: ignore[arg-type, return-value]


def test_a_login_that_is_used_goes_on_though_its_clock_jumps_after_each_page(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT)
    visitor = logged_in(CONTRACT)
    for _ in range(10):
        stage.later += timedelta(minutes=14)
        assert visitor.get("/").status_code == 200
    stage.later += timedelta(minutes=15)
    assert visitor.get("/").status_code == 403


@pytest.mark.parametrize("path", ["/", "/numbers/0312340000", "/one-time/code"])
def test_a_page_that_is_not_there_is_a_use_too(stage: Stage, logged_in: LogIn, path: str) -> None:
    stage.subscribe(CONTRACT)
    visitor = logged_in(CONTRACT)
    stage.later += USE_STEP
    before = visitor.get("/session").json()["left_s"]
    visitor.get(path)
    assert visitor.get("/session").json()["left_s"] > before


def test_the_page_says_how_long_the_login_lasts_with_this_use(stage: Stage, logged_in: LogIn) -> None:
    stage.subscribe(CONTRACT)
    visitor = logged_in(CONTRACT)
    stage.stop_clock()
    stage.later += timedelta(minutes=5)
    visitor.get("/")
    assert visitor.get("/session").json()["left_s"] == 15 * 60


def test_the_next_page_of_the_session_waits_for_it_and_no_other_does() -> None:
    store = HeldStore()
    uses = uses_of(store)
    uses.note("session", "use")  # type: ignore[arg-type]
    uses.settle("another")
    waiting = threading.Thread(target=uses.settle, args=("session",))
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    uses.note("session", "a moment later")  # type: ignore[arg-type]
    store.may_go_on.set()
    waiting.join(20)
    assert not waiting.is_alive()
    assert store.noted == ["use"]
    uses.close()


@pytest.mark.parametrize("error", [StoreUnavailable("the store is away"), ZeroDivisionError("a fault of ours")])
def test_a_use_that_cannot_be_noted_is_in_the_log_and_the_next_can_be(error: Exception) -> None:
    store = HeldStore(fails=error)
    store.may_go_on.set()
    uses = uses_of(store)
    with capture_logs() as lines:
        for _ in range(2):
            uses.note("session-id", "use")  # type: ignore[arg-type]
            uses.settle("session-id")
        uses.close()
    assert [line["event"] for line in lines] == ["session_use_not_noted"] * 2
    assert "session-id" not in str(lines)


def test_what_is_under_way_is_noted_before_the_site_ends() -> None:
    store = HeldStore()
    uses = uses_of(store)
    uses.note("session", "use")  # type: ignore[arg-type]
    store.may_go_on.set()
    uses.close()
    assert store.noted == ["use"]
