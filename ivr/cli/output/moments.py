"""Writes moments in the one form of all lists of the command line."""

from __future__ import annotations

from datetime import datetime


def when(moment: datetime) -> str:
    """Write a moment in local time with its offset from UTC, so that lists of two hosts can be compared."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S%z")
