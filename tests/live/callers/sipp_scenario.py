"""The call of a test phone as a scenario of sipp, in its XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

# What an exchange may answer to an INVITE, once challenges are over. At any other answer sipp aborts.
_REFUSALS = (400, 401, 403, 404, 406, 408, 480, 484, 486, 488, 500, 503, 603)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What a call says about its caller.

    Attributes:
        number: the number in From; anything can be claimed there.
        asserted: the URI of P-Asserted-Identity, such as ``sip:0312345678@carrier.example`` or ``tel:+81312345678``.
        privacy: the header Privacy; ``id`` withholds the number.
        sender: the value of From in place of the number at the phone's address; without the tag.
        others: more header lines.
        username: the user name of a registered phone, with `secret`.
        secret: answers the exchange's challenge.
    """

    number: str
    asserted: str | None = None
    privacy: str | None = None
    sender: str | None = None
    others: Sequence[str] = ()
    username: str | None = None
    secret: str | None = field(default=None, repr=False)


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
        "From: SENDER;tag=[call_number]",
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


def scenario(caller: Caller, track: Path, stays_s: float, audio: str) -> str:
    """Write the scenario of one caller's call for sipp.

    Args:
        caller: who calls.
        track: the capture file that is played from the answer on.
        stays_s: seconds after which the phone hangs up, or gives up.
        audio: the media line of the SDP offer; empty for an offer without audio.
    """
    identity = []
    if caller.asserted is not None:
        identity.append(f"P-Asserted-Identity: <{caller.asserted}>")
    if caller.privacy is not None:
        identity.append(f"Privacy: {caller.privacy}")
    identity += caller.others
    sender = caller.sender or "<sip:FROM@[local_ip]:[local_port]>"
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
        return (
            f"<send{attributes}><![CDATA[\n{text.replace('SENDER', sender).replace('FROM', caller.number)}\n]]></send>"
        )

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
