"""Reads recordings of callers as the telephone network would have carried them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsp.channels import Channel, Take
from dsp.files import Remark, unremarked
from dsp.recordings import read_side
from ivr.call.dialogue.limits import AFTER_THE_CALL_S
from sound.samples import to_int16


def read_recording(
    path: Path, *, call_s: float, channel: Channel = Take.BEST, remark: Remark = unremarked
) -> NDArray[np.int16]:
    """Read what a caller sends from an audio file of any rate and coding.

    Args:
        path: the file, or `-` for standard input.
        call_s: the longest that a call may last; what a caller sends later is not read.
        channel: the caller's channel; `dsp.recordings` says which one is chosen by itself.
        remark: called with a sentence for each odd thing about the file; the sentence names it.

    Returns:
        int16 at 8 kHz, shape (samples,).

    Raises:
        AudioError: the file is not audio that can be read, or has no such channel; the message names it.
    """
    _, samples = read_side(path, channel=channel, longest_s=call_s + AFTER_THE_CALL_S, remark=remark)
    return to_int16(samples)
