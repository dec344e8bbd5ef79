"""Which guidance a test phone heard, by the clips of the catalogue."""

from __future__ import annotations

from ivr.lab.ear import recognise
from prompts import Catalogue
from tests.live.hearing.capture import Sound


def heard_clips(sound: Sound, guidance: Catalogue) -> list[str]:
    """The guidance in what came back to a phone, in order (digits of numbers are left out)."""
    return [clip_id for _, clip_id in recognise(sound.samples(), guidance)]
