"""Many callers of subscribers' numbers, one after the other, by one sipp. Each calls once, from a number of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.live.callers.ports import PhonePorts

FIRST_CALLER: Final = 9010000000
_PATIENCE_MS: Final = 20_000
_STAYS_MS: Final = 300
_HEAD: Final = "Max-Forwards: 70\nFrom: <sip:[field0]@[local_ip]:[local_port]>;tag=[call_number]\n"
_TAIL: Final = "Call-ID: [call_id]\nCSeq: {cseq}\nContact: <sip:[field0]@[local_ip]:[local_port]>\n"
_URI: Final = "sip:[field1]@[remote_ip]:[remote_port]"
_VIA: Final = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
_SDP: Final = (
    "v=0\no=phone 1 1 IN IP4 [local_ip]\ns=-\nc=IN IP4 [media_ip]\nt=0 0\n"
    "m=audio [media_port] RTP/AVP 0\na=rtpmap:0 PCMU/8000\n"
)
_REFUSALS: Final = (403, 480, 486, 487, 500, 503, 603)


def caller(index: int) -> str:
    """The number of a caller."""
    return f"0{FIRST_CALLER + index}"


class Crowd:
    """Callers under way.

    Args:
        called: the number that each caller calls.
        a_second: how many call in a second.
        exchange: the address to which they send.
        host: the address from which.
        folder: where sipp keeps its files.
        at_once: how many calls there may be at once.
    """

    def __init__(
        self,
        called: Sequence[str],
        *,
        a_second: int,
        exchange: tuple[str, int],
        host: str,
        folder: Path,
        at_once: int = 1000,
    ) -> None:
        folder.mkdir()
        self._folder = folder
        self._ports = PhonePorts.reserve(host)
        rows = "".join(f"{caller(index)};{number}\n" for index, number in enumerate(called))
        (folder / "callers.csv").write_text(f"SEQUENTIAL\n{rows}", encoding="ascii")
        (folder / "caller.xml").write_text(_scenario(), encoding="ascii")
        words = ["sipp", f"{exchange[0]}:{exchange[1]}", "-sf", "caller.xml", "-inf", "callers.csv"]
        words += ["-i", host, "-p", str(self._ports.sip), "-mi", host, "-mp", str(self._ports.media), "-nostdin"]
        words += ["-r", str(a_second), "-m", str(len(called)), "-l", str(at_once), "-trace_logs", "-log_file", "heard"]
        self._process = subprocess.Popen(
            words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )

    @property
    def calling(self) -> bool:
        """Whether calls are under way."""
        return self._process.poll() is None

    def heard(self) -> dict[str, str]:
        """What each caller heard last, by the caller's number: `ringing`, `answered`, or a refusal's status."""
        log = self._folder / "heard"
        lines = log.read_text(encoding="ascii").splitlines() if log.exists() else []
        return {line.split()[0]: line.split()[1] for line in lines if len(line.split()) == 2}

    def end(self) -> None:
        """End all calls, and give the ports back."""
        self._process.kill()
        self._process.wait()
        self._ports.close()


def _scenario() -> str:
    def send(start: str, cseq: str, *, to_tag: str = "", via: str = _VIA, body: str = "", retrans: str = "") -> str:
        kind = "Content-Type: application/sdp\n" if body else ""
        text = f"{start}\n{via}{_HEAD}To: <{_URI}>{to_tag}\n{_TAIL.format(cseq=cseq)}{kind}Content-Length: [len]\n\n"
        return f"<send{retrans}><![CDATA[\n{text}{body}\n]]></send>"

    def heard(what: str) -> str:
        return f'<action><log message="[field0] {what}"/></action>'

    def ack(cseq: str, via: str = _VIA) -> str:
        return send(f"ACK {_URI} SIP/2.0", cseq, to_tag="[peer_tag_param]", via=via)

    limit = f'timeout="{_PATIENCE_MS}" ontimeout="over"'
    steps = [send(f"INVITE {_URI} SIP/2.0", "1 INVITE", body=_SDP, retrans=' retrans="500"')]
    steps += [f'<recv response="100" optional="true" {limit}/>']
    steps += [f'<recv response="180" optional="true" {limit}>{heard("ringing")}</recv>']
    steps += [f'<recv response="{code}" optional="true" {limit}/>' for code in (181, 182, 183)]
    steps += [
        f'<recv response="{code}" optional="true" next="refused" {limit}>{heard(str(code))}</recv>'
        for code in _REFUSALS
    ]
    steps += [f'<recv response="200" {limit}>{heard("answered")}</recv>', ack("1 ACK")]
    steps += [f'<pause milliseconds="{_STAYS_MS}"/>', send(f"BYE {_URI} SIP/2.0", "2 BYE", to_tag="[peer_tag_param]")]
    steps += ['<recv response="200" timeout="2000" ontimeout="over" next="over"/>']
    steps += ['<label id="refused"/>', ack("1 ACK", "[last_Via:]\n"), '<label id="over"/>', "<nop/>"]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', '<scenario name="caller">', *steps, "</scenario>", ""])
