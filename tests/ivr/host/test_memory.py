"""How much memory is free."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.host.memory import free_share


def test_this_hosts_memory_is_partly_free() -> None:
    assert 0.0 < free_share() < 1.0


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("MemTotal:       1000 kB\nMemFree:          50 kB\nMemAvailable:    250 kB\n", 0.25),
        ("MemTotal:       1000 kB\n", 1.0),
        ("MemTotal:       0 kB\nMemAvailable:    250 kB\n", 1.0),
        ("MemTotal:\nMemAvailable:    250 kB\n", 1.0),
        ("", 1.0),
    ],
)
def test_what_the_system_tells_is_read_and_what_it_does_not_tell_turns_nobody_away(
    tmp_path: Path, text: str, share: float
) -> None:
    (tmp_path / "meminfo").write_text(text)
    assert free_share(tmp_path / "meminfo") == share


def test_without_the_file_nobody_is_turned_away(tmp_path: Path) -> None:
    assert free_share(tmp_path / "nothing") == 1.0
