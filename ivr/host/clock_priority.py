"""Real-time priority for the thread of the media clock, as far as Linux permits it.

On a busy host a thread runs when its turn comes, which may take a tenth of a second. Then the clock is late, and all
callers hear a gap. A thread with real-time priority runs at once. Only the thread that asks gets it: threads and
processes that it starts afterwards do not (SCHED_RESET_ON_FORK), and earlier ones keep what they had.

A real-time thread that never waits takes a processor away from everybody, Asterisk included. So Linux measures how long
the thread runs without a pause (RLIMIT_RTTIME), and its signal makes the thread give its priority up for a while. If
the thread is stuck where it cannot take a signal, Linux still leaves a twentieth of the processor to others
(sched_rt_runtime_us, or since 6.12 the fair server).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
from dataclasses import dataclass
from types import FrameType
from typing import Final

import structlog

_log = structlog.get_logger(__name__)

REAL_TIME: Final = 10
"""Of 1 to 99. It is what Asterisk takes if it is started with `-p`, as Debian's unit does: then both take turns, and
neither keeps the other waiting."""
NICENESS: Final = -10
"""What to ask for if real-time priority is not to be had."""
RUN_S: Final = 2.0
"""How long the thread may run without a pause: far more than a tick, and as long as Asterisk waits for a frame."""
AGAIN_S: Final = 60.0
"""How long the thread then goes without priority."""
COST: Final = "when this host is busy, the clock is late and callers hear gaps"
REMEDY: Final = (
    f"permit real-time priority {REAL_TIME}: LimitRTPRIO={REAL_TIME} in the systemd unit, `rtprio {REAL_TIME}` for the "
    f"service's user in /etc/security/limits.conf, or --ulimit rtprio={REAL_TIME} for a container"
)
_REAL_TIME_POLICIES: Final = (os.SCHED_RR, os.SCHED_FIFO)


@dataclass(frozen=True, slots=True)
class Scheduling:
    """How Linux schedules a thread.

    Attributes:
        real_time: its real-time priority; 0 if it has none.
        niceness: its niceness, which counts among threads without real-time priority.
    """

    real_time: int
    niceness: int


def scheduling_of(thread_id: int) -> Scheduling:
    """Ask how a thread is scheduled; a process's number is that of its main thread.

    Raises:
        OSError: there is no such thread.
    """
    policy = os.sched_getscheduler(thread_id) & ~os.SCHED_RESET_ON_FORK
    real_time = os.sched_getparam(thread_id).sched_priority if policy in _REAL_TIME_POLICIES else 0
    return Scheduling(real_time, os.getpriority(os.PRIO_PROCESS, thread_id))


def take_priority() -> Scheduling:
    """Give this thread the highest priority that it has use for and Linux permits; returns how it is scheduled now."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(REAL_TIME))
    except OSError:
        with contextlib.suppress(OSError):
            give_real_time_up()  # first, for it alone keeps later threads and processes from having the niceness, too
            os.setpriority(os.PRIO_PROCESS, 0, min(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    return scheduling_of(0)


def keep_priority(loop: asyncio.AbstractEventLoop) -> None:
    """Give this thread, the main one, its priority for as long as it leaves time to others.

    Args:
        loop: the thread's loop.
    """

    def ran_on(_signal: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: the loop is closed, the process ends
            give_real_time_up()
            loop.call_soon_threadsafe(pause)  # not here: the signal may have come in the middle of another line

    def pause() -> None:
        _log.warning("media_clock_gave_priority_up", reason=f"ran for {RUN_S:g} s without a pause", for_s=AGAIN_S)
        loop.call_later(AGAIN_S, take_priority)

    signal.signal(signal.SIGXCPU, ran_on)
    _, hard = resource.getrlimit(resource.RLIMIT_RTTIME)
    microseconds = round(RUN_S * 1_000_000)
    soft = microseconds if hard == resource.RLIM_INFINITY else min(microseconds, hard)
    resource.setrlimit(resource.RLIMIT_RTTIME, (soft, hard))
    has = take_priority()
    if has.real_time:
        _log.info("media_clock_priority", real_time=has.real_time)
    else:
        _log.warning("media_clock_without_priority", niceness=has.niceness, cost=COST, remedy=REMEDY)


def give_real_time_up() -> None:
    """Have this thread take turns with all others again."""
    os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
