"""Is a key ever heard in the echo of our own guidance?

    python -m tests.guidance_echo

All clips of a language, one behind the other, come back late and weak, through each coder that this machine has, as a
line without cancelling returns them to the receiver while a caller listens.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp import decode
from dsp.conformance.coders import CODERS, coded, missing_coders
from prompts import Catalogue, load_catalogue

LANGUAGES: Final = ("ja", "en")
LEVELS_DB: Final = (0, -12, -20, -30)
DELAYS_MS: Final = (60, 180, 300)
PAUSE: Final = np.zeros(2400, np.int16)


@dataclass(frozen=True)
class Heard:
    """The keys that were heard in one echo of all the guidance of a language; there should be none."""

    language: str
    coder: str
    level_db: int
    delay_ms: int
    keys: str


def guidance(catalogue: Catalogue) -> NDArray[np.int16]:
    """All clips of a language: int16, 8 kHz, (n,)."""
    return np.concatenate([part for id_ in catalogue.ids for part in (catalogue.clip(id_), PAUSE)])


def echo(said: NDArray[np.int16], level_db: int, delay_ms: int) -> NDArray[np.int16]:
    """Make the echo of the guidance."""
    late = np.concatenate([np.zeros(8 * delay_ms, np.int16), said])
    return np.rint(late * 10 ** (level_db / 20)).astype(np.int16)


def measure(coder: str, languages: tuple[str, ...] = LANGUAGES) -> Iterator[Heard]:
    """Listen to all echoes through one coder."""
    for language in languages:
        said = guidance(load_catalogue(language))
        for level_db in LEVELS_DB:
            for delay_ms in DELAYS_MS:
                keys = decode(coded(echo(said, level_db, delay_ms), (coder,)))
                yield Heard(language, coder, level_db, delay_ms, keys)


def main() -> int:
    """Listen to all echoes; the exit status is 1 if a key was heard."""
    missing = missing_coders(CODERS)
    for why in missing.values():
        print(why)
    wrong = 0
    for coder in CODERS:
        if coder in missing:
            continue
        echoes = list(measure(coder))
        heard = [echo for echo in echoes if echo.keys]
        wrong += len(heard)
        print(f"{coder:12}  {len(echoes):3d} echoes  keys heard in {len(heard)}", *heard, flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
