"""A caller whose header From has any octets: no SIP stack looks at them before the exchange does."""

from __future__ import annotations

import secrets
import socket

from ivr.lab.telephone.sip import Message, new_branch, new_call_id, offer

_FINAL = 200
_AGAIN_S = 0.5
_REPEATS = 20


def place_raw_call(exchange: tuple[str, int], number: str, *, host: str, sender: bytes) -> int:
    """Call a number, and return the exchange's final answer, which must be none that connects the call.

    Args:
        exchange: where it takes calls.
        number: the number.
        host: the caller's address.
        sender: the value of From, without the tag.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind((host, 0))
        here.settimeout(_AGAIN_S)
        port = here.getsockname()[1]
        body = offer(host, port)
        call_id, branch, tag = new_call_id(host), new_branch(), secrets.token_hex(6)

        def request(method: str, to: str, *more: str) -> bytes:
            before = [
                f"{method} sip:{number}@{exchange[0]}:{exchange[1]} SIP/2.0",
                f"Via: SIP/2.0/UDP {host}:{port};branch={branch};rport",
                "Max-Forwards: 70",
            ]
            after = [
                f"To: {to}",
                f"Call-ID: {call_id}",
                f"CSeq: 1 {method}",
                f"Contact: <sip:raw@{host}:{port}>",
                *more,
            ]
            head = "\r\n".join(before).encode() + b"\r\nFrom: " + sender + f";tag={tag}\r\n".encode()
            return head + ("\r\n".join(after) + "\r\n\r\n").encode()

        to = f"<sip:{number}@{exchange[0]}>"
        kind = "Content-Type: application/sdp", f"Content-Length: {len(body)}"
        invite = request("INVITE", to, *kind) + body.encode()
        here.sendto(invite, exchange)
        heard = False
        for _ in range(_REPEATS):
            try:
                answer = Message.parse(here.recv(65535))
            except TimeoutError:
                if not heard:
                    here.sendto(invite, exchange)
                continue
            heard = True
            if answer.status is not None and answer.status >= _FINAL:
                here.sendto(request("ACK", answer.headers["to"], "Content-Length: 0"), exchange)
                assert answer.status >= 300, "the call was connected"
                return answer.status
    raise AssertionError("the exchange gave no final answer")
