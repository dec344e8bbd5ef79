"""The levels of log lines."""

from __future__ import annotations

from enum import StrEnum


class LogLevel(StrEnum):
    """How important a line must be to be written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
