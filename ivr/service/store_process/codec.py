"""Turns messages into octets and back. Sans-I/O.

A message is its length (4 octets, big endian) and JSON in UTF-8: the name of its class and its fields. A field that is
not known is ignored, and a message of an unknown name is an error: `messages.VERSION` tells the two apart.

No error shows what a message held, because it may be a password.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any, Final, get_args

from pydantic import TypeAdapter, ValidationError

from ivr.records.changes import Change
from ivr.service.store_process.messages import Message, Write
from storage.errors import StoreUnavailable

_LENGTH_BYTES: Final = 4
MAX_BYTES: Final = 16 * 1024 * 1024
"""A batch of changes of call records has some hundred of them, of a few hundred octets each."""

_KINDS: Final[dict[str, type]] = {kind.__name__: kind for kind in (*get_args(Message), *get_args(Change))}
_ADAPTERS: Final[dict[str, TypeAdapter[Any]]] = {
    name: TypeAdapter(kind) for name, kind in _KINDS.items() if kind is not Write
}


class StoreProtocolError(StoreUnavailable):
    """The other side broke the protocol. The text names the message's kind, and nothing of its fields."""


def encode(message: Message) -> bytes:
    """Turn a message into octets.

    Raises:
        StoreProtocolError: it is longer than a message may be.
    """
    text = json.dumps(_packed(message), ensure_ascii=False, separators=(",", ":"), default=_plain)
    body = text.encode("utf-8", "surrogatepass")
    if len(body) > MAX_BYTES:
        raise StoreProtocolError(f"a {type(message).__name__} of {len(body)} octets is longer than {MAX_BYTES}")
    return len(body).to_bytes(_LENGTH_BYTES) + body


class MessageParser:
    """Turns received octets into messages, however they were cut. An error stays: the stream has lost its place."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._error: StoreProtocolError | None = None

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take octets that were received; gives the messages that they complete.

        Raises:
            StoreProtocolError: the other side broke the protocol; raised by each call from then on.
        """
        self._buffer += data
        while (message := self._next()) is not None:
            yield message

    def _next(self) -> Message | None:
        try:
            return self._take()
        except StoreProtocolError as error:
            self._error = error
            self._buffer.clear()
            raise

    def _take(self) -> Message | None:
        if self._error is not None:
            raise self._error
        if len(self._buffer) < _LENGTH_BYTES:
            return None
        length = int.from_bytes(self._buffer[:_LENGTH_BYTES])
        if length > MAX_BYTES:
            raise StoreProtocolError(f"a message announces {length} octets, more than {MAX_BYTES}")
        end = _LENGTH_BYTES + length
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[_LENGTH_BYTES:end])
        del self._buffer[:end]
        message: Message = _unpacked(_loaded(body), _MESSAGES)
        return message


_MESSAGES: Final = frozenset(kind.__name__ for kind in get_args(Message))
_CHANGES: Final = frozenset(kind.__name__ for kind in get_args(Change))


def _packed(value: Message | Change) -> list[Any]:
    name = type(value).__name__
    if isinstance(value, Write):
        return [name, {"request": value.request, "changes": [_packed(change) for change in value.changes]}]
    return [name, _ADAPTERS[name].dump_python(value)]


def _plain(value: object) -> object:
    """Turn a value that JSON does not have into one that the adapters read back."""
    match value:
        case datetime():
            return value.isoformat()
        case frozenset():
            return sorted(value)
        case Enum():
            return value.value
    raise TypeError(f"a {type(value).__name__} is no field of a message")


def _loaded(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8", "surrogatepass"))
    except ValueError:
        pass  # its text quotes the message
    raise StoreProtocolError(f"a message of {len(body)} octets is not JSON")


def _unpacked(packed: object, kinds: frozenset[str]) -> Any:
    match packed:
        case [str(name), dict(fields)] if name in kinds:
            pass
        case [str(name), dict()] if name.isidentifier():
            raise StoreProtocolError(f"a message of the kind {name} is not known here, or not expected")
        case _:
            raise StoreProtocolError("a message has no kind")
    match fields:
        case {"request": int(request), "changes": list(changes)} if name == Write.__name__:
            return Write(request=request, changes=tuple(_unpacked(change, _CHANGES) for change in changes))
    try:
        return _ADAPTERS[name].validate_python(fields)
    except (ValidationError, KeyError):
        pass  # its text quotes the fields
    raise StoreProtocolError(f"a {name} has fields that are missing or of the wrong kind")
