"""No key of a password is named, drawn or timed, however badly it was sent and whenever it was pressed.

The caller's audio is made here, so the tests know which of its moments are keys of the password. The rule is
docs/rules.md 5.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from credentials.store import CredentialStore
from dsp import synthesize
from ivr.call.caller import Caller
from ivr.call.dialogue import Limits
from ivr.call.dialogue.events import Verdict
from ivr.call.guidance import Guidance
from ivr.call.transcript import EntryJudged, KeyHeard, KeyMissed
from ivr.lab.drawing import DrawnCall, DrawnCallRecorder
from ivr.lab.sender import Recording
from ivr.lab.simulator import run_call
from prompts import Catalogue
from sound.samples import to_int16
from sound.telephone import SAMPLE_RATE_HZ

CONTRACT, ADDITIONAL = "0312345678", "0312345679"
DISTORTIONS: dict[str, dict[str, Any]] = {
    "unequal": {"twist_db": -12.0},
    "short": {"tone_s": 0.025, "pause_s": 0.135},
    "off": {"offset_percent": 3},
}


@dataclass
class Pressed:
    """The audio of a caller, and when the keys of the password are down (seconds)."""

    rng: np.random.Generator
    bad: float
    parts: list[NDArray[np.float32]] = field(default_factory=list)
    secret: list[tuple[float, float]] = field(default_factory=list)
    samples: int = 0

    def wait(self, seconds: float) -> None:
        self._add(np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32))

    def press(self, keys: str, *, secret: bool = False) -> None:
        for key in keys:
            how: dict[str, Any] = {"tone_s": 0.08, "pause_s": 0.08}
            if self.rng.random() < self.bad:
                how |= DISTORTIONS[str(self.rng.choice(list(DISTORTIONS)))]
            began = self.samples / SAMPLE_RATE_HZ
            self._add(synthesize(key, lead_s=0.0, level_dbm0=-12.0, **how))
            if secret:
                self.secret.append((began, began + how["tone_s"]))

    def _add(self, part: NDArray[np.float32]) -> None:
        self.parts.append(part)
        self.samples += len(part)


def pressed(seed: int, bad: float) -> Pressed:
    """One of the ways in which callers press: typed ahead or not, for any unit, with or without `#`."""
    rng = np.random.default_rng(seed)
    press = Pressed(rng, bad)
    password = "".join(str(digit) for digit in rng.integers(0, 10, 8))
    unit = str(rng.choice(["1", "2", "3"]))
    press.wait(1.0)
    press.press(unit)
    press.wait(float(rng.choice([0.1, 0.5, 2.0])))
    if unit == "2":
        press.press(f"{ADDITIONAL}#")
        press.wait(float(rng.choice([0.1, 0.5, 4.0])))
    for _ in range(2):
        press.press(password, secret=True)
        if rng.random() < 0.3:
            press.press("#")
        press.wait(float(rng.choice([0.3, 1.0, 7.0])))
    return press


def called(store: CredentialStore, catalogue: Catalogue, press: Pressed) -> DrawnCall:
    recorder = DrawnCallRecorder()
    simulated = run_call(
        Recording(to_int16(np.concatenate(press.parts)), hang_up_at_end=bool(press.rng.random() < 0.5)),
        caller=Caller(str(press.rng.choice([CONTRACT, ADDITIONAL]))),
        store=store,
        guidance=Guidance({"ja": catalogue}, "ja"),
        limits=Limits(),
        observer=recorder.observe,
        watch=recorder.watch,
    )
    return recorder.drawn_call(simulated.hidden_at)


def units_chosen(drawn: DrawnCall) -> set[str]:
    """The units that the keys chose. The next guidance reveals them, so a password key that chose one is not hidden."""
    judged = [entry.judged for _, entry in drawn.entries if isinstance(entry, EntryJudged)]
    return {one.shown for one in judged if one.step == "unit" and one.verdict is Verdict.ACCEPTED}


def named_secrets(drawn: DrawnCall, press: Pressed) -> list[str]:
    """Keys that are named although they were pressed as a password's, except the one that chose the unit."""
    found = []
    for _, entry in drawn.entries:
        if isinstance(entry, KeyHeard | KeyMissed) and entry.value is not None and entry.figures is not None:
            begin_s = entry.figures.begin_s or 0.0
            if any(begin_s < end_s and begin_s > began_s - 0.02 for began_s, end_s in press.secret):
                found.append(entry.value)
    for unit in units_chosen(drawn) & set(found):
        found.remove(unit)
    return found


def drawn_secrets(drawn: DrawnCall, press: Pressed) -> int:
    """How many keys of the password can be seen in the audio that is drawn."""
    return sum(
        bool(np.any(drawn.audio[round(began_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)]))
        for began_s, end_s in press.secret
    )


@pytest.mark.parametrize("bad", [0.1, 0.3, 0.6, 1.0])
def test_keys_of_a_password_are_not_named_and_not_drawn_however_badly_they_are_sent(
    store: CredentialStore, catalogue: Catalogue, bad: float
) -> None:
    for seed in range(30):
        press = pressed(seed, bad)
        drawn = called(store, catalogue, press)
        assert named_secrets(drawn, press) == [], seed
        assert drawn_secrets(drawn, press) <= len(units_chosen(drawn)), seed


@pytest.mark.parametrize("bad", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("apart_s", [1.8, 3.0])
def test_a_password_typed_slowly_where_the_unit_is_asked_for_is_not_spelled_out(
    store: CredentialStore, catalogue: Catalogue, bad: float, apart_s: float
) -> None:
    """Each of its keys stands alone, and may be an entry by itself."""
    for seed in range(4):
        press = Pressed(np.random.default_rng(seed), bad)
        press.wait(1.0)
        for digit in "48590764":
            press.press(digit, secret=True)
            press.wait(apart_s)
        drawn = called(store, catalogue, press)
        named = named_secrets(drawn, press)
        assert len(named) <= 1, (seed, named)
        assert drawn_secrets(drawn, press) <= 1, seed
