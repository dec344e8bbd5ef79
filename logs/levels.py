"""Levels of log lines."""

from __future__ import annotations

from enum import StrEnum


class LogLevel(StrEnum):
    """The least important lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
