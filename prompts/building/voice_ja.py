"""The Japanese voice: Open JTalk's front-end and the HTS voice Mei, through pyopenjtalk (extra `voice`).

The front-end turns a sentence into words with pronunciation and accent. From these come the reading, which is checked
against the catalogue, and the full-context labels that the voice speaks. It takes one sentence at a time: the front-end
cannot take a long text, and we set the pauses between sentences.

Digits. Spoken alone, every digit would have its own accent, and a number would sound like a list of ten words. In
speech a group of digits is one accent phrase (ロクサンゼ'ロヨン): the pitch rises once and falls once. So each
digit is spoken inside a number, at each place of a group. The labels keep the accent phrase but get a pause between
the digits, so that the result can be cut apart without cutting through a sound.
"""

import contextlib
import importlib
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from prompts.building.sound import Samples, utterances
from prompts.errors import VoiceError
from prompts.script import VoiceSettings
from sound.telephone import FULL_SCALE

_MORA = re.compile(r".[ァィゥェォャュョヮ]?")
_PHONEME = re.compile(r"-(.+?)\+")
_TONES_OF_GROUP = ("rise", "high", "fall", "low")
_NUCLEUS_OF_GROUP = 5  # the first mora of the third digit; every digit has two morae
_MIN_GAP_S = 0.2  # pauses of the voice last 0.4 s, the closure of a plosive less than 0.15 s

_Feature = dict[str, Any]  # one word, as the front-end describes it (its NJD node)


class JapaneseVoice:
    """Speaks Japanese sentences and digits.

    Args:
        settings: pace, pitch, and the accents that are wrong in the dictionary.

    Raises:
        VoiceError: pyopenjtalk is not installed.
    """

    def __init__(self, settings: VoiceSettings) -> None:
        self._settings = settings
        # At import it prints a hint about an optional model that only disambiguates the word 何.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                self._engine = importlib.import_module("pyopenjtalk")
            except ImportError as error:
                raise VoiceError("the Japanese voice needs pyopenjtalk: pip install 'karipass[voice]'") from error

    @property
    def description(self) -> str:
        """The engine, its version and the voice, for the manifest."""
        return f"pyopenjtalk-plus {self._engine.__version__}, HTS Voice Mei (normal)"

    def reading(self, sentence: str) -> str:
        """Return how the sentence will be pronounced, in the catalogue's kana notation."""
        phrases: list[str] = []
        for phrase in _accent_phrases(self._features(sentence)):
            if _is_pause(phrase[0]):
                phrases.append("、")
                continue
            morae = _morae(phrase)
            nucleus = int(phrase[0]["acc"])
            if 0 < nucleus <= len(morae):
                morae[nucleus - 1] += "'"
            phrases.append("".join(morae))
        return " ".join(phrases).replace(" 、", "、").replace("、 ", "、").strip("、")

    def phonemes(self, sentence: str) -> str:
        """Return the phonemes that are spoken, `pau` for a pause, separated by spaces."""
        names = [_phoneme(label) for label in self._labels(self._features(sentence))]
        return " ".join(name for name in names if name != "sil")

    def say(self, sentence: str, *, follows_number: bool) -> tuple[Samples, int]:
        """Speak one sentence.

        Args:
            sentence: the text.
            follows_number: whether it continues a sentence that started with a number, so that its first word goes on
                at the low pitch at which the number ended.

        Returns:
            Samples (full scale 1.0, at the voice's own level) and their rate in Hz.
        """
        features = self._features(sentence)
        if not follows_number:
            return self._synthesize(self._labels(features))
        number = [self._digit("ナナ"), self._digit("ナナ", joined=True)]
        number[0]["acc"] = 2
        labels = self._labels([*number, {**features[0], "chain_flag": 1}, *features[1:]])
        samples, rate_hz = self._synthesize(_with_pauses_before(labels, [_starts_of_morae(labels)[4]]))
        parts = utterances(samples, rate_hz, min_gap_s=_MIN_GAP_S)
        if len(parts) < 2:
            raise VoiceError(f"{sentence!r} could not be cut from the number before it; reword it")
        return np.concatenate(parts[1:]), rate_hz

    def say_digit(self, spoken: str) -> tuple[Mapping[str, Samples], int]:
        """Speak one digit in all its tones, within a number.

        Returns:
            Tone -> samples (all at one level scale, so that low tones stay softer), and their rate in Hz.
        """
        pause = self._features("ゼロ、ゼロ")[1]
        group = [self._digit(spoken, joined=place > 0) for place in range(4)]
        group[0]["acc"] = _NUCLEUS_OF_GROUP
        tail = self._features("の、電話番号です。")
        tail[0]["chain_flag"] = 1
        labels = self._labels([self._digit("ゼロ"), pause, *group, pause, *group, *tail])
        starts = _starts_of_morae(labels)
        # morae 0-1 are ゼロ; 2-9 and 10-17 are the two groups, each with a pause after it anyway
        cuts = [starts[mora] for mora in (4, 6, 8, 12, 14, 16, 18)]
        samples, rate_hz = self._synthesize(_with_pauses_before(labels, cuts), self._settings.digit_speed)
        parts = utterances(samples, rate_hz, min_gap_s=_MIN_GAP_S)
        if len(parts) != 11:
            raise VoiceError(f"digit {spoken!r} came out in {len(parts)} parts instead of 11; write it differently")
        tones = dict(zip(_TONES_OF_GROUP, parts[1:5], strict=True))
        return {**tones, "onward": parts[8]}, rate_hz

    def _features(self, sentence: str) -> list[_Feature]:
        # Only the dictionary is used: models that guess at ambiguous words depend on what is installed.
        try:
            words = self._engine.run_frontend(sentence, predict_nani=False, use_sudachi_kanji_yomi=False)
        except RuntimeError as error:
            raise VoiceError(f"{sentence[:20]!r}... cannot be read ({error}); write a sentence a row") from error
        features = [dict(word) for word in words]
        for phrase in _accent_phrases(features):
            accent = self._settings.accents.get("".join(_morae(phrase)))
            if accent is not None:
                phrase[0]["acc"] = accent
        return features

    def _digit(self, kana: str, *, joined: bool = False) -> _Feature:
        features = self._features(kana)
        if len(features) != 1 or features[0]["mora_size"] != 2:
            raise VoiceError(f"digit {kana!r} must be read as one word of two morae; write it differently")
        return {**features[0], "chain_flag": 1 if joined else 0}

    def _labels(self, features: Sequence[_Feature]) -> list[str]:
        labels: list[str] = self._engine.make_label(features)
        return labels

    def _synthesize(self, labels: list[str], speed: float | None = None) -> tuple[Samples, int]:
        speed = self._settings.speed if speed is None else speed
        samples, rate_hz = self._engine.synthesize(labels, speed, self._settings.half_tone)
        return np.asarray(samples, dtype=np.float64) / FULL_SCALE, int(rate_hz)


def _is_pause(word: _Feature) -> bool:
    return bool(word["pos"] == "記号") or not word["mora_size"]


def _accent_phrases(features: Sequence[_Feature]) -> list[list[_Feature]]:
    phrases: list[list[_Feature]] = []
    for word in features:
        joins = word["chain_flag"] == 1 and phrases and not _is_pause(phrases[-1][0])
        if joins and not _is_pause(word):
            phrases[-1].append(word)
        else:
            phrases.append([word])
    return phrases


def _morae(phrase: Sequence[_Feature]) -> list[str]:
    # ’ marks a devoiced vowel, which the voice handles
    return [mora for word in phrase for mora in _MORA.findall(word["pron"].replace("’", ""))]


def _phoneme(label: str) -> str:
    found = _PHONEME.search(label)
    if found is None:
        raise VoiceError(f"the front-end gave a label without a phoneme: {label!r}")
    return found.group(1)


def _starts_of_morae(labels: Sequence[str]) -> list[int]:
    """Return the index of the first label of every mora (field A2 counts morae within the accent phrase)."""
    starts = []
    previous = None
    for index, label in enumerate(labels):
        place = re.search(r"/A:[^+]+\+(\w+)\+.*/F:(.*?)/", label)
        # the accent phrase's own fields distinguish two phrases that have one mora each
        current = place.groups() if place and place.group(1) != "xx" else None
        if current is not None and current != previous:
            starts.append(index)
        previous = current
    return starts


def _with_pauses_before(labels: Sequence[str], places: Sequence[int]) -> list[str]:
    """Insert a pause before each of these labels.

    A label is `p1^p2-p3+p4=p5/...`: the phoneme p3 with two neighbours on either side, then everything else that shapes
    rhythm and pitch. The sounds beside an inserted pause keep the neighbours that they had: if the labels showed the
    pause, the voice would let the pitch fall before it, as at the end of a sentence.
    """
    widened: list[str] = []
    for index, label in enumerate(labels):
        if index in places:
            widened.append(next(other for other in labels[index:] if _phoneme(other) in {"pau", "sil"}))
        widened.append(label)
    return widened
