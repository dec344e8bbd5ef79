"""Kinds of values that settings have."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

_HOST_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[?[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*\]?")
"""A host name, or an IPv6 address, which has two or more colons."""


def split_names(value: Any) -> Any:
    """Split names or addresses at blanks and commas."""
    return value.replace(",", " ").lower().split() if isinstance(value, str) else value


def _host_name(text: str) -> str:
    name = text.lower()
    if not _HOST_NAME.fullmatch(name):
        raise ValueError("write host names without http:// and without a port, as in console.example.jp")
    return name.strip("[]")


def _host(text: str) -> str:
    name = text.lower()
    if not _HOST_NAME.fullmatch(name):
        raise ValueError("write a host name or an address without http:// and without a port, as in 127.0.0.1")
    return name.strip("[]")


def _maybe_host(text: str) -> str:
    return _host(text) if text else ""


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("write addresses or networks, as in 192.0.2.7, 10.0.0.0/8 or fd00::/8") from None


Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=1, le=65535)]
HostName = Annotated[str, AfterValidator(_host_name)]
Host = Annotated[str, AfterValidator(_host)]
"""Where a process listens, or is reached."""
MaybeHost = Annotated[str, AfterValidator(_maybe_host)]
NetworkName = Annotated[str, AfterValidator(_network)]
