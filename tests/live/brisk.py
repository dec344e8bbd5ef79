"""The product's guidance at three times its speed, for calls that are not about it: they last a third as long.

Each clip keeps a sound of its own, by which it is recognised.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from prompts import Catalogue, home, load_catalogue
from prompts.manifest import audio_directory, digest, read_manifest, write_manifest
from prompts.wav import encode

LANGUAGE: Final = "ja"
_TIMES: Final = 3


def write_brisk_guidance(own: Path) -> Catalogue:
    """Write it as an operator's own guidance (`KARIPASS_PROMPTS_DIR`)."""
    shipped, directory = home(LANGUAGE), own / LANGUAGE
    catalogue, manifest = load_catalogue(LANGUAGE), read_manifest(LANGUAGE, shipped)
    audio = audio_directory(directory, LANGUAGE)
    audio.mkdir(parents=True)
    shutil.copy(shipped / f"{LANGUAGE}.toml", directory)
    entries = {}
    for clip_id, entry in manifest.clips.items():
        samples = catalogue.clip(clip_id)[::_TIMES]
        content = encode(samples)
        (audio / f"{clip_id}.wav").write_bytes(content)
        entries[clip_id] = replace(entry, samples=len(samples), sha256=digest(content))
    write_manifest(replace(manifest, clips=entries), directory)
    return load_catalogue(LANGUAGE, directory)
