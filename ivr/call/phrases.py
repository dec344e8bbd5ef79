"""The phrases that callers hear: clips and numbers in order, rendered as one run of samples, or as text.

A number is read digit by digit in the groups in which people write it (03-6304-4747), with a pause between the groups.
Every phrase starts with a short silence: a caller who types ahead, and so skips guidance after guidance, hears silence
and not the first syllable of each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from credentials.lines.number_groups import digits_of
from prompts import Catalogue
from sound.telephone import SAMPLE_RATE_HZ

LEAD_IN_S = 0.3
DIGIT_PAUSE_S = 0.04
GROUP_PAUSE_S = 0.3
CLAUSE_PAUSE_S = 0.25
SENTENCE_PAUSE_S = 0.45

# Phrases of clips alone are few, and stay; phrases with a number come and go with the calls.
_RENDERED_PHRASES = 256

_ACCENT_PHRASE_DIGITS = 4
"""How many digits at most are spoken in one accent phrase."""


@dataclass(frozen=True)
class Number:
    """A telephone number within a phrase, as national digits without hyphens.

    Raises:
        ValueError: the text is not 1 to 20 digits 0-9.
    """

    digits: str

    def __post_init__(self) -> None:
        if not (self.digits.isascii() and self.digits.isdigit() and len(self.digits) <= 20):
            raise ValueError(f"{self.digits!r} cannot be read out as a number; give 1 to 20 digits 0-9")


Part: TypeAlias = str | Number
"""A clip's id, or a number."""


@dataclass(frozen=True)
class Phrase:
    """A piece of guidance: clip ids and numbers, in the order in which they are said.

    Raises:
        ValueError: there is nothing to say.
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("a phrase must have at least one part")

    @property
    def name(self) -> str:
        """A name for the phrase: the clip ids, with the word `number` for a number."""
        return "+".join(part if isinstance(part, str) else "number" for part in self.parts)


@lru_cache(maxsize=_RENDERED_PHRASES)
def render(phrase: Phrase, catalogue: Catalogue) -> NDArray[np.int16]:
    """Render a phrase as samples: int16, 8 kHz, shape ``(n,)``, read-only because calls share them.

    Raises:
        prompts.PromptError: the catalogue lacks one of the clips.
    """
    pieces = [_silence(LEAD_IN_S)]
    previous: Part | None = None
    for part, following in zip(phrase.parts, (*phrase.parts[1:], None), strict=True):
        if previous is not None:
            pieces.append(_silence(_pause_between(previous, part, catalogue)))
        if isinstance(part, Number):
            pieces += _number(part, catalogue, goes_on=_goes_on(following, catalogue))
        else:
            pieces.append(catalogue.clip(part))
        previous = part
    samples = np.concatenate(pieces)
    samples.setflags(write=False)
    return samples


def transcript(phrase: Phrase, catalogue: Catalogue) -> str:
    """Write a phrase as text, numbers with hyphens: `03-6304-4747の、仮パスワードを設定します。`.

    Raises:
        prompts.PromptError: the catalogue lacks one of the clips.
    """
    return catalogue.separator.join(
        catalogue.text(part) if isinstance(part, str) else "-".join(digits_of(part.digits)) for part in phrase.parts
    )


def _number(number: Number, catalogue: Catalogue, *, goes_on: bool) -> Iterator[NDArray[np.int16]]:
    groups = digits_of(number.digits)
    for place, group in enumerate(groups):
        if place > 0:
            yield _silence(GROUP_PAUSE_S)
        ids = _digit_ids(group, catalogue, goes_on=goes_on and place == len(groups) - 1)
        for index, id_ in enumerate(ids):
            if index > 0:
                yield _silence(DIGIT_PAUSE_S)
            yield catalogue.clip(id_)


def _digit_ids(group: str, catalogue: Catalogue, *, goes_on: bool) -> tuple[str, ...]:
    """The clips of a group. An area code of five digits is two accent phrases (04 992) in one group."""
    middle = len(group) // 2 if len(group) > _ACCENT_PHRASE_DIGITS else 0
    first = catalogue.digit_ids(group[:middle]) if middle else ()
    return first + catalogue.digit_ids(group[middle:], goes_on=goes_on)


def _pause_between(before: Part, after: Part, catalogue: Catalogue) -> float:
    if isinstance(before, Number):
        return DIGIT_PAUSE_S if _goes_on(after, catalogue) else SENTENCE_PAUSE_S
    return SENTENCE_PAUSE_S if catalogue.text(before).endswith(("。", ".", "?", "!")) else CLAUSE_PAUSE_S


def _goes_on(after: Part | None, catalogue: Catalogue) -> bool:
    """Whether the part after a number continues the number's sentence."""
    return isinstance(after, str) and catalogue.follows_number(after)


def _silence(duration_s: float) -> NDArray[np.int16]:
    return np.zeros(round(duration_s * SAMPLE_RATE_HZ), dtype=np.int16)
