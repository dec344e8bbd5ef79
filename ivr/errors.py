"""Errors of the service and of test calls. Each says what is wrong and what to do."""

from __future__ import annotations


class PortTaken(Exception):  # noqa: N818 - reads as what it says
    """A port of ours is in use; the message names the setting that changes it."""


class CallFailed(Exception):  # noqa: N818 - reads as what it says
    """A test call did not come about; the message says why."""
