"""The echo of our own guidance is not a key (`python -m tests.guidance_echo` listens through every coder)."""

from __future__ import annotations

import pytest

from dsp.conformance.coders import missing_coders
from tests.guidance_echo import measure


@pytest.mark.parametrize("coder", ["gsm", "opus-8"])
def test_no_key_is_heard_in_the_echo_of_the_guidance(coder: str) -> None:
    if missing := missing_coders([coder]):
        pytest.skip(missing[coder])
    assert [heard for heard in measure(coder) if heard.keys] == []
