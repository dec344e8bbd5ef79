"""The form of telephone audio: 8,000 samples a second (ITU-T G.711, clause 2) of 16 signed bits."""

from __future__ import annotations

from typing import Final

SAMPLE_RATE_HZ: Final = 8000
FULL_SCALE: Final = 32768.0
"""The float 1.0 as an int16 sample: these run from -32768 to 32767, floats from -1.0 to one step below 1.0."""
FRAME_SAMPLES: Final = 160
"""The samples of a frame, 20 ms: one packet of a call, and one step of the receiver."""
