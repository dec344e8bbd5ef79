"""Tells of a trouble once, and once when it is over, however often it is met meanwhile."""

from __future__ import annotations

from typing import Final

import structlog

_log: Final = structlog.get_logger(__name__)


class Trouble:
    """What keeps something from being done.

    Args:
        begun: the log's name for its beginning.
        over: the log's name for its end.
        meanwhile: what that means until then.
    """

    def __init__(self, begun: str, over: str, *, meanwhile: str) -> None:
        self._begun = begun
        self._over = over
        self._meanwhile = meanwhile
        self._is_told = False

    def met(self, reason: str) -> None:
        """Note that it could not be done."""
        if not self._is_told:
            _log.error(self._begun, reason=reason, meanwhile=self._meanwhile)
        self._is_told = True

    def passed(self) -> None:
        """Note that it was done."""
        if self._is_told:
            _log.info(self._over)
        self._is_told = False
