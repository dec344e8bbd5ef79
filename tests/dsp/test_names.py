"""The names of the package `dsp`, and the help of `dtmf`, load modules only when they are used."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import dsp
from tests.loaded import SLOW_TO_LOAD


@pytest.mark.parametrize("name", dsp.__all__)
def test_each_name_is_found_where_it_is_defined(name: str) -> None:
    assert getattr(dsp, name) is getattr(import_module(dsp._MODULES[name]), name)


def test_the_names_that_are_found_are_those_that_are_offered() -> None:
    assert list(dsp._MODULES) == dsp.__all__


def test_a_name_that_there_is_not_is_an_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="module 'dsp' has no attribute 'nonsense'"):
        _ = dsp.nonsense  # type: ignore[attr-defined]  # what this test is about


@pytest.mark.parametrize("command", ["", "decode", "generate", "plot", "conformance", "bench"])
def test_a_help_does_not_load_what_computes(command: str) -> None:
    program = (
        "import sys; from dsp.cli import app\n"
        "try: app()\n"
        f"finally: print([name for name in {SLOW_TO_LOAD!r} if name in sys.modules], file=sys.stderr)"
    )
    words = [*command.split(), "--help"]
    shown = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "[]\n")
    assert "Usage:" in shown.stdout
