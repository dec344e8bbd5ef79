"""The primitive that collects keys distinguishes five endings."""

from __future__ import annotations

import pytest

from ivr.call.dialogue.entry import EIGHT_KEYS, ONE_KEY, UNTIL_HASH, Collector, Entry, EntryKind, EntryRule
from ivr.call.dialogue.limits import Limits


def collect(rule: EntryRule, keys: str) -> Entry | None:
    collector = Collector(rule, Limits())
    for index, key in enumerate(keys):
        entry = collector.key(key)
        if entry is not None:
            assert index == len(keys) - 1, "it ended before the last key"
            return entry
    return None


@pytest.mark.parametrize(
    ("rule", "keys", "kind", "collected"),
    [
        (ONE_KEY, "1", EntryKind.COMPLETE, "1"),
        (ONE_KEY, "#", EntryKind.COMPLETE, "#"),
        (UNTIL_HASH, "0312345678#", EntryKind.COMPLETE, "0312345678"),
        (UNTIL_HASH, "#", EntryKind.EMPTY, ""),
        (EIGHT_KEYS, "12345678", EntryKind.COMPLETE, "12345678"),
        (EIGHT_KEYS, "123#", EntryKind.COMPLETE, "123"),
        (EIGHT_KEYS, "1234*678", EntryKind.COMPLETE, "1234*678"),
    ],
)
def test_keys_end_an_entry(rule: EntryRule, keys: str, kind: EntryKind, collected: str) -> None:
    assert collect(rule, keys) == Entry(kind, collected)


def test_no_key_at_all_is_no_input() -> None:
    collector = Collector(EIGHT_KEYS, Limits(first_key_s=10))
    collector.guidance_ended(5.0)
    assert collector.time(14.9) is None
    assert collector.time(15.0) == Entry(EntryKind.NO_INPUT)


def test_keys_and_then_silence_are_partial() -> None:
    collector = Collector(EIGHT_KEYS, Limits(between_keys_s=5))
    collector.key("1")
    collector.key_released(1.0)
    assert collector.time(5.9) is None
    assert collector.time(6.0) == Entry(EntryKind.PARTIAL, "1")


def test_a_hang_up_forgets_the_keys() -> None:
    collector = Collector(EIGHT_KEYS, Limits())
    collector.key("1")
    assert collector.hang_up() == Entry(EntryKind.HANG_UP)
    assert collector.key("#") == Entry(EntryKind.EMPTY)


def test_while_the_guidance_plays_there_is_no_deadline() -> None:
    assert Collector(EIGHT_KEYS, Limits()).deadline is None


def test_the_end_of_the_guidance_does_not_shorten_an_entry_that_has_begun() -> None:
    collector = Collector(EIGHT_KEYS, Limits(between_keys_s=5))
    collector.key("1")
    collector.key_released(1.0)
    collector.guidance_ended(2.0)
    assert collector.deadline == 6.0


def test_an_entry_does_not_show_its_keys() -> None:
    assert "12345678" not in repr(collect(EIGHT_KEYS, "12345678"))


def test_while_a_key_is_held_there_is_no_deadline() -> None:
    collector = Collector(EIGHT_KEYS, Limits(between_keys_s=5))
    collector.guidance_ended(0.0)
    collector.key("1")
    assert collector.deadline is None
    collector.key_released(8.0)
    assert collector.deadline == 13.0
