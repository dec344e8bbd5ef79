"""The telephone that test calls come from unless another one is named."""

from typing import Final

SAMPLE_PHONE: Final = "0312345678"
"""The contract number of the first sample line; a SIP phone may register as it."""
