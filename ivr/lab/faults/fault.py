"""A fault: something that breaks in a house of many hosts, and is mended again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ivr.lab.hosts.many_hosts import ManyHosts


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault.

    Attributes:
        name: what breaks, in a few words.
        happening: breaks it when it is entered, and mends it when it is left.
        lasts_s: how long it stays broken.
    """

    name: str
    happening: Callable[[ManyHosts], AbstractContextManager[None]]
    lasts_s: float = 0.0
