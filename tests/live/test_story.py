"""The whole story on the running product: a call, the settings site in a browser, mails over SMTP, nothing secret left.

`docs/pictures/story.py` acts it, on a smartphone and on a desktop at once; `make pictures` takes its pictures.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import needs
from tests.repository import ROOT

ACTED = """
import asyncio, json, sys
from pathlib import Path
from pictures.product import Product
from pictures.story import tell_story

pictures, kept = map(Path, sys.argv[1:])
with Product(kept) as running:
    secret = asyncio.run(tell_story(running, pictures))
    places = [path for path in sorted(kept.rglob("*")) if path.is_file()] + sorted(Path("/proc").glob("[0-9]*/cmdline"))
    found = []
    for path in places:
        try:
            content = path.read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if any(text.encode() in content for text in secret):
            found.append(str(path))
    printed = running.printed
print(json.dumps({"secrets": len(secret), "found": found, "faults": printed.count("Traceback")}))
"""


@pytest.mark.long
def test_from_a_call_to_a_changed_unit_on_a_smartphone_and_on_a_desktop(tmp_path: Path) -> None:
    needs.chromium()
    pictures, kept = tmp_path / "pictures", tmp_path / "product"
    pictures.mkdir()
    kept.mkdir()
    words = [sys.executable, "-c", ACTED, str(pictures), str(kept)]
    acted = subprocess.run(words, cwd=ROOT / "docs", capture_output=True, text=True, timeout=400, check=False)
    assert acted.returncode == 0, acted.stderr[-2000:]
    told = json.loads(acted.stdout.splitlines()[-1])
    assert told == {"secrets": 12, "found": [], "faults": 0}
    assert len(list(pictures.iterdir())) == 20
