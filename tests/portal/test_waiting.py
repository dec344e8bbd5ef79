"""While the subscriber is on the phone: the page of a refused login says when a temporary password was set."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.portal.server import serving
from tests.portal.stage import CONTRACT, OTHER_LINE, TEMPORARY, Stage
from tests.portal.visitor import Visitor, said


def is_called(visitor: Visitor) -> bool:
    return bool(visitor.get("/login/called").json()["set"])


@pytest.mark.both_databases
def test_after_a_call_the_page_says_so_once_and_the_number_is_there(stage: Stage, visitor: Visitor) -> None:
    assert "leave this page open" in said(visitor.log_in(secret="forgotten1"))
    assert not is_called(visitor)
    stage.call()
    assert is_called(visitor)
    page = visitor.get("/login")
    assert "set a moment ago" in said(page)
    assert f'value="{CONTRACT}"' in page.text
    assert not is_called(visitor)
    assert visitor.log_in(secret=TEMPORARY).status_code == 303


def test_another_process_of_the_site_says_the_same(stage: Stage, visitor: Visitor) -> None:
    visitor.log_in(secret="forgotten1")
    stage.call()
    with serving(stage.config()) as elsewhere:
        token = visitor.cookies["karipass-waits"]
        with Visitor(elsewhere, cookies={"karipass-waits": token}) as same:
            assert is_called(same)


def test_a_call_before_the_try_is_nobodys_business(stage: Stage, visitor: Visitor) -> None:
    stage.call()
    stage.later = timedelta(seconds=5)
    visitor.log_in(secret="forgotten1")
    assert not is_called(visitor)


def test_a_call_for_another_number_is_not_told(stage: Stage, visitor: Visitor) -> None:
    visitor.log_in(secret="forgotten1")
    stage.call(OTHER_LINE)
    assert not is_called(visitor)


def test_it_is_told_for_ten_minutes(stage: Stage, visitor: Visitor) -> None:
    stage.stop_clock()
    visitor.log_in(secret="forgotten1")
    stage.call()
    stage.later = timedelta(minutes=9, seconds=59)
    assert is_called(visitor)
    stage.later = timedelta(minutes=10, seconds=1)
    assert not is_called(visitor)


@pytest.mark.parametrize("token", ["", "x", f"{CONTRACT}.0.00", f"{CONTRACT}.x.y", "☃.1.2", "." * 200, f"{CONTRACT}.1"])
def test_a_token_that_a_stranger_made_tells_nothing(stage: Stage, address: str, token: str) -> None:
    stage.call()
    assert stage.store.set_since(token) is None


def test_a_token_for_another_number_or_an_earlier_moment_cannot_be_made_of_ones_own(stage: Stage) -> None:
    number, since, mac = stage.store.start_waiting(CONTRACT).split(".")
    stage.call(OTHER_LINE)
    stage.call()
    assert stage.store.set_since(f"{number}.{since}.{mac}") == CONTRACT
    assert stage.store.set_since(f"{OTHER_LINE}.{since}.{mac}") is None
    assert stage.store.set_since(f"{number}.{int(since) - 60}.{mac}") is None


def test_whoever_never_tried_is_told_nothing(stage: Stage, visitor: Visitor) -> None:
    stage.call()
    assert not is_called(visitor)
    assert "set a moment ago" not in said(visitor.get("/login"))
