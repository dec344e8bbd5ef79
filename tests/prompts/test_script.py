from pathlib import Path

import pytest

from prompts.errors import CatalogueError, UnknownLanguageError
from prompts.script import read_script
from tests.prompts.small import SMALL


def change(directory: Path, old: str, new: str) -> None:
    path = directory / "ja.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_line_is_spoken_as_written_unless_another_spelling_is_given(small: Path) -> None:
    lines = read_script("ja", small).lines
    assert lines["confirm.ask"].spoken == "hello"
    assert (lines["done.set"].text, lines["done.set"].spoken) == ("#1", "sharp one")


def test_rows_of_a_line_lose_only_the_blank_ones_around_them(small: Path) -> None:
    assert read_script("ja", small).lines["wrong.again"].text == "hello\nagain"


def test_every_digit_is_a_line_in_every_tone(small: Path) -> None:
    lines = read_script("ja", small).lines
    digits = [line for line in lines.values() if line.digit is not None]
    assert len(digits) == 50
    assert lines["digit.7.high"].reading == "NANA"
    assert {line.tone for line in digits} == {"rise", "high", "fall", "low", "onward"}


def test_a_catalogue_of_recordings_needs_neither_voice_nor_readings(small: Path) -> None:
    change(small, SMALL[SMALL.index("[voice]") : SMALL.index("[digits]")], "")
    change(small, 'reading = "HELLO"\n', "")
    script = read_script("ja", small)
    assert (script.voice, script.lines["confirm.ask"].reading) == (None, None)


def test_an_unknown_language_is_refused_with_the_known_ones(small: Path) -> None:
    with pytest.raises(UnknownLanguageError, match=r"'fr' .*fr\.toml.* choose one of: ja"):
        read_script("fr", small)


def test_a_language_cannot_reach_out_of_the_directory(small: Path) -> None:
    with pytest.raises(UnknownLanguageError):
        read_script("../" + small.name + "/ja", small)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('text = "hello"', "", "key 'text' is missing"),
        ('reading = "HELLO"', 'reading = "HELLO"\nvolume = 3', r"confirm\.ask.*unknown keys \['volume'\]"),
        ("HELLO\nAGAIN", "HELLO", r"wrong\.again.*one row for each sentence"),
        ('language = "ja"', 'language = "en"', "'en', but the file's name says 'ja'"),
        ("follows_number = true", 'follows_number = "yes"', "follows_number.*true or false"),
        ('"confirm.ask"', '"Greet/one"', "cannot name a clip"),
        ('"confirm.ask"', '"digit.1.rise"', "cannot name a clip"),
        ('2 = ["rise", "low"]', '2 = ["rise"]', "one tone per digit"),
        ('"zero", "ichi"', '"zero"', "ten digits"),
        ('"ZERO", "ICHI"', '"ZERO"', "ten digits"),
        ('text = "hello"', 'text = " "', r"confirm\.ask.*has no text"),
        ("speed = 1.0", 'speed = "fast"', "fast"),
        ("[voice]", "[voice", "not a TOML file"),
    ],
)
def test_a_wrong_catalogue_is_refused_with_the_file_and_the_reason(
    small: Path, old: str, new: str, message: str
) -> None:
    change(small, old, new)
    with pytest.raises(CatalogueError, match=message) as caught:
        read_script("ja", small)
    assert str(small / "ja.toml") in str(caught.value)


def test_a_catalogue_that_is_not_utf8_is_refused(small: Path) -> None:
    (small / "ja.toml").write_bytes("language = '日本'".encode("shift_jis"))
    with pytest.raises(CatalogueError, match="UTF-8"):
        read_script("ja", small)
