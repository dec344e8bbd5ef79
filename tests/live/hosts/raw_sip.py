"""SIP requests as no telephone would send them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from ivr.lab.hosts.many_hosts import ManyHosts
from ivr.lab.house import ACCESS_NUMBER

PATIENCE_S = 0.5


def send(house: ManyHosts, node: str, text: str, *, to: tuple[str, int] | None = None, waits: bool = True) -> str:
    """Send a request from a node to the proxy, or elsewhere; returns the first response's first line, "" if none came.

    Args:
        house: the house.
        node: where it is sent from.
        text: the request; ME in it becomes the sender's address.
        to: where it is sent; the proxy by default.
        waits: whether to wait for a response.
    """
    with house.network.udp_socket(node) as there:
        host, port = there.getsockname()
        there.settimeout(PATIENCE_S)
        there.sendto(text.replace("ME", f"{host}:{port}").replace("\n", "\r\n").encode(), to or house.proxy.address)
        if not waits:
            return ""
        try:
            return there.recv(65535).decode().partition("\r\n")[0]
        except TimeoutError:
            return ""


def request(
    method: str, host: str, *, headers: Sequence[str] = (), to_tag: str = "", body: str = "", cseq: str = ""
) -> str:
    """Write a request to the access number at an address, with any headers."""
    tag = f";tag={to_tag}" if to_tag else ""
    lines = [
        f"{method} sip:{ACCESS_NUMBER}@{host}:5060 SIP/2.0",
        f"Via: SIP/2.0/UDP ME;branch=z9hG4bK{secrets.token_hex(4)};rport",
        "Max-Forwards: 70",
        "From: <sip:0312345678@carrier.example>;tag=from",
        f"To: <sip:{ACCESS_NUMBER}@{host}>{tag}",
        f"Call-ID: {secrets.token_hex(8)}",
        f"CSeq: {cseq or f'1 {method}'}",
        "Contact: <sip:caller@ME>",
        *headers,
        f"Content-Length: {len(body) + body.count(chr(10))}",
    ]
    return "\n".join(lines) + f"\n\n{body}"
