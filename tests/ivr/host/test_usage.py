"""Processor time and memory from /proc: whose they are, and of which processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from ivr.host.usage import Usage, all_usages, descendants, parse_usage, waited_for_processor_s

STAT = "4711 (a (strange) name) S 42 4711 4711 0 -1 4194304 1 2 3 4 150 50 0 0 20 0 1 0 5 1000 250 184"


def test_a_process_is_read_whatever_its_name_is() -> None:
    usage = parse_usage(STAT, "1000 250 30 1 0 100 0\n")
    assert (usage.parent, usage.name) == (42, "a (strange) name")
    assert usage.processor_s == 200 / os.sysconf("SC_CLK_TCK")
    assert usage.memory == 250 * os.sysconf("SC_PAGE_SIZE")


def test_the_processes_of_a_part_are_those_that_its_first_one_has_started() -> None:
    usages = {pid: Usage(parent, "x", 0.0, 0) for pid, parent in {2: 1, 3: 2, 4: 3, 5: 1, 6: 2}.items()}
    assert sorted(descendants(usages, 2)) == [2, 3, 4, 6]
    assert descendants(usages, 99) == []


def test_this_process_is_among_all_and_uses_memory() -> None:
    usage = all_usages()[os.getpid()]
    assert usage.parent == os.getppid()
    assert usage.memory > 1 << 20


def test_a_process_that_shares_its_processor_has_waited_for_it() -> None:
    alone = {min(os.sched_getaffinity(0))}
    spins = [sys.executable, "-c", "while True: pass"]
    first, second = [subprocess.Popen(spins, preexec_fn=lambda: os.sched_setaffinity(0, alone)) for _ in range(2)]
    try:
        give_up = time.monotonic() + 30
        while (waited_for_processor_s(first.pid) or 0.0) < 0.05:
            assert time.monotonic() < give_up
            time.sleep(0.02)
    finally:
        for each in (first, second):
            each.kill()
            each.wait()
    assert waited_for_processor_s(first.pid) is None
