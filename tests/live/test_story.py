"""The whole story on the running product: a call, the settings site in a browser, mails over SMTP, nothing secret left.

`docs/pictures/story.py` acts it, on a smartphone and on a desktop at once; `make pictures` takes its pictures.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from pathlib import Path

import pytest

from tests import needs
from tests.live.house import contents
from tests.repository import ROOT


@pytest.mark.long
def test_from_a_call_to_a_changed_unit_on_a_smartphone_and_on_a_desktop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs.chromium()
    monkeypatch.syspath_prepend(ROOT / "docs")
    story, product = import_module("pictures.story"), import_module("pictures.product")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    kept = tmp_path / "product"
    kept.mkdir()
    with product.Product(kept) as running:
        secret = asyncio.run(story.tell_story(running, pictures))
        command_lines = sorted(Path("/proc").glob("[0-9]*/cmdline"))
        places = [*(path for path in sorted(kept.rglob("*")) if path.is_file()), *command_lines]
        found = [str(path) for path in places if any(text.encode() in contents(path) for text in secret)]
        assert found == []
    assert "Traceback" not in running.printed
    taken = {path.name for path in pictures.iterdir()}
    assert taken == {f"story-{where}{step}.png" for where in ("", "desktop-") for step in story.STEPS}
