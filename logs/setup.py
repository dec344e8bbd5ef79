"""Sets up the logs: readable on a terminal, JSON for machines, and nothing secret in either (docs/rules.md 5.1)."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import threading
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, Final, TextIO

import structlog

from logs.levels import LogLevel

MASK: Final = "********"
SECRET_FIELDS: Final = frozenset({"password", "secret", "keys", "key", "digits", "digit", "hash", "digest"})
"""Fields that no line may show, no matter who wrote it."""
IDENTIFIERS: Final = frozenset({"call", "channel", "timestamp", "audit_head", "audit_head_before"})
"""Fields of ours that hold long numbers by nature; they are written as they are."""
_PASSWORD: Final = re.compile(r"(?<![0-9])(?:[0-9]{8,9}|[0-9]{12,})(?![0-9])")
"""The form of a temporary password: alone, after the key of its unit, or twice. Telephone numbers have 10 or 11
digits."""
_GROUPED: Final = re.compile(r"(?<![0-9-])[0-9]+(?:[ -][0-9]+)+(?![0-9-])")
"""Digits in groups, as people write them. Eight digits may be a password."""
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPELLED: Final = re.compile(r"(?<![0-9])[0-9](?:[^0-9]{1,2}[0-9]){7}(?![0-9])")
"""Eight digits, spelled one by one."""
_ESCAPE: Final = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
"""A character as reprs write it. Its digits are not a part of those that follow."""


def mask_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Mask secrets in a log event (a structlog processor).

    The value of each field that can hold a secret is replaced, however deep it is nested. In all other values, whatever
    looks like a temporary password is replaced. This covers the texts of exceptions, which others write.
    """
    for name, value in event.items():
        if name not in IDENTIFIERS:
            event[name] = _masked_field(name, value)
    return event


def _masked_field(name: str, value: Any) -> Any:
    return MASK if name.lower() in SECRET_FIELDS else _without_secrets(value)


def _without_secrets(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case int() | float():
            whole = str(value).partition(".")[0]  # digits after the point belong to a measurement
            return MASK if _PASSWORD.search(whole) else value
        case str():
            return _without_passwords(value)
        case Mapping():
            return {_without_passwords(str(name)): _masked_field(str(name), inner) for name, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            spelled = _SPELLED.search(" ".join(map(str, value)))
            return MASK if spelled else [_without_secrets(item) for item in value]
    text = repr(value)
    masked = _without_passwords(text)
    return value if masked == text else masked


def _without_passwords(text: str) -> str:
    masked = _masked(text)
    if "\\" not in masked:
        return masked
    plain = _ESCAPE.sub("?", masked)
    again = _masked(plain)
    return masked if again == plain else again


def _masked(text: str) -> str:
    return _SPELLED.sub(MASK, _GROUPED.sub(_mask_group, _PASSWORD.sub(MASK, text)))


def _mask_group(group: re.Match[str]) -> str:
    digits = sum(letter.isdigit() for letter in group[0])
    return MASK if digits == 8 and not _DATE.fullmatch(group[0]) else group[0]


def configure_logs(*, level: LogLevel = LogLevel.INFO, json: bool | None = None, stream: TextIO | None = None) -> None:
    """Set up the process's logs. Uncaught exceptions are logged, too.

    Args:
        level: the least important lines to write.
        json: whether to write one JSON object a line; by default, yes unless the stream is a terminal.
        stream: where to write; standard error by default.
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
    sys.excepthook = _uncaught
    if threading.excepthook is threading.__excepthook__:  # a hook of others, such as a debugger's, stays
        threading.excepthook = _uncaught_in_thread


class _Writer:
    """Writes lines. A full disk or a reader that has gone must not end a call: the line is lost instead."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        """Write one line of any level."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = critical = exception = msg


class _FromLibraries(logging.Handler):
    """Passes what libraries log by `logging` to our own logs, so that it has their form and is masked."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a record on. This never raises, because the library must go on with its work."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - the border to libraries: the text of their values may raise anything
            message = f"a line that cannot be made, of {record.module}, line {record.lineno}"
        level = min(record.levelno // 10 * 10, logging.CRITICAL)  # structlog has no levels in between
        structlog.get_logger(record.name).log(level, "library", message=message, exc_info=record.exc_info or None)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        structlog.get_logger(__name__).critical("uncaught", exc_info=(kind, error, trace))


def _uncaught_in_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None and not issubclass(told.exc_type, SystemExit):
        name = "" if told.thread is None else told.thread.name
        info = (told.exc_type, told.exc_value, told.exc_traceback)
        structlog.get_logger(__name__).critical("uncaught", thread=name, exc_info=info)
