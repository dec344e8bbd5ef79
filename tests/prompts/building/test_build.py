import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prompts.building.build import build, clip_of, speak, write
from prompts.building.voices import open_voice
from prompts.errors import CatalogueError, VoiceError
from prompts.manifest import Source, read_manifest
from prompts.purposes import PURPOSES
from prompts.script import read_script
from prompts.wav import decode


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (directory / "audio" / "ja").iterdir()}


def clip(directory: Path, id_: str) -> np.ndarray[Any, np.dtype[np.int16]]:
    path = directory / "audio" / "ja" / f"{id_}.wav"
    return decode(path.read_bytes(), path)


def test_the_same_script_and_voice_give_the_same_bytes(built: Path, voice: Any) -> None:
    before = files(built)
    build(read_script("ja", built), voice, built)
    assert files(built) == before
    assert len(before) == len(PURPOSES) + 50 + 1


def test_the_manifest_says_what_became_which_audio(built: Path) -> None:
    manifest = read_manifest("ja", built)
    entry = manifest.clips["done.set"]
    assert (entry.text, entry.reading, entry.phonemes) == ("#1", "SHARP ONE", "s h a r p   o n e")
    assert entry.sha256 == hashlib.sha256(files(built)["done.set.wav"]).hexdigest()
    assert entry.samples == len(clip(built, "done.set"))
    assert (manifest.voice, manifest.parameters["speed"]) == ("sine 1", 1.0)


def test_sentences_of_a_clip_stand_apart_by_the_pause_of_the_voice(built: Path) -> None:
    one, two = clip(built, "confirm.ask"), clip(built, "wrong.again")
    assert len(two) / 8000 == pytest.approx(2 * len(one) / 8000 + 0.5, abs=0.01)


def test_the_tones_of_a_digit_keep_their_levels_to_each_other(built: Path) -> None:
    loud, soft = clip(built, "digit.3.rise"), clip(built, "digit.3.high")
    assert np.abs(loud).max() / np.abs(soft).max() == pytest.approx(1.25, rel=0.01)


def test_the_voice_learns_which_sentence_goes_on_after_a_number(built: Path, voice: Any) -> None:
    assert voice.followed_number == ["sharp one"]


def test_a_misreading_stops_the_build_before_anything_is_written(small: Path, voice: Any) -> None:
    path = small / "ja.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("AGAIN", "A GAIN"), encoding="utf-8")
    with pytest.raises(VoiceError, match=r"wrong\.again: 'again' is read 'AGAIN', not 'A GAIN'"):
        build(read_script("ja", small), voice, small)
    assert not (small / "audio").exists()


def test_a_misread_digit_stops_the_build(small: Path, voice: Any) -> None:
    path = small / "ja.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"NII"', '"NI"'), encoding="utf-8")
    with pytest.raises(VoiceError, match=r"digit\.2\.rise: 'nii' is read 'NII', not 'NI'"):
        build(read_script("ja", small), voice, small)


def test_a_recording_stays_when_the_voice_speaks_the_rest_anew(built: Path, voice: Any) -> None:
    script = read_script("ja", built)
    recorded = clip_of(script.lines["done.set"], clip(built, "confirm.ask"))
    write(script, {**speak(script, voice, script.lines), "done.set": recorded}, built, voice=voice.description)
    before = files(built)
    (built / "audio" / "ja" / "confirm.ask.wav").unlink()
    build(script, voice, built)
    assert files(built) == before
    entry = read_manifest("ja", built).clips["done.set"]
    assert (entry.source, entry.phonemes, entry.sha256) == (Source.RECORDING, "", recorded.entry.sha256)


def test_a_line_without_a_reading_is_read_as_the_voice_reads_it(small: Path, voice: Any) -> None:
    assert build(read_script("ja", small), voice, small).clips["unit.ask"].reading is None


def test_without_a_voice_the_lines_that_it_would_speak_are_named(small: Path) -> None:
    with pytest.raises(VoiceError, match=r"names no voice for confirm\.ask, .*unit\.ask.*; record them, or add"):
        build(read_script("ja", small), None, small)


def test_a_clip_that_no_line_asks_for_any_more_is_removed(built: Path, voice: Any) -> None:
    (built / "audio" / "ja" / "old.wav").write_bytes(b"old")
    build(read_script("ja", built), voice, built)
    assert "old.wav" not in files(built)


def test_a_tone_that_the_voice_does_not_have_is_named(small: Path, voice: Any) -> None:
    path = small / "ja.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('1 = ["fall"]', '1 = ["sung"]'), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"no tone 'sung'; it has .*'rise'"):
        build(read_script("ja", small), voice, small)


def test_an_unknown_voice_is_named_with_the_known_ones(small: Path) -> None:
    path = small / "ja.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"mei"', '"hal"'), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"no voice 'hal'.*mei"):
        open_voice(read_script("ja", small).voice)
