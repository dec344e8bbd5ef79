"""Whose address a request comes from, by way of proxies too."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_WITH_PORT: Final = re.compile(r"\[(?P<v6>[^\]]*)\](?::\d+)?|(?P<v4>[\d.]+):\d+")


def client_address(peer: str, forwarded: Sequence[str], proxies: Collection[Network]) -> str:
    """The address of whoever sent a request; "" if it is not known.

    Args:
        peer: whose connection it is.
        forwarded: the headers X-Forwarded-For, in their order. They are believed as far as trusted proxies wrote them:
            each adds the address that it was asked from at the end.
        proxies: whose word is trusted.
    """
    nearest = _read(peer)
    if nearest is None:
        return peer
    for text in reversed(",".join(forwarded).split(",")):
        if not any(nearest in network for network in proxies):
            break
        further = _read(text)
        if further is None:
            break  # who wrote that is a trusted proxy: what stands before it may be anybody's
        nearest = further
    return str(nearest)


def _read(text: str) -> Address | None:
    """An address as proxies write it, with a port or without; None if it is none."""
    text = text.strip()
    with_port = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address((with_port["v6"] or with_port["v4"] or "") if with_port else text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
