"""Reads the script of the guidance: what `<language>.toml` says, checked and typed.

A line is one clip. Its text is what people read (transcripts, records), one sentence a row. Its `reading` is how the
voice must pronounce it, row by row, in the notation of the language's voice: kana and accents in `voice_ja.py`,
phonemes in `voice_en.py`. A line that people recorded needs no reading, and a catalogue of only recordings needs no
voice. Digits are not written out one by one: `[digits]` says how each is pronounced and in which tones it is recorded,
and every pair becomes a line.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from prompts.errors import CatalogueError, UnknownLanguageError

_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
_LINE_KEYS = {"text", "spoken", "reading", "follows_number"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One clip as the catalogue file describes it.

    Attributes:
        id: the clip's name, such as `unit.ask`.
        text: what is said, for people to read; one sentence a row.
        spoken: what the voice is given if it would misread the text; otherwise the same as `text`.
        reading: the expected pronunciation, with as many rows as `spoken`; None to accept the voice's own.
        follows_number: whether the clip continues a sentence that started with a number, without a pause.
        digit: the digit, if the line is one; else None.
        tone: which of the digit's tones this is; None if the line is not a digit.
    """

    id: str
    text: str
    spoken: str
    reading: str | None
    follows_number: bool = False
    digit: int | None = None
    tone: str | None = None


@dataclass(frozen=True, kw_only=True)
class DigitReading:
    """The way in which a number is read out.

    Attributes:
        spoken: what the voice is given for 0 to 9.
        reading: the expected pronunciation of each; None to accept the voice's own.
        groups: the tones of the digits of a group, by its length.
        onward_tone: the tone of the number's last digit if the sentence goes on after it.
    """

    spoken: tuple[str, ...]
    reading: tuple[str, ...] | None
    groups: Mapping[int, tuple[str, ...]]
    onward_tone: str

    @property
    def tones(self) -> tuple[str, ...]:
        """All tones that occur, in a fixed order."""
        found = dict.fromkeys(tone for length in sorted(self.groups) for tone in self.groups[length])
        return tuple(dict.fromkeys((*found, self.onward_tone)))


@dataclass(frozen=True, kw_only=True)
class VoiceSettings:
    """The settings of the voice.

    Attributes:
        name: the voice that the builder uses.
        speed: the pace; 1.0 is the voice's own, less is slower.
        digit_speed: the same for digits, which the caller must catch one by one.
        half_tone: the shift of the pitch, in semitones.
        sentence_pause_s: the silence between two sentences of one clip.
        accents: the mora after which the pitch falls, by accent phrase, if the dictionary of a voice with pitch accents
            is wrong.
    """

    name: str
    speed: float
    digit_speed: float
    half_tone: float
    sentence_pause_s: float
    accents: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Script:
    """A catalogue file.

    Attributes:
        language: the language tag, the same as the file's name.
        separator: the text between two clips in a transcript; "" in Japanese.
        lines: all clips, including digits, by id and in the file's order.
        digits: how a number is read out.
        voice: how the voice speaks; None if people recorded every line.
    """

    language: str
    separator: str
    lines: Mapping[str, Line]
    digits: DigitReading
    voice: VoiceSettings | None


def read_script(language: str, directory: Path) -> Script:
    """Read `<directory>/<language>.toml`.

    Raises:
        UnknownLanguageError: there is no such file.
        CatalogueError: it is not TOML, or a key is missing, unknown or of the wrong type.
    """
    path = directory / f"{language}.toml"
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", language) or not path.is_file():
        known = ", ".join(sorted(file.stem for file in directory.glob("*.toml"))) or "none"
        raise UnknownLanguageError(
            f"no catalogue for language {language!r} at {path}; choose one of: {known}, or add that file"
        )
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path} is not a TOML file in UTF-8: {error}; correct it") from error
    try:
        return _script(document, language)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"key {error} is missing" if isinstance(error, KeyError) else str(error)
        raise CatalogueError(f"{path}: {reason}; compare it with ja.toml") from error


def _script(document: Mapping[str, Any], language: str) -> Script:
    if document["language"] != language:
        raise ValueError(f"language is {document['language']!r}, but the file's name says {language!r}")
    digits = _digits(document["digits"])
    lines = {id_: _line(id_, entry) for id_, entry in document["clips"].items()}
    for digit, spoken in enumerate(digits.spoken):
        reading = None if digits.reading is None else digits.reading[digit]
        for tone in digits.tones:
            id_ = digit_id(str(digit), tone)
            lines[id_] = Line(id=id_, text=str(digit), spoken=spoken, reading=reading, digit=digit, tone=tone)
    return Script(
        language=language,
        separator=str(document["separator"]),
        lines=MappingProxyType(lines),
        digits=digits,
        voice=_voice(document["voice"]) if "voice" in document else None,
    )


def digit_id(digit: str, tone: str) -> str:
    """Return the id of the clip of one digit in one tone."""
    return f"digit.{digit}.{tone}"


def _line(id_: str, entry: Mapping[str, Any]) -> Line:
    if not _ID.fullmatch(id_) or id_.startswith("digit."):
        raise ValueError(f"{id_!r} cannot name a clip (small letters, digits, _ and dots; digit. is taken)")
    if unknown := set(entry) - _LINE_KEYS:
        raise ValueError(f"clip {id_!r} has unknown keys {sorted(unknown)}")
    text = entry["text"].strip()
    spoken = entry.get("spoken", text).strip()
    reading = entry["reading"].strip() if "reading" in entry else None
    if not text or not spoken:
        raise ValueError(f"clip {id_!r} has no text")
    if reading is not None and len(spoken.splitlines()) != len(reading.splitlines()):
        raise ValueError(f"the reading of clip {id_!r} must have one row for each sentence that is spoken")
    follows_number = entry.get("follows_number", False)
    if not isinstance(follows_number, bool):
        raise TypeError(f"follows_number of clip {id_!r} must be true or false")
    return Line(id=id_, text=text, spoken=spoken, reading=reading, follows_number=follows_number)


def _digits(entry: Mapping[str, Any]) -> DigitReading:
    spoken = tuple(map(str, entry["spoken"]))
    reading = tuple(map(str, entry["reading"])) if "reading" in entry else None
    groups = {int(length): tuple(map(str, tones)) for length, tones in entry["groups"].items()}
    if len(spoken) != 10 or (reading is not None and len(reading) != 10):
        raise ValueError("digits.spoken and digits.reading must name the ten digits 0 to 9")
    if sorted(groups) != [1, 2, 3, 4] or any(len(tones) != length for length, tones in groups.items()):
        raise ValueError("digits.groups must say one tone per digit for groups of 1, 2, 3 and 4 digits")
    onward_tone = str(entry["onward_tone"])
    return DigitReading(spoken=spoken, reading=reading, groups=MappingProxyType(groups), onward_tone=onward_tone)


def _voice(entry: Mapping[str, Any]) -> VoiceSettings:
    return VoiceSettings(
        name=str(entry["name"]),
        speed=float(entry["speed"]),
        digit_speed=float(entry["digit_speed"]),
        half_tone=float(entry["half_tone"]),
        sentence_pause_s=float(entry["sentence_pause_s"]),
        accents=MappingProxyType({str(phrase): int(mora) for phrase, mora in entry.get("accents", {}).items()}),
    )
