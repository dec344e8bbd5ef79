import json
from pathlib import Path

import numpy as np
import pytest

from prompts import CatalogueError, ClipError, ManifestError, UnknownLanguageError, load_catalogue
from prompts.wav import encode


def test_a_catalogue_gives_text_and_audio_by_id(built: Path) -> None:
    catalogue = load_catalogue("ja", built)
    assert catalogue.ids[:3] == ("confirm.ask", "wrong.again", "done.set")
    assert catalogue.text("wrong.again") == "helloagain"
    assert catalogue.clip("done.set").dtype == np.int16
    assert catalogue.follows_number("done.set")
    assert not catalogue.follows_number("confirm.ask")


def test_clips_are_shared_and_therefore_read_only(built: Path) -> None:
    catalogue = load_catalogue("ja", built)
    assert catalogue.clip("done.set") is catalogue.clip("done.set")
    with pytest.raises(ValueError, match="read-only"):
        catalogue.clip("done.set")[0] = 1


def test_rows_of_text_are_joined_by_the_separator_of_the_language(built: Path) -> None:
    path = built / "ja.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('separator = ""', 'separator = " "'), encoding="utf-8")
    assert load_catalogue("ja", built).text("wrong.again") == "hello again"


@pytest.mark.parametrize(
    ("group", "goes_on", "tones"),
    [
        ("5", False, ["fall"]),
        ("03", False, ["rise", "low"]),
        ("090", False, ["rise", "fall", "low"]),
        ("4747", False, ["rise", "high", "fall", "low"]),
        ("4747", True, ["rise", "high", "fall", "onward"]),
        ("5", True, ["onward"]),
    ],
)
def test_a_group_of_digits_is_read_in_the_tones_of_one_accent_phrase(
    built: Path, group: str, goes_on: bool, tones: list[str]
) -> None:
    ids = load_catalogue("ja", built).digit_ids(group, goes_on=goes_on)
    assert ids == tuple(f"digit.{digit}.{tone}" for digit, tone in zip(group, tones, strict=True))


@pytest.mark.parametrize("group", ["", "12345", "1a", "１２"])
def test_what_is_no_group_of_digits_is_refused(built: Path, group: str) -> None:
    with pytest.raises(ClipError, match="give 1 to 4 digits"):
        load_catalogue("ja", built).digit_ids(group)


@pytest.mark.parametrize("method", ["clip", "text", "follows_number"])
def test_an_unknown_id_is_named_with_the_file_to_add_it_to(built: Path, method: str) -> None:
    catalogue = load_catalogue("ja", built)
    with pytest.raises(ClipError, match=r"no clip 'greet'; add it to ja\.toml"):
        getattr(catalogue, method)("greet")


def test_an_unknown_language_is_refused(built: Path) -> None:
    with pytest.raises(UnknownLanguageError, match="'en'"):
        load_catalogue("en", built)


def test_a_missing_clip_is_named_with_the_remedy(built: Path) -> None:
    path = built / "audio" / "ja" / "done.set.wav"
    path.unlink()
    with pytest.raises(ClipError, match=r"done\.set\.wav cannot be read .*ivr prompts build --language ja"):
        load_catalogue("ja", built)


def test_a_clip_of_another_rate_is_named(built: Path) -> None:
    path = built / "audio" / "ja" / "done.set.wav"
    content = bytearray(path.read_bytes())
    content[24:28] = (44100).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(ClipError, match=r"done\.set\.wav is 44100 Hz"):
        load_catalogue("ja", built)


def test_a_clip_that_was_exchanged_is_named(built: Path) -> None:
    path = built / "audio" / "ja" / "done.set.wav"
    path.write_bytes(encode(np.zeros(800, dtype=np.int16)))
    with pytest.raises(ClipError, match=r"done\.set\.wav is not the file that the manifest describes"):
        load_catalogue("ja", built)


@pytest.mark.parametrize(
    ("old", "new"), [('text = "hello"', 'text = "hullo"'), ("[clips.", '[clips."new"]\ntext = "new"\n[clips.')]
)
def test_a_text_that_was_changed_without_a_build_is_named(built: Path, old: str, new: str) -> None:
    path = built / "ja.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ManifestError, match=r"(confirm\.ask|new)'.*build the audio again"):
        load_catalogue("ja", built)


def test_a_catalogue_that_lacks_a_clip_of_the_calls_is_refused(built: Path) -> None:
    path = built / "ja.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"confirm.ask"', '"confirm.asked"'), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"no clip 'confirm\.ask' \(asks for the same 8 digits again\); add"):
        load_catalogue("ja", built)


def test_a_catalogue_that_was_never_built_is_refused(small: Path) -> None:
    with pytest.raises(ManifestError, match=r"manifest\.json is missing; build"):
        load_catalogue("ja", small)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"clips": {"done.set": {}}}', '{"clips": 3}'])
def test_a_manifest_that_is_none_is_refused(built: Path, content: str) -> None:
    (built / "audio" / "ja" / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(ManifestError, match=r"manifest\.json is not a manifest"):
        load_catalogue("ja", built)


def test_a_manifest_of_another_form_is_refused(built: Path) -> None:
    path = built / "audio" / "ja" / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["clips"]["done.set"]["loudness"] = 3
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ManifestError, match="loudness"):
        load_catalogue("ja", built)
