"""Measures keys through lost packets, over real Asterisk calls: our receiver beside Asterisk's own detector.

    python -m tests.live.loss --calls 60

Each call sends 28 keys in band, its packets are lost by chance, and Asterisk hands on those that arrive. One trunk's
audio goes to our receiver, by the media clock of the service. On a second trunk, with the same keys and the same
losses, Asterisk's detector (`dtmf_mode=inband`) turns the tones into key frames. A call is right if every key was heard
once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

import numpy as np

from ivr.exchange.process import Exchange, ExchangeConfig
from ivr.exchange.standalone import SOUNDS_DIR
from ivr.lab.free_ports import free_tcp_ports, free_udp_ports
from ivr.lab.house import ACCESS_NUMBER
from ivr.media.clock import Media
from ivr.telephony.audiosocket.server import AudioSocketLimits, AudioSocketServer
from ivr.telephony.fastagi.server import AgiChannel, AgiLimits, FastAgiServer
from tests import needs
from tests.listener import Listener
from tests.live.callers.media import BRISK, BadLine, Press, Timing, duration_s
from tests.live.callers.phone import Caller, SippPhone

KEYS_A_CALL: Final = 28
OURS_HOST: Final = "127.0.0.2"
ASTERISKS_HOST: Final = "127.0.0.4"
AT_ONCE: Final = 20
STAY_S: Final = 2.0
"""Asterisk stretches the keys that it detects, and is a second behind after 28 quick ones."""


@dataclass(frozen=True)
class Condition:
    """One kind of call that is tried.

    Attributes:
        loss: the share of packets that is lost.
        timing: how the keys are pressed.
        must: the share of calls that must be right.
        burst: how many packets are lost together on average.
    """

    loss: float
    timing: Timing
    must: float
    burst: float = 1.0

    def __str__(self) -> str:
        timing = f"{1000 * self.timing.tone_s:.0f}/{1000 * self.timing.gap_s:.0f}"
        return f"{self.loss:4.0%}, {timing:8}" + (f" bursts of {self.burst:g}" if self.burst > 1 else "")


QUICK: Final = Timing(tone_s=0.06, gap_s=0.06)
CONDITIONS: Final = (
    Condition(0.01, BRISK, 0.99),
    Condition(0.03, BRISK, 0.99),
    Condition(0.05, BRISK, 0.98),
    Condition(0.01, QUICK, 0.99),
    Condition(0.03, QUICK, 0.95),
    Condition(0.05, QUICK, 0.80),
)
BURSTS: Final = tuple(
    Condition(loss, timing, must, burst=2.5)
    for timing, musts in ((BRISK, (0.8, 0.8, 0.55)), (QUICK, (0.75, 0.5, 0.3)))
    for loss, must in zip((0.01, 0.03, 0.05), musts, strict=True)
)
"""Whole keys are lost in these: the required share is what Asterisk's own detector was measured to reach."""


class Listeners:
    """The media side of the service, in a thread, with calls that only listen."""

    def __init__(self) -> None:
        self.heard: dict[str, Listener] = {}
        self.agi_port = 0
        self._audiosocket_port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def __enter__(self) -> Listeners:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    async def _run(self) -> None:
        self._stop = asyncio.Event()
        self._media = Media()
        agi = FastAgiServer(self._serve, AgiLimits())
        audiosocket = AudioSocketServer(self._media.attach, AudioSocketLimits())
        await agi.listen("127.0.0.1", 0)
        await audiosocket.listen("127.0.0.1", 0)
        self.agi_port, self._audiosocket_port = agi.port, audiosocket.port
        clock = asyncio.create_task(self._media.run())
        self._ready.set()
        await self._stop.wait()
        agi.stop_listening()
        audiosocket.stop_listening()
        clock.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await clock

    async def _serve(self, channel: AgiChannel) -> None:
        await channel.execute("SET VARIABLE", "TIMEOUT(absolute)", "300")  # as the service does
        number = await channel.get_variable("CALLERID(num)")
        listener, uuid = Listener(), uuid4()
        self.heard[number or ""] = listener
        await channel.execute("ANSWER")
        done = self._media.expect(uuid, listener)
        await channel.execute("EXEC", "AudioSocket", f"{uuid},127.0.0.1:{self._audiosocket_port}", timeout_s=120)
        await done


@dataclass(frozen=True)
class Score:
    """How many of the calls had every key right, heard by us and by Asterisk's detector."""

    calls: int
    ours: int
    asterisks: int


class Bench:
    """An exchange with both trunks, and the listeners behind it."""

    def __init__(self, exchange: Exchange, listeners: Listeners) -> None:
        self._exchange = exchange
        self._listeners = listeners
        self._serial = 0

    def measure(self, condition: Condition, calls: int, *, seed: int) -> Score:
        """Place the calls, some at once, each over both trunks with the same keys and losses."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            right = list(pool.map(lambda n: self._pair(condition, seed + n, self._next()), range(calls)))
        return Score(calls, sum(ours for ours, _ in right), sum(theirs for _, theirs in right))

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _pair(self, condition: Condition, seed: int, serial: int) -> tuple[bool, bool]:
        keys = "".join(np.random.default_rng(seed).choice(list("0123456789*#"), KEYS_A_CALL))
        line = BadLine(loss=condition.loss, burst=condition.burst, seed=seed)
        ours = self._call(OURS_HOST, f"031{serial:07d}", keys, condition.timing, line)
        theirs = self._call(ASTERISKS_HOST, f"061{serial:07d}", keys, condition.timing, line)
        return ours.in_band == keys, theirs.frames == keys

    def _call(self, host: str, number: str, keys: str, timing: Timing, line: BadLine) -> Listener:
        phone = SippPhone(
            exchange=("127.0.0.1", self._exchange.config.sip_port), access_number=ACCESS_NUMBER, host=host
        )
        presses = [Press(keys=keys, after_s=0.5)]
        caller = Caller(number=number, asserted=f"sip:{number}@carrier.example")
        phone.call(caller, presses, timing=timing, hang_up_after_s=duration_s(presses, timing) + STAY_S, line=line)
        return self._listeners.heard[number]


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """Everything that the measurement needs, on ports of its own."""
    (ami_port,) = free_tcp_ports(1)
    sip_port, rtp_first = free_udp_ports(400)
    with tempfile.TemporaryDirectory(prefix="loss-") as directory, Listeners() as listeners:
        config = ExchangeConfig(
            run_dir=Path(directory) / "exchange",
            access_number=ACCESS_NUMBER,
            sounds_dir=SOUNDS_DIR,
            ami_secret="of-no-use-to-anyone",
            agi_port=listeners.agi_port,
            sip_port=sip_port,
            rtp_ports=(rtp_first, rtp_first + 399),
            ami_port=ami_port,
            trunks=(OURS_HOST,),
            detecting_trunks=(ASTERISKS_HOST,),
        )
        with Exchange(config) as exchange:
            yield Bench(exchange, listeners)


def main() -> None:
    """Measure all conditions and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=60, help="for each condition")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if missing := needs.for_calls():
        parser.error(missing)
    print(f"{'loss, tone/pause ms':30}   ours  Asterisk's own  must")
    with bench() as measuring:
        for number, condition in enumerate(CONDITIONS + BURSTS):
            score = measuring.measure(condition, arguments.calls, seed=arguments.seed + 1000 * number)
            print(
                f"{condition!s:30}  {score.ours:5d}/{score.calls}  {score.asterisks:10d}/{score.calls}"
                f"  {condition.must:5.0%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
