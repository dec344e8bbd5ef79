"""Logs: readable on a terminal, JSON for machines, and nothing secret in either."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from enum import StrEnum
from typing import Any, Final, TextIO

import structlog


class LogLevel(StrEnum):
    """The least important lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


MASK: Final = "********"
SECRET_FIELDS: Final = frozenset({"password", "secret", "keys", "key", "digits", "digit", "hash", "digest"})
"""Fields that no line may carry in the clear, whoever wrote it."""


_EIGHT_DIGITS: Final = re.compile(r"(?<![0-9A-Za-z])[0-9]{8}(?![0-9A-Za-z])")
"""What a temporary password looks like; telephone numbers have ten digits or eleven."""


def mask_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """structlog processor: what stands in a field that can hold a secret is replaced.

    So is what looks like a temporary password in any text, the texts of exceptions included: these are not ours.
    """
    for name, value in event.items():
        event[name] = MASK if name in SECRET_FIELDS else _without_passwords(value)
    return event


def _without_passwords(value: Any) -> Any:
    if isinstance(value, bool | int | float | None):
        return MASK if _EIGHT_DIGITS.fullmatch(str(value)) else value
    text = value if isinstance(value, str) else repr(value)
    masked = _EIGHT_DIGITS.sub(MASK, text)
    return value if masked == text else masked


def configure_logs(*, level: LogLevel = LogLevel.INFO, json: bool | None = None, stream: TextIO | None = None) -> None:
    """Set the process's logs up.

    Args:
        level: the least important lines to write.
        json: one JSON object a line; by default unless the stream is a terminal.
        stream: where to; standard error by default.
    """
    stream = sys.stderr if stream is None else stream
    if json is None:
        json = not stream.isatty()
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if json else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            mask_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: _Writer(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_FromLibraries()], level=logging.WARNING, force=True)


class _Writer:
    """Writes lines. A disk that is full, or a reader that has gone, must not end a call: such a line is lost."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        """Write one line, of whatever level."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = critical = exception = msg


class _FromLibraries(logging.Handler):
    """What libraries log by the standard way takes ours: one form of line, and masked."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record on."""
        log = structlog.get_logger(record.name)
        log.log(record.levelno, "library", message=record.getMessage(), exc_info=record.exc_info or None)
