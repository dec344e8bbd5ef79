"""The client's address of a request, which may come through proxies."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_WITH_PORT: Final = re.compile(r"\[(?P<v6>[^\]]*)\](?::\d+)?|(?P<v4>[\d.]+):\d+")


def client_address(peer: str, forwarded: Sequence[str], proxies: Collection[Network]) -> str:
    """Return the address of the client that sent a request; "" if it is not known.

    Args:
        peer: the address at the other end of the connection.
        forwarded: the X-Forwarded-For headers, in their order. Only what trusted proxies wrote is believed: each proxy
            adds, at the end, the address that its request came from.
        proxies: the networks of the trusted proxies.
    """
    nearest = _read(peer)
    if nearest is None:
        return peer
    for text in reversed(",".join(forwarded).split(",")):
        if not any(nearest in network for network in proxies):
            break
        further = _read(text)
        if further is None:
            break  # a trusted proxy wrote this; anybody may have written what stands before it
        nearest = further
    return str(nearest)


def _read(text: str) -> Address | None:
    """Read an address as proxies write it, with or without a port; None if the text is not an address."""
    text = text.strip()
    with_port = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address((with_port["v6"] or with_port["v4"] or "") if with_port else text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
