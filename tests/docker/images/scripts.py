"""The programs that only the image of karipass has, as modules."""

from __future__ import annotations

import importlib.util
from types import ModuleType
from typing import Final

from tests.repository import ROOT

IMAGES: Final = ROOT / "docker" / "images"


def script(name: str) -> ModuleType:
    """Load one of them."""
    spec = importlib.util.spec_from_file_location(f"image_{name}", IMAGES / "karipass" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
