"""An operator exports the English guidance, changes it, and imports it."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from prompts import Catalogue, ReplacementError, home, load_catalogue
from prompts.building import replacement
from prompts.building.check import check
from prompts.building.export import export
from prompts.building.replacement import LARGEST_RECORDING, LARGEST_TEXT, import_catalogue
from prompts.catalogue import HERE
from prompts.errors import VoiceError
from prompts.manifest import Source, read_manifest
from prompts.purposes import PURPOSES
from sound.samples import to_float32

pytestmark = pytest.mark.slow

CLIPS = len(PURPOSES) + 10
"""The clips of a catalogue that has each digit in one tone, as the English one does."""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return the operator's directory, empty."""
    return tmp_path / "own"


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """Return a directory with the exported English guidance."""
    export("en", HERE, tmp_path / "edited")
    return tmp_path / "edited"


def in_use(own: Path, language: str = "en") -> Catalogue:
    return load_catalogue(language, home(language, own))


def change(directory: Path, old: str, new: str, language: str = "en") -> None:
    path = directory / f"{language}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def take(duration_s: float = 1.5) -> NDArray[np.float64]:
    """Return a recording of speech at 44.1 kHz."""
    return resample_poly(to_float32(load_catalogue("ja").clip("number.ask")[: round(duration_s * 8000)]), 441, 80)


def record(directory: Path, id_: str, samples: NDArray[np.float64], name: str = "{}.wav") -> None:
    (directory / f"{id_}.wav").unlink(missing_ok=True)
    soundfile.write(directory / name.format(id_), samples, 44100)


def refused(source: Path, own: Path) -> list[str]:
    with pytest.raises(ReplacementError) as caught:
        import_catalogue(source, own)
    return str(caught.value).splitlines()


def test_an_export_has_the_wording_every_clip_and_what_each_is_for(edited: Path) -> None:
    catalogue = load_catalogue("en")
    assert {path.name for path in edited.iterdir()} == {
        "README.txt",
        "en.toml",
        "manifest.json",
        *(f"{id_}.wav" for id_ in catalogue.ids),
    }
    readme = (edited / "README.txt").read_text(encoding="utf-8")
    assert f"ivr prompts import {edited}" in readme
    for id_ in catalogue.ids:
        assert re.search(rf"^{re.escape(id_)}\.wav +\d+\.\d s, .+\n    {re.escape(catalogue.text(id_))}$", readme, re.M)


def test_an_export_writes_over_nothing(edited: Path) -> None:
    with pytest.raises(ReplacementError, match="is not empty; name a new directory"):
        export("en", HERE, edited)


def test_an_export_to_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReplacementError, match=r"file.* cannot be written .*; name another place"):
        export("en", HERE, tmp_path / "file" / "place")


def test_what_was_not_changed_stays_byte_for_byte(edited: Path, own: Path) -> None:
    done = import_catalogue(edited, own)
    assert (done.language, done.recorded, done.spoken, done.kept) == ("en", (), (), CLIPS)
    assert read_manifest("en", home("en", own)) == read_manifest("en", HERE)
    assert check("en", home("en", own), None) == []


@pytest.mark.needs("flite")
def test_a_changed_wording_is_spoken_by_the_voice(edited: Path, own: Path) -> None:
    change(edited, "We are sorry.", "We apologise.")
    change(edited, "w iy aa r s aa r iy", "w iy ax p aa l ax jh ay z")
    assert import_catalogue(edited, own).spoken == ("unavailable",)
    assert in_use(own).text("unavailable").startswith("We apologise. ")
    assert not np.array_equal(in_use(own).clip("unavailable"), load_catalogue("en").clip("unavailable"))
    assert in_use(own, "ja").text("unavailable") == load_catalogue("ja").text("unavailable")


@pytest.mark.needs("flite")
def test_a_changed_pace_lets_the_voice_speak_all_anew(edited: Path, own: Path) -> None:
    change(edited, "\nspeed = 0.9", "\nspeed = 0.8")
    assert len(import_catalogue(edited, own).spoken) == CLIPS
    assert len(in_use(own).clip("unavailable")) > 1.1 * len(load_catalogue("en").clip("unavailable"))


@pytest.mark.needs("flite")
def test_a_wording_that_is_read_otherwise_than_the_catalogue_says_is_refused(edited: Path, own: Path) -> None:
    change(edited, "We are sorry.", "We apologise.")
    (reason,) = refused(edited, own)
    assert "'We apologise.' is read 'w iy ax p aa l ax jh ay z', not 'w iy aa r s aa r iy'" in reason
    assert "or remove it to accept the voice's" in reason


@pytest.mark.parametrize("name", ["{}.wav", "{}.flac"])
def test_a_recording_takes_the_place_of_the_voice(edited: Path, own: Path, name: str) -> None:
    record(edited, "wrong.again", np.stack([take(), take()], axis=1) / 8, name)
    change(edited, "What you entered is not right.\nPlease try again.", "Oh no.\nAgain, please.")
    assert import_catalogue(edited, own).recorded == ("wrong.again",)
    assert in_use(own).text("wrong.again") == "Oh no. Again, please."
    assert len(in_use(own).clip("wrong.again")) / 8000 == pytest.approx(1.5, abs=0.2)
    entry = read_manifest("en", home("en", own)).clips["wrong.again"]
    assert (entry.source, entry.phonemes) == (Source.RECORDING, "")


@pytest.mark.needs("flite")
def test_recordings_stay_through_a_further_export_and_import(edited: Path, own: Path, tmp_path: Path) -> None:
    record(edited, "wrong.again", take())
    import_catalogue(edited, own)
    again = tmp_path / "again"
    export("en", home("en", own), again)
    change(again, "We are sorry.", "We are so sorry.")
    change(again, "w iy aa r s aa r iy", "w iy aa r s ow s aa r iy")
    done = import_catalogue(again, own)
    assert (done.recorded, done.spoken, done.kept) == ((), ("unavailable",), CLIPS - 1)
    assert read_manifest("en", home("en", own)).clips["wrong.again"].source is Source.RECORDING


@pytest.mark.needs("flite")
def test_one_directory_can_be_changed_and_imported_time_and_again(edited: Path, own: Path) -> None:
    change(edited, "We are sorry.", "We are so sorry.")
    change(edited, "w iy aa r s aa r iy", "w iy aa r s ow s aa r iy")
    assert import_catalogue(edited, own).spoken == ("unavailable",)
    record(edited, "wrong.again", take())
    done = import_catalogue(edited, own)
    assert (done.recorded, done.spoken, done.kept) == (("wrong.again",), ("unavailable",), CLIPS - 2)
    assert read_manifest("en", home("en", own)).clips["unavailable"].source is Source.VOICE


def test_without_the_manifest_no_clip_of_a_voice_is_taken_for_a_recording(edited: Path, own: Path) -> None:
    (edited / "manifest.json").unlink()
    reasons = refused(edited, own)
    assert len(reasons) == CLIPS
    assert all("is what the voice of language en says, not a recording" in reason for reason in reasons)


def test_a_recording_of_the_old_wording_is_refused(edited: Path, own: Path, tmp_path: Path) -> None:
    record(edited, "unavailable", take())
    import_catalogue(edited, own)
    again = tmp_path / "again"
    export("en", home("en", own), again)
    change(again, "We are sorry.", "We are so sorry.")
    (reason,) = refused(again, own)
    assert "unavailable.wav is the recording of the old wording" in reason


@pytest.mark.needs("flite")
def test_a_clip_that_was_removed_is_spoken_by_the_voice(edited: Path, own: Path, tmp_path: Path) -> None:
    record(edited, "wrong.again", take())
    import_catalogue(edited, own)
    again = tmp_path / "again"
    export("en", home("en", own), again)
    (again / "wrong.again.wav").unlink()
    assert import_catalogue(again, own).spoken == ("wrong.again",)
    assert read_manifest("en", home("en", own)) == read_manifest("en", HERE)


def test_everything_that_is_wrong_is_told_at_once_and_the_old_catalogue_stays(edited: Path, own: Path) -> None:
    import_catalogue(edited, own)
    record(edited, "wrong.again", np.zeros(44100))
    record(edited, "done.set", np.clip(50 * take(), -1, 1))
    record(edited, "done.next", np.tile(take(), 42))
    record(edited, "unit.aks", take())
    record(edited, "confirm.ask", take(), "{}.flac")
    record(edited, "confirm.ask", take(), "{}.wav")
    change(edited, '"start.over"', '"start.again"')
    reasons = "\n".join(refused(edited, own))
    for reason in (
        "wrong.again.wav is silent: its active level is -inf dBFS",
        "done.set.wav is clipped",
        "done.next.wav lasts 63 s, more than 60",
        "unit.aks.wav belongs to no clip of en.toml",
        "start.over.wav belongs to no clip of en.toml",
        "confirm.ask.wav and confirm.ask.flac are for the same clip",
        "en.toml has no clip 'start.over'",
        "en.toml has a clip 'start.again', which no call plays",
    ):
        assert reason in reasons
    assert read_manifest("en", home("en", own)) == read_manifest("en", HERE)
    assert len(list(own.iterdir())) == 2


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    edited: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(edited, "wrong.again", take())
    huge = edited / "wrong.again.wav"
    os.truncate(huge, 3_000_000_000)  # sparse, with two seconds of audio: without a limit it would be accepted
    monkeypatch.setattr(Path, "read_bytes", _only_of_what_is_small(Path.read_bytes))
    (reason,) = refused(edited, own)
    assert reason.startswith(f"{huge} has 3,000,000,000 octets, more than 34,560,000; ")
    assert "Shorten it" in reason
    assert not own.exists()


def _only_of_what_is_small(read_bytes: Callable[[Path], bytes]) -> Callable[[Path], bytes]:
    def read(path: Path) -> bytes:
        assert path.stat().st_size <= LARGEST_RECORDING, f"{path} is read whole"
        return read_bytes(path)

    return read


@pytest.mark.parametrize(
    ("seconds", "said"), [(59.0, None), (61.0, "lasts 61 s"), (119.0, "lasts 119 s"), (121.0, "octets, more than")]
)
def test_a_recording_of_a_studio_is_told_how_long_it_is(
    seconds: float, said: str | None, edited: Path, own: Path
) -> None:
    (edited / "wrong.again.wav").unlink()
    one = np.resize(take(), 48_000)
    stereo = np.resize(np.stack([one, one], axis=1), (round(seconds * 48_000), 2))
    soundfile.write(edited / "wrong.again.wav", stereo, 48_000, subtype="PCM_24")
    if said is None:
        assert import_catalogue(edited, own).recorded == ("wrong.again",)
    else:
        assert said in refused(edited, own)[0]


@pytest.mark.parametrize("name", ["wrong.again.wav", "en.toml", "manifest.json"])
def test_what_is_no_file_is_refused_before_it_is_opened(name: str, edited: Path, own: Path) -> None:
    (edited / name).unlink()
    os.mkfifo(edited / name)
    assert refused(edited, own) == [
        f"{edited / name} is not a file but a named pipe; put a file there, or remove it",
    ]
    (edited / name).unlink()
    (edited / name).mkdir()
    assert "is not a file but a directory" in refused(edited, own)[0]


def test_a_link_to_a_file_that_is_gone_is_called_so(edited: Path, own: Path) -> None:
    (edited / "wrong.again.wav").unlink()
    (edited / "wrong.again.wav").symlink_to("moved.wav")
    (reason,) = refused(edited, own)
    assert f"{edited / 'wrong.again.wav'} cannot be read (No such file or directory)" in reason


@pytest.mark.parametrize("name", ["en.toml", "manifest.json"])
def test_a_catalogue_file_that_is_none_by_its_size_is_refused(name: str, edited: Path, own: Path) -> None:
    os.truncate(edited / name, 3_000_000_000)
    (reason,) = refused(edited, own)
    assert reason.startswith(f"{edited / name} has 3,000,000,000 octets, more than {LARGEST_TEXT:,}; ")


def test_a_disk_that_fills_leaves_the_old_catalogue(edited: Path, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_catalogue(edited, own)
    monkeypatch.setattr(replacement, "write", _disk_full)
    record(edited, "wrong.again", take())
    assert refused(edited, own) == [f"audio cannot be written (No space left on device); check {own}"]
    assert read_manifest("en", home("en", own)) == read_manifest("en", HERE)
    assert len(list(own.iterdir())) == 2


def _disk_full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device", "audio")


def test_recordings_can_be_imported_where_the_voice_is_not_installed(
    edited: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: object) -> None:
        raise VoiceError("install it")

    monkeypatch.setattr(replacement, "open_voice", away)
    record(edited, "wrong.again", take())
    assert import_catalogue(edited, own).recorded == ("wrong.again",)
    (edited / "wrong.again.wav").unlink()
    assert refused(edited, own) == ["install it"]


@pytest.fixture
def french(edited: Path) -> Path:
    """Return a directory with a new language of only recordings."""
    text = (edited / "en.toml").read_text(encoding="utf-8")
    text = text[: text.index("[voice]")] + text[text.index("[digits]") :]
    for reading in (r'"""[^"]*"""', '"[^"]+"', r"\[[^]]*\]"):
        text = re.sub(rf"^reading = {reading}\n", "", text, flags=re.M)
    (edited / "fr.toml").write_text(text.replace('language = "en"', 'language = "fr"'), encoding="utf-8")
    (edited / "en.toml").unlink()
    for path in edited.glob("*.wav"):
        record(edited, path.stem, take())
    return edited


def test_a_new_language_can_be_recorded(french: Path, own: Path) -> None:
    done = import_catalogue(french, own)
    assert (done.language, len(done.recorded), done.spoken, done.kept) == ("fr", CLIPS, (), 0)
    assert check("fr", home("fr", own), None) == []
    assert in_use(own, "fr").digit_ids("03") == ("digit.0.plain", "digit.3.plain")
    assert read_manifest("fr", home("fr", own)).voice == ""


def test_a_new_language_without_one_of_its_recordings_is_refused(french: Path, own: Path) -> None:
    (french / "digit.7.plain.wav").unlink()
    assert refused(french, own) == ["fr.toml names no voice for digit.7.plain; record them, or add a table [voice]"]
    assert not own.exists()


def test_a_clip_of_another_language_is_no_recording(french: Path, own: Path) -> None:
    shutil.copyfile(HERE / "audio" / "ja" / "unavailable.wav", french / "unavailable.wav")
    (reason,) = refused(french, own)
    assert "unavailable.wav is what the voice of language ja says, not a recording; record it, or" in reason


def test_a_directory_of_no_or_two_languages_is_refused(french: Path, own: Path) -> None:
    (french / "en.toml").write_text("", encoding="utf-8")
    assert refused(french, own) == [f"{french} has 2 catalogue files (*.toml); leave one, or give --language"]
    (own / "empty").mkdir(parents=True)
    assert "has 0 catalogue files" in refused(own / "empty", own)[0]


def test_a_directory_that_is_not_there_is_called_so(own: Path) -> None:
    assert refused(own / "nowhere", own)[0].startswith(f"there is no directory {own / 'nowhere'}")
