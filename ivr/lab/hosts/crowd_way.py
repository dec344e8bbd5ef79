"""The way of a crowd's calls from a node of the network: the crowd's process moves there before it calls."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ivr.lab.hosts.namespace import enter
from ivr.lab.load.crowd.trunk import Trunk, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class WayFromNode:
    """A way that starts at a node.

    Attributes:
        namespace: the node's network namespace.
        way: the way from there, as `SipWay` from the node's address to the proxy.
    """

    namespace: Path
    way: Way

    def open(self, places: int) -> Trunk:
        """Move this process to the node, and open the trunk there."""
        enter(self.namespace)
        return self.way.open(places)
