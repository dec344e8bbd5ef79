"""Telephones for tests: real SIP callers, by sipp (Debian's package sip-tester).

A `SippPhone` is one telephone at one address. `start` places a call and returns at once, `call` waits for its end.
Each call is a process, a temporary directory and a block of ports of its own, so any number may run at the same time.

A phone that did not do what the test asked raises `PhoneError`, so its fault is not taken for the product's. The kernel
counts what it sent.

sipp plays RTP through a raw socket: the tests run as root.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Self

from tests.live.callers import media
from tests.live.callers.media import BRISK, BadLine, KeyPath, Press, Timing
from tests.live.callers.phone_error import PhoneError
from tests.live.callers.ports import PhonePorts
from tests.live.callers.sent import SentPackets
from tests.live.callers.sipp_scenario import Caller, scenario

__all__ = ["Call", "CallResult", "Caller", "EndedBy", "PhoneError", "SippPhone", "parse_messages"]

AUDIO: Final = "m=audio [media_port] RTP/AVP 0 101"
"""The media line of a usual phone's SDP offer."""
_SETTLE_S: Final = 5.0
_LATE_S: Final = 1.0
"""How late the last packets of a call may be on a busy machine before the phone is blamed."""


class EndedBy(Enum):
    """The side that hung up."""

    EXCHANGE = "exchange"
    PHONE = "phone"


@dataclass(frozen=True, kw_only=True)
class CallResult:
    """How a call went.

    Attributes:
        status: the final SIP status of the INVITE; None if there was none.
        ended_by: the side that hung up an answered call; None if neither did in time.
        duration_s: seconds from answer to hang-up.
    """

    status: int | None
    ended_by: EndedBy | None
    duration_s: float

    @property
    def completed(self) -> bool:
        """Whether the call was answered and then ended by one side in good order."""
        return self.status == 200 and self.ended_by is not None


@dataclass(frozen=True)
class _Means:
    """The resources that a call takes, and gives back at its end."""

    folder: tempfile.TemporaryDirectory[str]
    ports: PhonePorts
    sent: SentPackets

    @classmethod
    def take(cls, host: str) -> Self:
        ports = PhonePorts.reserve(host)
        return cls(tempfile.TemporaryDirectory(prefix="phone-"), ports, SentPackets(host, ports.media))

    @property
    def path(self) -> Path:
        return Path(self.folder.name)

    def close(self) -> None:
        self.sent.close()
        self.ports.close()
        self.folder.cleanup()


class Call:
    """A call under way.

    Args:
        process: the process of sipp.
        means: the resources that the call takes.
        due_s: when each packet of the track is due, in seconds from the answer on.
        limit_s: how long the whole call may take.
    """

    def __init__(self, process: subprocess.Popen[bytes], means: _Means, due_s: Sequence[float], limit_s: float) -> None:
        self._process = process
        self._means = means
        self._due_s = due_s
        self._limit_s = limit_s

    @property
    def media_port(self) -> int:
        """The address that the phone's audio comes from and goes to."""
        return self._means.ports.media

    @property
    def pid(self) -> int:
        """The process of the phone."""
        return self._process.pid

    def wait(self) -> CallResult:
        """Wait for the call's end.

        Raises:
            PhoneError: sipp did not place the call, did not end it, or did not send what the test asked for.
        """
        try:
            return self._result(self._process.wait(self._limit_s))
        except subprocess.TimeoutExpired as error:
            raise PhoneError(f"the call was not over after {self._limit_s:.0f} s") from error
        finally:
            self.close()

    def _result(self, status: int) -> CallResult:
        if status < 0:
            raise PhoneError(f"sipp was ended by {signal.Signals(-status).name}")
        log = self._means.path / "messages.csv"
        messages = log.read_text(errors="replace") if log.exists() else ""
        if status != 0 or not messages:
            raise PhoneError(f"sipp ended with status {status}: {self._complaint()}")
        result = parse_messages(messages)
        if result.completed:
            self._check_sent(result.duration_s)
        return result

    def _check_sent(self, duration_s: float) -> None:
        due = bisect_left(self._due_s, duration_s - _LATE_S)
        if (sent := self._means.sent.count) < due:
            raise PhoneError(
                f"sipp sent {sent} RTP packets, but {due} were due in a call of {duration_s:.1f} s: {self._complaint()}"
            )

    def _complaint(self) -> str:
        """What sipp says about itself."""
        for name in ("errors", "console"):
            said = self._means.path / name
            if said.exists() and (text := said.read_text(errors="replace").strip()):
                return text[-500:]
        return "it does not say why"

    def close(self) -> None:
        """Abandon the call if it goes on, and remove its files. May be called again."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._means.close()


@dataclass(frozen=True, kw_only=True)
class SippPhone:
    """A telephone at an address of this machine; any in 127.0.0.0/8 will do.

    Attributes:
        exchange: host and port of the exchange.
        access_number: the number that it dials.
        host: its own address; a trunk is known by it.
    """

    exchange: tuple[str, int]
    access_number: str
    host: str = "127.0.0.1"

    def call(
        self,
        caller: Caller,
        presses: Sequence[Press] = (),
        *,
        keys: KeyPath = KeyPath.IN_BAND,
        timing: Timing = BRISK,
        hang_up_after_s: float | None = None,
        audio: str = AUDIO,
        patience_s: float = 60.0,
        line: BadLine | None = None,
    ) -> CallResult:
        """Place a call and wait for its end; the arguments are those of `start`."""
        return self.start(
            caller,
            presses,
            keys=keys,
            timing=timing,
            hang_up_after_s=hang_up_after_s,
            audio=audio,
            patience_s=patience_s,
            line=line,
        ).wait()

    def start(
        self,
        caller: Caller,
        presses: Sequence[Press] = (),
        *,
        keys: KeyPath = KeyPath.IN_BAND,
        timing: Timing = BRISK,
        hang_up_after_s: float | None = None,
        audio: str = AUDIO,
        patience_s: float = 60.0,
        line: BadLine | None = None,
    ) -> Call:
        """Place a call.

        Args:
            caller: who calls, or claims to.
            presses: the keys that are pressed, from the answer on.
            keys: how keys are sent.
            timing: how keys are pressed.
            hang_up_after_s: how long after the answer the phone hangs up; None leaves it to the exchange.
            audio: the media line of the SDP offer; empty for an offer without audio.
            line: what happens to the packets on the way.
            patience_s: when the phone hangs up in any case, or gives up if there is no answer (status 487 then).

        Raises:
            PhoneError: sipp is missing, or no port is free.
        """
        if shutil.which("sipp") is None:
            raise PhoneError("sipp is missing: install Debian's package sip-tester")
        stays_s = patience_s if hang_up_after_s is None else hang_up_after_s
        means = _Means.take(self.host)
        track, steps = means.path / "track.pcap", means.path / "caller.xml"
        tail_s = max(0.0, stays_s - media.duration_s(presses, timing))
        due_s = media.write_track(track, presses, path_of_keys=keys, timing=timing, tail_s=tail_s, line=line)
        steps.write_text(scenario(caller, track, stays_s, audio), encoding="utf-8")
        words = ["sipp", f"{self.exchange[0]}:{self.exchange[1]}", "-sf", str(steps), "-s", self.access_number]
        words += ["-m", "1", "-l", "1", "-i", self.host, "-p", str(means.ports.sip), "-mi", self.host]
        words += ["-mp", str(means.ports.media), "-nostdin", "-max_retrans", "4"]
        words += ["-trace_shortmsg", "-shortmessage_file", str(means.path / "messages.csv")]
        words += ["-trace_err", "-error_file", str(means.path / "errors")]
        if caller.secret is not None:
            words += ["-au", caller.username or caller.number, "-ap", caller.secret]
        with (means.path / "console").open("wb") as console:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, cwd=means.path
            )
        return Call(process, means, due_s, 2 * stays_s + _SETTLE_S)


def parse_messages(text: str) -> CallResult:
    """Read sipp's short message log: date, seconds, S or R, Call-ID, CSeq, first line; parted by tabs."""
    status: int | None = None
    answered_at = ended_at = 0.0
    ended_by: EndedBy | None = None
    for line in text.splitlines():
        _, _, seconds, direction, _, cseq, first = line.split("\t", 6)
        method = cseq.split()[-1]
        if first.startswith("BYE "):
            ended_by = ended_by or (EndedBy.EXCHANGE if direction == "R" else EndedBy.PHONE)
            ended_at = ended_at or float(seconds)
        elif method == "INVITE" and direction == "R" and (code := int(first.split()[1])) >= 200:
            status = code
            answered_at = answered_at or float(seconds)
    return CallResult(status=status, ended_by=ended_by, duration_s=max(0.0, ended_at - answered_at))
