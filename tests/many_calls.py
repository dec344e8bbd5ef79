"""Many simulated calls on bad lines: is ever another password stored than the one that was typed?

    python -m tests.many_calls --calls 20000

Each call has a line and a way of pressing keys of its own, drawn by chance from everything that scenario files can say,
some of it worse than any line in use. The caller types the same password as often as it is asked for. A call may fail,
and then the caller hears why. But the result must never be a password that was not typed.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from credentials.store import CredentialStore
from ivr.call.guidance import Guidance
from ivr.lab.line_quality import TelephoneLine
from ivr.lab.scenarios.caller import ScriptedCaller
from ivr.lab.scenarios.model import DEFAULT_LANGUAGE, Scenario
from ivr.lab.scenarios.simulated import caller_of, nobody, temporary_store
from ivr.lab.scenarios.store_side import StoreWatch, prepare
from ivr.lab.simulator import run_call

NUMBER: Final = "0459990000"
CODERS: Final = ("gsm", "amr-12.2", "amr-7.4", "amr-5.9", "g729")
_TRIES: Final = 4


@dataclass(frozen=True)
class Went:
    """How a call went: its ending, and whether the stored password is the typed one (None: none was stored)."""

    seed: int
    ending: str
    right: bool | None


def scenario(seed: int) -> Scenario:
    """Draw a call by chance, the same each time for the same seed."""
    chance = np.random.default_rng(seed)
    password = "".join(chance.choice(list("0123456789"), 8))
    if chance.random() < 0.5:  # equal neighbours are what may be merged or split
        password = "".join(key * 2 for key in password[:4])
    steps = [{"keys": "1", "barge_in": 0.5}] + [{"keys": password, "barge_in": 0.5}] * _TRIES
    return Scenario.model_validate(
        {
            "title": f"call {seed}",
            "caller": NUMBER,
            "lines": [{"contract": NUMBER}],
            "keying": _keying(chance),
            "line": _line(chance) | _way(np.random.default_rng((seed, 2))) | {"seed": seed},
            "steps": steps,
            "expect": {
                "outcome": "set",
                "stored": {"target": NUMBER, "unit": "LINE", "password": password},
            },
        }
    )


def _keying(chance: np.random.Generator) -> dict[str, Any]:
    tone_ms = chance.uniform(50, 300)
    keying: dict[str, Any] = {
        "tone_ms": tone_ms,
        "pause_ms": max(120 - tone_ms, chance.uniform(40, 400)),
        "level_dbm0": chance.uniform(-20, -5),
        "twist_db": chance.uniform(-5, 2),
        "offset_percent": chance.uniform(-1.5, 1.5),
    }
    match chance.choice(["tone", "tone", "tone", "event", "around", "both", "copy"]):
        case "event":
            keying |= {"source": "rfc4733"}
        case "around" if tone_ms > 200:
            keying |= {"source": "rfc4733", "head_ms": chance.uniform(0, 70), "after_ms": 40, "tail_ms": 60}
        case "both":
            keying |= {"source": "both", "event_lag_ms": 20 * int(chance.integers(-2, 4))}
        case "copy":
            copy = {"late_ms": chance.uniform(20, 250), "level_db": chance.uniform(-30, -10)}
            keying |= {"source": "rfc4733", "copy_heard": copy}
    return keying


def _line(chance: np.random.Generator) -> dict[str, Any]:
    kinds: dict[str, Any] = {
        "noise": {"snr_db": chance.uniform(12, 40)},
        "hum": {"mains_hz": float(chance.choice([50, 60])), "level_dbm0": chance.uniform(-40, -15)},
        "dial_tone": {"level_dbm0": chance.uniform(-45, -25)},
        "echo": {"delay_ms": chance.uniform(10, 300), "level_db": chance.uniform(-40, -6)},
        "gaps": {"length_ms": chance.uniform(1, 20), "every_ms": chance.uniform(100, 1000)},
        "clip_dbfs": chance.uniform(-25, 0),
        "suppression": {"below_dbm0": -40, "hangover_ms": float(chance.choice([0, 40, 200]))},
        "loss": {"percent": chance.uniform(0, 8), "burst": chance.uniform(1, 4)},
        "gain_db": chance.uniform(-10, 5),
    }
    chosen = chance.choice(list(kinds), size=int(chance.integers(0, 5)), replace=False)
    return {str(kind): kinds[kind] for kind in chosen} | {"law": str(chance.choice(["ulaw", "alaw"]))}


def _way(chance: np.random.Generator) -> dict[str, Any]:
    """The room around the telephone, and a coder on the way."""
    way: dict[str, Any] = {}
    if chance.random() < 0.15:
        way["room"] = {"reverberation_s": chance.uniform(0.1, 1.0), "direct_db": chance.uniform(3, 20)}
    if chance.random() < 0.15:
        way["coder"] = str(chance.choice(CODERS))
    return way


def run(seeds: range) -> list[Went]:
    """Run these calls in one store."""
    with temporary_store() as store:
        guidance = Guidance.load(DEFAULT_LANGUAGE)
        return [_run(store, guidance, seed) for seed in seeds]


def _run(store: CredentialStore, guidance: Guidance, seed: int) -> Went:
    call = scenario(seed)
    prepare(store, call.lines)
    watch = StoreWatch(store, [NUMBER])
    ended = run_call(
        ScriptedCaller(call.steps, keying=call.keying, line=TelephoneLine(call.line)),
        caller=caller_of(call.caller),
        store=store,
        guidance=guidance,
        limits=call.dialogue_limits,
        observer=nobody,
    ).ending
    right = NUMBER in watch.opening(call.expect) if watch.stored() else None
    return Went(seed, f"{ended.outcome.value} ({ended.reason})", right)


def _parts(first: int, calls: int, size: int) -> Iterator[range]:
    for start in range(first, first + calls, size):
        yield range(start, min(start + size, first + calls))


def main() -> int:
    """Run the calls and print how they went; the exit status is 1 if a password was stored that was not typed."""
    parser = argparse.ArgumentParser(prog="many_calls", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    endings: Counter[str] = Counter()
    wrong: list[int] = []
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        for part in pool.imap_unordered(run, _parts(options.first_seed, options.calls, 50)):
            endings.update(went.ending for went in part)
            wrong += [went.seed for went in part if went.right is False]
    for ending, count in endings.most_common():
        print(f"{count:7d}  {ending}")
    print(f"{len(wrong):7d}  stored another password than was typed{': seeds ' if wrong else ''}{wrong or ''}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
