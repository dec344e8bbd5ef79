"""Moments as all lists of the command line write them."""

from __future__ import annotations

from datetime import datetime


def when(moment: datetime) -> str:
    """A moment in local time with its offset from UTC, so that lists of two hosts can be laid side by side."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S%z")
