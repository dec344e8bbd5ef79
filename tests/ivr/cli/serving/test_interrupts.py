"""SIGINT and SIGTERM end a running command, however it was started."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from ivr.cli.serving.interrupts import STOPPING, heed_sigint, interrupts


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {each: signal.getsignal(each) for each in STOPPING}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.parametrize("told", STOPPING)
@pytest.mark.parametrize("before", [signal.SIG_IGN, signal.SIG_DFL])
def test_the_first_signal_ends_the_waiting_and_not_the_work(told: signal.Signals, before: signal.Handlers) -> None:
    signal.signal(told, before)
    worked = False
    with interrupts() as stopping:
        assert not stopping.wait(0)
        signal.raise_signal(told)
        worked = True
        assert stopping.wait(60)
    assert worked
    assert signal.getsignal(told) is before


def test_a_second_signal_ends_the_work_at_once() -> None:
    worked = False
    with interrupts():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        worked = True
    assert not worked


def test_a_sigint_that_was_ignored_is_heeded_again() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    heed_sigint()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_handler_that_is_there_stays() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    heed_sigint()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
