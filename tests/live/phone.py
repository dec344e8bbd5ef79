"""Telephones for tests: real SIP callers, by sipp (Debian's package sip-tester).

A `SippPhone` is one telephone at one address. `start` places a call and returns at once, `call` waits for its end.
Each call is a process and a temporary directory of its own, so any number may run at the same time.

sipp plays RTP through a raw socket: the tests run as root.
"""

import contextlib
import itertools
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from tests.live import media
from tests.live.media import BRISK, BadLine, KeyPath, Press, Timing

# What an exchange may answer to an INVITE, once challenges are over.
_REFUSALS = (401, 403, 404, 406, 408, 480, 484, 486, 488, 500, 503, 603)
_SETTLE_S = 5.0


class PhoneError(Exception):
    """sipp is missing or did not do what it was asked."""


class EndedBy(Enum):
    """Who hung up."""

    EXCHANGE = "exchange"
    PHONE = "phone"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What a call says about who makes it.

    Attributes:
        number: in From; anything can be claimed there.
        asserted: URI of P-Asserted-Identity, such as ``sip:0312345678@carrier.example`` or ``tel:+81312345678``.
        privacy: the header Privacy; ``id`` withholds the number.
        username: for a registered phone, with `secret`.
        secret: answers the exchange's challenge.
    """

    number: str
    asserted: str | None = None
    privacy: str | None = None
    username: str | None = None
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class CallResult:
    """How a call went.

    Attributes:
        status: the final SIP status of the INVITE; None if there was none.
        ended_by: who hung up an answered call; None if nobody did in time.
        duration_s: from answer to hang-up.
    """

    status: int | None
    ended_by: EndedBy | None
    duration_s: float

    @property
    def completed(self) -> bool:
        """Whether the call was answered and then ended by one side in good order."""
        return self.status == 200 and self.ended_by is not None


class Call:
    """A call under way."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        work: tempfile.TemporaryDirectory[str],
        media_port: int,
        limit_s: float,
    ) -> None:
        self._process = process
        self._work = work
        self._limit_s = limit_s
        self.media_port = media_port

    def wait(self) -> CallResult:
        """Wait for the call's end.

        Raises:
            PhoneError: sipp failed before it could place the call, or did not end.
        """
        try:
            self._process.wait(self._limit_s)
            return self._result()
        except subprocess.TimeoutExpired as error:
            raise PhoneError(f"the call was not over after {self._limit_s:.0f} s") from error
        finally:
            self.close()

    def _result(self) -> CallResult:
        folder = Path(self._work.name)
        log = folder / "messages.csv"
        if not log.exists():
            raise PhoneError(f"sipp placed no call: {(folder / 'console').read_text(errors='replace')[-500:]}")
        return parse_messages(log.read_text(errors="replace"))

    def close(self) -> None:
        """Abandon the call if it goes on, and remove what it left. May be called again."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._work.cleanup()


@dataclass(frozen=True, kw_only=True)
class SippPhone:
    """A telephone at an address of this machine; any in 127.0.0.0/8 will do.

    Attributes:
        exchange: host and port of the exchange.
        access_number: what it dials.
        host: its own address; this is what a trunk is known by.
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
        audio: str = "m=audio [media_port] RTP/AVP 0 101",
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
        audio: str = "m=audio [media_port] RTP/AVP 0 101",
        patience_s: float = 60.0,
        line: BadLine | None = None,
    ) -> Call:
        """Place a call.

        Args:
            caller: who calls, or claims to.
            presses: what is pressed, from the answer on.
            keys: how keys are sent.
            timing: how keys are pressed.
            hang_up_after_s: hang up that long after the answer; None leaves it to the exchange.
            audio: the media line of the SDP offer; empty for an offer without audio.
            line: what happens to the packets on the way.
            patience_s: hang up after so long in any case, or give up if there is no answer (status 487 then).
        """
        if shutil.which("sipp") is None:
            raise PhoneError("sipp is missing: install Debian's package sip-tester")
        stays_s = patience_s if hang_up_after_s is None else hang_up_after_s
        sip_port, media_port = _free_udp_port(self.host), _free_udp_port(self.host)
        work = tempfile.TemporaryDirectory(prefix="phone-")
        folder = Path(work.name)
        track = folder / "track.pcap"
        tail_s = max(0.0, stays_s - media.duration_s(presses, timing))
        media.write_track(track, presses, path_of_keys=keys, timing=timing, tail_s=tail_s, line=line)
        scenario = folder / "caller.xml"
        scenario.write_text(_scenario(caller, track, stays_s, audio), encoding="utf-8")
        words = ["sipp", f"{self.exchange[0]}:{self.exchange[1]}", "-sf", str(scenario), "-s", self.access_number]
        words += ["-m", "1", "-l", "1", "-i", self.host, "-p", str(sip_port), "-mi", self.host]
        words += ["-mp", str(media_port), "-nostdin", "-max_retrans", "4"]
        words += ["-trace_shortmsg", "-shortmessage_file", str(folder / "messages.csv")]
        if caller.secret is not None:
            words += ["-au", caller.username or caller.number, "-ap", caller.secret]
        with (folder / "console").open("wb") as console:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, cwd=folder
            )
        return Call(process, work, media_port, 2 * stays_s + _SETTLE_S)


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


_PORTS = itertools.cycle(range(12000, 23000, 8))
"""Where the next phone looks for a free port. A port that was looked up is taken by sipp only later: no two phones of
this process may be told the same, and none lies where Linux gives ports to whoever asks for any (from 32768 on;
Asterisk asks three times a call). sipp's media take the ports next to it, too."""


def _free_udp_port(host: str) -> int:
    for port in _PORTS:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            return port
    raise PhoneError(f"no free UDP port on {host}")


_NEW_BRANCH = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]"
# CANCEL and the ACK of a refusal belong to the transaction of the INVITE.
_SAME_BRANCH = "[last_Via:]"


def _message(
    start_line: str,
    *,
    to_tag: str,
    cseq: str,
    via: str = _NEW_BRANCH,
    extra: Sequence[str] = (),
    body: str = "",
) -> str:
    lines = [
        start_line,
        via,
        "Max-Forwards: 70",
        "From: <sip:FROM@[local_ip]:[local_port]>;tag=[call_number]",
        f"To: <sip:[service]@[remote_ip]:[remote_port]>{to_tag}",
        "Call-ID: [call_id]",
        f"CSeq: {cseq}",
        "Contact: <sip:FROM@[local_ip]:[local_port]>",
        *extra,
        "Content-Length: [len]",
        "",
        body,
    ]
    return "\n".join(lines)


def _scenario(caller: Caller, track: Path, stays_s: float, audio: str) -> str:
    """A sipp scenario: the call of one caller."""
    identity = []
    if caller.asserted is not None:
        identity.append(f"P-Asserted-Identity: <{caller.asserted}>")
    if caller.privacy is not None:
        identity.append(f"Privacy: {caller.privacy}")
    sdp = [
        "v=0",
        "o=phone 1 1 IN IP4 [local_ip]",
        "s=-",
        "c=IN IP4 [media_ip]",
        "t=0 0",
        *([audio, "a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=ptime:20"] if audio else []),
        "",
    ]
    body = "\n".join(sdp)
    uri = "sip:[service]@[remote_ip]:[remote_port]"

    def send(text: str, attributes: str = "") -> str:
        return f"<send{attributes}><![CDATA[\n{text.replace('FROM', caller.number)}\n]]></send>"

    def invite(cseq: int, *more: str) -> str:
        extra = (*identity, *more, "Content-Type: application/sdp")
        return send(
            _message(f"INVITE {uri} SIP/2.0", to_tag="", cseq=f"{cseq} INVITE", extra=extra, body=body),
            ' retrans="500"',
        )

    def ack(cseq: int, via: str = _NEW_BRANCH) -> str:
        return send(_message(f"ACK {uri} SIP/2.0", to_tag="[peer_tag_param]", cseq=f"{cseq} ACK", via=via))

    reply = "SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n"
    steps = [invite(1)]
    cseq = 1
    if caller.secret is not None:
        cseq = 2
        steps += ['<recv response="401" auth="true"/>', ack(1, _SAME_BRANCH), invite(2, "[authentication]")]
    patience_ms = round(stays_s * 1000)
    # sipp waits as long as the step says at which it stands, which may be an optional one.
    answer = f'timeout="{patience_ms}" ontimeout="give-up"'
    steps += [f'<recv response="{code}" optional="true" {answer}/>' for code in (100, 180, 181, 182, 183)]
    steps += [f'<recv response="{code}" optional="true" next="refused" {answer}/>' for code in _REFUSALS]
    steps += [
        f'<recv response="200" {answer}/>',
        ack(cseq),
        f'<nop><action><exec play_pcap_audio="{track}"/></action></nop>',
        f'<recv request="BYE" timeout="{patience_ms}" ontimeout="hang-up"/>',
        send(reply, ' next="over"'),
        '<label id="hang-up"/>',
        send(_message(f"BYE {uri} SIP/2.0", to_tag="[peer_tag_param]", cseq=f"{cseq + 1} BYE"), ' retrans="500"'),
        '<recv response="200" next="over"/>',
        '<label id="give-up"/>',
        send(_message(f"CANCEL {uri} SIP/2.0", to_tag="", cseq=f"{cseq} CANCEL", via=_SAME_BRANCH), ' retrans="500"'),
        '<recv response="200"/>',
        '<recv response="487"/>',
        '<label id="refused"/>',
        ack(cseq, _SAME_BRANCH),
        '<label id="over"/>',
        "<nop/>",
    ]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', '<scenario name="caller">', *steps, "</scenario>", ""])
