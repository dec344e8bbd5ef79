"""What a worker and the process that started it say to each other, and how these messages are octets.

A message is one packet: JSON in UTF-8, the name of its class and its fields. A field that is not known is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic import TypeAdapter, ValidationError

from ivr.service.watching.turned_away import TurnedAway

VERSION: Final = 1
"""The version of these messages. New workers may be newer than the process that starts them."""


class WorkerProtocolError(Exception):
    """The other side broke the protocol. The text names the kind of message, and nothing of its fields."""


# --- to a worker --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Others answer the calls to come: listen no more, let the calls in progress end, and end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """The service stops: take no more calls, let those in progress end, and end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The answer to `TakePlace`.

    Attributes:
        refusal: why there is no place; None if the call has one.
    """

    request: int
    refusal: TurnedAway | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMetrics:
    """Write your metrics. Answered by `MetricsPage`."""

    request: int


# --- from a worker ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Calls can come."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotServing:
    """The worker cannot serve, and ends.

    Attributes:
        problem: what is wrong and what to do, for people.
    """

    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePlace:
    """Is there a place for one more call, of this number ("" for none)? Answered by `Placed`."""

    request: int
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBack:
    """A call of this number that had a place has ended."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The worker's vitals (`ivr.records.vitals.Vitals.as_json`), sent at least every second."""

    vitals: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsPage:
    """The worker's metrics, in the text form that Prometheus reads.

    Attributes:
        request: the request that this answers; 0 for the last page of a worker that ends.
    """

    request: int
    page: str


ToWorker = HandOver | Stop | Placed | ReadMetrics
FromWorker = Serving | NotServing | TakePlace | GiveBack | Report | MetricsPage
Message = ToWorker | FromWorker

_ADAPTERS: Final[dict[str, TypeAdapter[Any]]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Message)}


def encode(message: Message) -> bytes:
    """Turn a message into a packet."""
    name = type(message).__name__
    return json.dumps([name, _ADAPTERS[name].dump_python(message, mode="json")], separators=(",", ":")).encode()


def decode(packet: bytes) -> Message:
    """Turn a packet into a message.

    Raises:
        WorkerProtocolError: it is none.
    """
    try:
        name, fields = json.loads(packet)
        message: Message = _ADAPTERS[name].validate_python(fields)
    except (ValueError, TypeError, KeyError, ValidationError):
        pass  # its text may quote the message
    else:
        return message
    raise WorkerProtocolError(f"a packet of {len(packet)} octets is no message of version {VERSION}")
