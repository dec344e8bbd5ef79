"""An operator's own texts: all that are taken can be shown with the product's values."""

from __future__ import annotations

import os
from pathlib import Path
from string import Formatter

from tests.fuzz.inputs import stretched
from texts.catalogue import Texts, read_texts
from texts.errors import TextsError

_PACKAGE = "notice.texts"
_MOST = 6000
_OURS = read_texts(_PACKAGE, "en")


def one_input(data: bytes) -> None:
    folder = Path(f"/dev/shm/karipass-fuzz-texts-{os.getpid()}")  # noqa: S108 - replaced by each input
    folder.mkdir(exist_ok=True)
    file = folder / "en.toml"
    file.write_bytes(stretched(data, _MOST))
    try:
        texts = read_texts(_PACKAGE, "en", folder)
    except TextsError as error:
        assert str(file) in str(error)
        return
    assert texts.texts.keys() == _OURS.texts.keys()
    _all_can_be_shown(texts)


def _all_can_be_shown(texts: Texts) -> None:
    for key, ours in _OURS.texts.items():
        gaps = {name for _, name, _, _ in Formatter().parse(ours) if name}
        if gaps:
            shown = texts(key, **dict.fromkeys(gaps, "¤value¤"))
            assert shown.count("¤value¤") >= len(gaps)
