"""Finds where tries come from: which addresses most likely belong to one visitor (docs/rules.md 4.4)."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from credentials.one_line import one_line

_SITE_BITS: Final = 64
"""The bits of an IPv6 address that name a site: its owner usually has all addresses that start with them (RFC 6177)."""
_LONGEST: Final = 100


def origin_of(text: str) -> str:
    """Return what counts as one origin: an IPv4 address, an IPv6 network of 64 bits, or any other text as one line."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return one_line(text, _LONGEST)
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((int(address), _SITE_BITS), strict=False))
    return str(address)
