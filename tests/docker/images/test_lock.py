"""What the image installs is what everything else is tested with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tests.docker.images.scripts import IMAGES
from tests.repository import ROOT

_PIN = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)


def pins(path: Path) -> dict[str, str]:
    return dict(_PIN.findall(path.read_text(encoding="utf-8")))


def test_each_package_has_the_version_of_the_lock_and_a_hash() -> None:
    own, lock = pins(IMAGES / "requirements.lock"), pins(ROOT / "requirements.lock")
    assert own.items() <= lock.items()
    blocks = _PIN.split((IMAGES / "requirements.lock").read_text(encoding="utf-8"))[3::3]
    assert len(blocks) == len(own)
    assert all("--hash=sha256:" in block for block in blocks)


def test_it_has_all_that_runs_and_nothing_of_the_tests() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["postgresql"]]
    needed += project["optional-dependencies"]["bounces"]
    names = {re.split(r"[\[>=<,]", line)[0] for line in needed}
    own = pins(IMAGES / "requirements.lock").keys()
    assert names <= own
    assert not {"pytest", "mypy", "playwright", "pyopenjtalk-plus", "matplotlib"} & own
