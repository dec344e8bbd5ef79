"""Numbers for eyes that need not see them whole."""

from __future__ import annotations

import pytest

from ivr.console.masking import mask_entries, mask_number, mask_text
from ivr.records import RecordedEntry


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("0312345678", "031*****78"),
        ("09012345678", "090******78"),
        ("03-1234-5678", "03-1***-**78"),
        ("", ""),
        ("12", "12"),
    ],
)
def test_the_middle_of_a_number_is_hidden(number: str, masked: str) -> None:
    assert mask_number(number) == masked


def test_numbers_in_a_text_are_masked_and_nothing_else() -> None:
    assert mask_text("03-1234-5678の、8桁の数字を") == "03-1***-**78の、8桁の数字を"
    assert mask_text("press 1 for a line, 24 hours") == "press 1 for a line, 24 hours"


def test_keys_are_hidden_as_they_spell_a_number() -> None:
    entries = [
        RecordedEntry(0, 1.0, "key", {"value": "0", "figures": None}),
        RecordedEntry(1, 2.0, "judged", {"shown": "0312345678", "step": "number"}),
        RecordedEntry(2, 2.0, "missed", {"value": "3", "failed": "twist"}),
    ]
    key, judged, missed = mask_entries(entries)
    assert key.body["value"] is missed.body["value"] is None
    assert judged.body == {"shown": "031*****78", "step": "number"}
