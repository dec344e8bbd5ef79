"""Compiled code does what its source says, is kept on disk if possible, and is loaded only when it is needed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import pytest

import dsp
from dsp.detector.bank import DetectorBank
from dsp.detector.records import CHANNEL
from dsp.kernel import compiled
from sound import telephone

HEAR = """
import json
import numpy as np
from dsp import ATT, NTT, DetectorBank, KeyStarted, KeyEnded
from dsp.conformance.conditions import CONDITIONS
from dsp.conformance.corpus import record

names = ("lengths at random", "clean 40/30", "field mix 45/40 ulaw", "tone 24 ms", "twist +5 dB, off, noise", "music",
         "65 ms, cut anywhere", "65-150 ms, cut on the 20 ms grid, noise, twist, off, ulaw", "speech-like")
for profile in (NTT, ATT):
    for condition in CONDITIONS:
        if condition.name not in names:
            continue
        samples = record(condition, seed=77, keys=4).samples[:16000]
        bank = DetectorBank(profile, capacity=2, near_misses=True)
        slots = [bank.open(), bank.open()]
        both = np.stack([samples, np.roll(samples, 53)])
        events = [bank.feed(slots, part) for part in (both[:, :3000], both[:, 3000:3160], both[:, 3160:])]
        for event in sum(events, []) + bank.close(slots[0]) + bank.close(slots[1]):
            if isinstance(event, KeyStarted):
                print(json.dumps([["started", event.slot, event.key], [event.begin_s]]))
                continue
            burst = event.key if isinstance(event, KeyEnded) else event.near_miss
            noise = 10 ** (-burst.snr_db / 10)
            figures = [burst.begin_s, burst.end_s, burst.low_dbm0, burst.high_dbm0, noise,
                       burst.low_offset_percent, burst.high_offset_percent]
            failed = getattr(burst, "failed_test", None)
            print(json.dumps([[type(event).__name__, event.slot, burst.key, failed], figures]))
"""


def run(program: str, *words: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *words],
        env={**os.environ, "PYTHONPATH": str(Path(dsp.__file__).parents[1]), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
def test_as_plain_python_the_source_tells_the_same() -> None:
    told, expected = (
        [json.loads(line) for line in run(HEAR, NUMBA_DISABLE_JIT=disabled).splitlines()] for disabled in ("1", "0")
    )
    assert len(expected) > 100
    assert {event[0][0] for event in expected} == {"started", "KeyEnded", "BurstRefused"}
    assert [event[0] for event in told] == [event[0] for event in expected]
    for event, other in zip(told, expected, strict=True):
        assert event[1] == pytest.approx(other[1], rel=1e-3, abs=1e-3)


def test_nothing_but_a_bank_loads_numba() -> None:
    loaded = "print('numba' in sys.modules)"
    program = f"import sys, dsp.cli; {loaded}; dsp.DetectorBank(); {loaded}"
    assert run(program).split() == ["False", "True"]


def test_a_new_process_compiles_nothing() -> None:
    program = "from dsp.detector import lanes, slots; print(lanes.advance.stats, slots.held.stats)"
    run(program)
    assert run(program).count("cache_misses=Counter()") == 2


def test_of_processes_that_want_the_same_code_at_once_one_compiles_it(tmp_path: Path) -> None:
    (tmp_path / "doubling.py").write_text(
        "import numba\n"
        "from dsp.kernel.compiled import outer\n"
        "@outer(numba.int64)\n"
        "def twice(number):\n"
        "    return number + number\n"
    )
    # All three have loaded numba before the first compiles.
    program = f"""
import pathlib, sys, time, dsp.kernel.compiled
here = pathlib.Path({str(tmp_path)!r})
(here / sys.argv[-1]).touch()
while len(list(here.glob("ready-*"))) < 3:
    time.sleep(0.001)
sys.path.append(str(here))
import doubling
print(doubling.twice.stats)
"""
    with ThreadPoolExecutor(3) as processes:
        told = list(processes.map(lambda number: run(program, f"ready-{number}", NUMBA_CACHE_DIR=str(tmp_path)), "123"))
    assert sum("cache_misses=Counter()" not in stats for stats in told) == 1


@pytest.fixture
def _fresh_folder() -> Iterator[None]:
    compiled._folder.cache_clear()
    yield
    compiled._folder.cache_clear()


@pytest.mark.usefixtures("_fresh_folder")
def test_compiled_code_is_kept_apart_for_every_state_of_the_sources(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "kernel" / "compiled.py"))
    folders = []
    for source in ("limits.py", "kernel/screen.py", "detector/lanes.py"):
        (tmp_path / source).parent.mkdir(exist_ok=True)
        for limit in (1, 2):
            (tmp_path / source).write_text(f"limit = {limit}")
            compiled._folder.cache_clear()
            folders.append(compiled._folder())
    monkeypatch.setattr(telephone, "__file__", str(tmp_path / "limits.py"))  # compiled code contains its constants
    compiled._folder.cache_clear()
    folders.append(compiled._folder())
    assert {folder and folder.parent for folder in folders} == {tmp_path / "kernel" / "__pycache__"}
    assert len(set(folders)) == 7


@pytest.mark.usefixtures("_fresh_folder")
def test_where_nothing_can_be_written_compiled_code_is_not_kept_but_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(compiled, "_parents", lambda: iter([tmp_path / "file" / "cache"]))
    assert compiled._folder() is None

    @compiled.outer(numba.int64)
    def twice(number: int) -> int:
        return number + number

    assert twice(21) == 42
    assert twice.stats.cache_path is None  # type: ignore[attr-defined]  # numba's, which has no types


def test_folders_for_compiled_code_are_the_one_that_is_set_then_the_packages_own_then_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "set"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    package = Path(compiled.__file__).parent
    assert list(compiled._parents()) == [tmp_path / "set", package / "__pycache__", tmp_path / "cache" / "karipass"]
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert list(compiled._parents()) == [package / "__pycache__", tmp_path / "home" / ".cache" / "karipass"]
    monkeypatch.delenv("HOME")
    assert list(compiled._parents()) == [package / "__pycache__"]


def test_the_memory_that_a_channel_takes_is_what_the_bank_states() -> None:
    flags = 1 + 8  # whether the slot is open, and how many samples it holds
    said = " ".join((DetectorBank.__doc__ or "").split())
    assert f"{CHANNEL.itemsize + flags:,} bytes" in said
