"""One thread has real-time priority, and only while it leaves time to others."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import astuple
from typing import Final

from ivr.host.clock_priority import NICENESS, REAL_TIME, REMEDY, scheduling_of, take_priority
from tests.repository import ROOT

WITHOUT: Final = ("setpriv", "--bounding-set", "-sys_nice", "--inh-caps", "-sys_nice")
PLAIN: Final = [0, 0]

PROGRAM: Final = """
import asyncio, json, os, subprocess, sys, threading, time
from dataclasses import astuple
import uvloop
from ivr.host import clock_priority
from ivr.host.clock_priority import keep_priority, scheduling_of
from logs.setup import configure_logs
configure_logs(json=True)
seen = {}
go = threading.Event()
ASK = "import os; print(os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0))"

def note(name):
    seen[name] = astuple(scheduling_of(threading.get_native_id()))

def early():
    go.wait()
    note("an earlier thread")

def nice():
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
    note("a nice thread")

async def main():
    earlier = threading.Thread(target=early)
    earlier.start()
    keep_priority(asyncio.get_running_loop())
    note("the clock's thread")
    go.set()
    earlier.join()
    for name, target in (("a later thread", lambda: note("a later thread")), ("a nice thread", nice)):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    policy, niceness = subprocess.run([sys.executable, "-c", ASK], capture_output=True, check=True).stdout.split()
    seen["a child"] = [int(policy), int(niceness)]
    if sys.argv[1:] == ["spin"]:
        give_up = time.monotonic() + 20
        while scheduling_of(0).real_time and time.monotonic() < give_up:
            pass
        note("the clock's thread that ran on")
        while not scheduling_of(0).real_time and time.monotonic() < give_up:
            await asyncio.sleep(0.01)
        note("the clock's thread after a while")

if sys.argv[1:] == ["no real time"]:
    def refuse(thread, policy, parameter, real=os.sched_setscheduler):
        if policy & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR:
            raise PermissionError
        real(thread, policy, parameter)
    os.sched_setscheduler = refuse
clock_priority.RUN_S, clock_priority.AGAIN_S = 0.2, 0.05
with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
print(json.dumps(seen))
"""


def permitted(ask: Callable[[], object]) -> list[int]:
    """What a thread of ours gets here that asks; it ends then."""
    got: list[int] = []

    def asks() -> None:
        with contextlib.suppress(OSError):
            ask()
        got.extend(astuple(scheduling_of(0)))

    thread = threading.Thread(target=asks)
    thread.start()
    thread.join()
    return [REAL_TIME, 0] if got[0] == REAL_TIME else got  # the program is not nice, even if we are


PERMITTED: Final = permitted(take_priority)
"""Real-time priority as root; an ordinary user may get niceness alone, or nothing."""
IN_REAL_TIME: Final = PERMITTED[0] == REAL_TIME
WITHOUT_REAL_TIME: Final = permitted(lambda: os.setpriority(os.PRIO_PROCESS, 0, NICENESS))
"""RLIMIT_RTPRIO permits real-time priority and no niceness; who has CAP_SYS_NICE may have either (getrlimit(2))."""


def run(*words: str, under: Sequence[str] = ()) -> tuple[dict[str, list[int]], list[dict[str, object]]]:
    not_nice = ("nice", "-n", str(-os.getpriority(os.PRIO_PROCESS, 0)))
    done = subprocess.run(
        [*not_nice, *under, sys.executable, "-c", PROGRAM, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout), [json.loads(line) for line in done.stderr.splitlines()]


def test_the_clocks_thread_alone_has_it_and_its_later_threads_and_children_do_not() -> None:
    seen, log = run()
    assert seen == {
        "the clock's thread": PERMITTED,
        "an earlier thread": PLAIN,
        "a later thread": PLAIN,
        "a nice thread": [0, 10],
        "a child": PLAIN,
    }
    told = "media_clock_priority" if IN_REAL_TIME else "media_clock_without_priority"
    assert [line["event"] for line in log] == [told]


def test_a_clock_that_runs_on_gives_its_priority_up_and_has_it_again_later() -> None:
    seen, log = run("spin")
    assert seen["the clock's thread that ran on"] == (PLAIN if IN_REAL_TIME else PERMITTED)
    assert seen["the clock's thread after a while"] == PERMITTED
    given_up = ["media_clock_priority", "media_clock_gave_priority_up"]
    assert [line["event"] for line in log] == (given_up if IN_REAL_TIME else ["media_clock_without_priority"])


def test_the_systemd_unit_permits_what_is_asked_for() -> None:
    unit = (ROOT / "docker" / "systemd" / "karipass.service").read_text(encoding="utf-8")
    assert f"\nLimitRTPRIO={REAL_TIME}\n" in unit


def test_where_only_niceness_is_permitted_the_clocks_thread_alone_has_that() -> None:
    seen, log = run("no real time")
    assert seen.pop("the clock's thread") == WITHOUT_REAL_TIME
    assert seen == {"an earlier thread": PLAIN, "a later thread": PLAIN, "a nice thread": [0, 10], "a child": PLAIN}
    assert [line["niceness"] for line in log] == WITHOUT_REAL_TIME[1:]


def test_where_nothing_is_permitted_one_line_says_what_it_costs_and_how_to_permit_it() -> None:
    seen, log = run(under=() if PERMITTED == PLAIN else ("prlimit", "--rtprio=0", "--nice=0", *WITHOUT))
    assert seen["the clock's thread"] == PLAIN
    ((event, level, remedy),) = [(line["event"], line["level"], line["remedy"]) for line in log]
    assert (event, level, remedy) == ("media_clock_without_priority", "warning", REMEDY)
