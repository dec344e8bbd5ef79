"""A load of a few callers through a real Asterisk, as an operator runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from ivr.lab.load.crowd.plan import draw
from ivr.lab.load.lines import LoadLine
from tests.live.house import ivr_command

SEED = 4


def passwords() -> set[str]:
    """The passwords of the first calls of a load with this seed, whatever line each has."""
    return {draw(SEED, number, LoadLine.numbered(number)).password for number in range(100)}


def test_a_load_of_eight_callers_stores_what_each_of_them_typed(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    words = [ivr_command(), "load", "--calls", "8", "--minutes", "0.3", "--seed", str(SEED), "--json", str(figures)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(figures.read_text())
    assert found["passed"]
    assert found["fates"]["set"] >= 7
    assert found["keys_missed"] == found["keys_extra"] == 0
    assert found["ticks"]["all"] > 900
    assert {part["part"] for part in found["parts"]} == {"service", "Asterisk", "callers"}
    assert all(part["cores"] > 0 for part in found["parts"])
    shown = done.stdout + done.stderr + figures.read_text()
    assert not [password for password in passwords() if password in shown]


@pytest.mark.parametrize("way", [(), ("--direct",)], ids=["by Asterisk", "direct"])
def test_ctrl_c_ends_a_load_with_its_figures(way: tuple[str, ...]) -> None:
    words = [ivr_command(), "load", "--calls", "4", "--minutes", "10", "--seed", str(SEED), *way]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "answered" in line:
            os.killpg(process.pid, signal.SIGINT)
            break
    shown, said = process.communicate(timeout=120)
    assert process.returncode == 0, shown + said
    assert "ended early" in shown
    assert "Traceback" not in said
