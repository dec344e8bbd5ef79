from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prompts import load_catalogue
from prompts.building import sound
from prompts.building.build import clip_of, speak, write
from prompts.building.check import check
from prompts.script import read_script


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
    monkeypatch.setattr(sound, "FADE_S", 0.01)
    (finding,) = check("ja", built, None)
    assert "fade_s 0.005, now it is 0.01" in finding


def test_a_voice_that_now_reads_otherwise_is_found(built: Path, voice: Any) -> None:
    voice.reading = lambda sentence: "???" if sentence == "again" else type(voice).reading(voice, sentence)
    (finding,) = check("ja", built, voice)
    assert "wrong.again: 'again' is read '???'" in finding


def test_a_spelling_that_changed_without_a_build_is_found(built: Path) -> None:
    change(built, 'spoken = "sharp one"', 'spoken = "Sharp one"')
    (finding,) = check("ja", built, None)
    assert finding.startswith("clip 'done.set': text and ")


def test_a_voice_that_now_speaks_other_phonemes_is_found(built: Path, voice: Any) -> None:
    voice.phonemes = lambda sentence: "?" if sentence == "sharp one" else type(voice).phonemes(voice, sentence)
    (finding,) = check("ja", built, voice)
    assert finding.startswith("done.set: the voice now speaks other phonemes")


def test_every_broken_clip_is_a_finding_of_its_own(built: Path) -> None:
    folder = built / "audio" / "ja"
    (folder / "done.set.wav").unlink()
    (folder / "digit.3.low.wav").write_bytes(b"no audio")
    first, second = check("ja", built, None)
    assert "digit.3.low.wav is not a PCM WAV file" in first
    assert "done.set.wav cannot be read" in second


def test_a_clip_that_is_unfit_for_a_telephone_is_found(built: Path, voice: Any) -> None:
    script = read_script("ja", built)
    loud = clip_of(script.lines["done.set"], np.full(8000, 30000, np.int16), phonemes="#")
    clips = {**speak(script, voice, script.lines), "done.set": loud}
    write(script, clips, built, voice=voice.description)
    findings = check("ja", built, None)
    assert [finding.split("; ")[0] for finding in findings] == [
        "clip 'done.set' has a peak of -0.8 dBFS, above -3",
        "clip 'done.set' has an active level of -0.8 dBFS, not -20 within 5 dB",
    ]


def test_a_missing_and_a_mistyped_id_are_found(built: Path) -> None:
    change(built, '"start.over"', '"start.again"')
    found = check("ja", built, None)
    assert any("has no clip 'start.over'" in finding for finding in found)
    assert any("has a clip 'start.again', which no call plays" in finding for finding in found)


def test_a_recording_is_not_held_against_the_voice(built: Path, voice: Any) -> None:
    script = read_script("ja", built)
    recorded = clip_of(script.lines["done.set"], load_catalogue("ja", built).clip("confirm.ask"))
    write(script, {**speak(script, voice, script.lines), "done.set": recorded}, built, voice=voice.description)
    change(built, 'spoken = "sharp one"', 'spoken = "Sharp one"')
    assert check("ja", built, voice) == []
