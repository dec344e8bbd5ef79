"""What is there when a process starts to serve is not gone through again."""

from __future__ import annotations

import gc

import pytest

from ivr.host.heap import settle


def test_what_was_made_before_is_left_alone_and_what_comes_later_is_collected(request: pytest.FixtureRequest) -> None:
    request.addfinalizer(gc.unfreeze)
    before = [object()]
    before.append(before)
    settle()
    assert not any(thing is before for thing in gc.get_objects())

    class Later:
        gone = 0

        def __del__(self) -> None:
            Later.gone += 1

    later = Later()
    later.itself = later  # type: ignore[attr-defined]
    del later
    gc.collect()
    assert Later.gone == 1
