"""Reports a process of ours in the registry of programs (`storage.programs`), and tells of a clock that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import version
from typing import Final

import structlog

from credentials.schema import CREDENTIALS
from ivr.cli.common import key_ring
from ivr.host.settings import Settings
from ivr.records.schema import IVR_HISTORY
from mail.outbox.schema import MAIL
from notice.store.schema import NOTICE
from storage.database_time import TOLERATED_S
from storage.errors import StorageError
from storage.migrate import newest_revision
from storage.programs.beating import reported
from storage.programs.registry import Program
from storage.programs.schema import PROGRAMS

_HISTORIES: Final = (CREDENTIALS, IVR_HISTORY, MAIL, NOTICE, PROGRAMS)

_log = structlog.get_logger(__name__)


def registered(
    settings: Settings, kind: str, *, compared: Callable[[float | None], None] = lambda _ahead_s: None
) -> AbstractContextManager[None]:
    """Report this process for as long as the block runs.

    The log says when the registry cannot be written, and when this host's clock is far from the database's.

    Args:
        settings: say where the database is, and where the keys are.
        kind: the command that this process runs.
        compared: called with by how many seconds this host's clock is ahead of the database's, in another thread.
    """
    teller = _Teller()

    def beaten(ahead_s: float | None) -> None:
        teller.beaten(ahead_s)
        compared(ahead_s)

    return reported(settings.store_url, lambda: _program(settings, kind), beaten=beaten, failed=teller.failed)


def _program(settings: Settings, kind: str) -> Program:
    return Program(
        kind=kind,
        version=version("karipass"),
        schemas={history.version_table: newest_revision(history) for history in _HISTORIES},
        keys=[key.key_id for key in key_ring(settings)],
    )


class _Teller:
    """Logs what changes, once."""

    def __init__(self) -> None:
        self._away = False
        self._apart = False

    def beaten(self, ahead_s: float | None) -> None:
        if self._away:
            _log.info("registry_written_again")
            self._away = False
        apart = ahead_s is not None and abs(ahead_s) > TOLERATED_S
        if apart and not self._apart:
            _log.error(
                "clock_differs",
                ahead_of_database_s=round(ahead_s or 0.0, 1),
                meanwhile="the store goes by the database's; this host's logs and call notices have wrong times",
                remedy="run an NTP client on this host and on the database's",
            )
        elif self._apart and not apart:
            _log.info("clock_agrees")
        self._apart = apart

    def failed(self, error: StorageError) -> None:
        if not self._away:
            _log.warning("registry_not_written", problem=str(error), meanwhile="consoles do not show this process")
            self._away = True
