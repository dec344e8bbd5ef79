from pathlib import Path
from typing import Any

import pytest

from prompts import ClipError, sound
from prompts.check import check


def change(directory: Path, old: str, new: str) -> None:
    path = directory / "ja.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_fresh_build_has_no_findings(built: Path, voice: Any) -> None:
    assert check("ja", built, voice) == []
    assert check("ja", built, None) == []


def test_a_clip_that_no_line_asks_for_is_found(built: Path) -> None:
    (built / "audio" / "ja" / "old.wav").write_bytes(b"old")
    assert [finding for finding in check("ja", built, None) if "'old'" in finding]


def test_a_changed_pace_without_a_build_is_found(built: Path) -> None:
    change(built, "\nspeed = 1.0", "\nspeed = 0.8")
    (finding,) = check("ja", built, None)
    assert "made with speed 1.0, now it is 0.8; build" in finding


def test_a_changed_builder_without_a_build_is_found(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "ACTIVE_LEVEL_DBFS", -26.0)
    (finding,) = check("ja", built, None)
    assert "active_level_dbfs -20.0, now it is -26.0" in finding


def test_a_voice_that_now_reads_otherwise_is_found(built: Path, voice: Any) -> None:
    voice.reading = lambda sentence: "???" if sentence == "again" else type(voice).reading(voice, sentence)
    (finding,) = check("ja", built, voice)
    assert "greet.two: 'again' is read '???'" in finding


def test_a_spelling_that_changed_the_phonemes_is_found(built: Path, voice: Any) -> None:
    change(built, 'spoken = "sharp one"', 'spoken = "Sharp one"')
    (finding,) = check("ja", built, voice)
    assert finding.startswith("tail: the voice speaks other phonemes")


def test_a_broken_clip_is_an_error_and_not_a_finding(built: Path) -> None:
    (built / "audio" / "ja" / "tail.wav").unlink()
    with pytest.raises(ClipError):
        check("ja", built, None)
