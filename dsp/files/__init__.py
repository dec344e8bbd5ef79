"""Reads sound files as testers have them: of any kind, without a header, never closed, wrongly scaled, piped."""

from dsp.files.sound_file import (
    MAX_RATE,
    STANDARD_INPUT,
    Remark,
    SoundFile,
    name_of,
    opened,
    reason,
    unremarked,
)

__all__ = ["MAX_RATE", "STANDARD_INPUT", "Remark", "SoundFile", "name_of", "opened", "reason", "unremarked"]
