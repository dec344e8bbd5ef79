"""Sets what Linux grants a process of ours: enough files for its calls, and no core dumps, which would hold secrets."""

from __future__ import annotations

import resource
from typing import Final

import structlog

from ivr.host.settings import Settings

_log = structlog.get_logger(__name__)

FILES_A_CALL: Final = 4
"""Two connections, FastAGI's and AudioSocket's, doubled because twice as many connections as calls are let in."""
OTHER_FILES: Final = 300
"""Strangers at both doors (`telephony.strangers`); the database's connections, three files each with SQLite; logs,
listeners, health, AMI."""

ASTERISK_FILES: Final = 65536
"""How many files an Asterisk of ours may open; a call takes six of them (measured, 22.10)."""


def leave_no_core_dumps() -> None:
    """Keep this process and its children from leaving their memory in a file when they crash."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def files_allowed(calls: int) -> int:
    """How many files this process may open for `calls` calls, if it asks for no more than it has use for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, ASTERISK_FILES, files_for(calls))
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def files_for(calls: int) -> int:
    """How many files `calls` calls at once take."""
    return calls * FILES_A_CALL + OTHER_FILES


def calls_within(files: int) -> int:
    """How many calls at once `files` files are enough for; one at least."""
    return max((files - OTHER_FILES) // FILES_A_CALL, 1)


def within_file_limit(settings: Settings) -> Settings:
    """Ask for the files that this process and its children can use; take no more calls than these suffice for."""
    files = files_allowed(settings.calls)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    calls = calls_within(files)
    if settings.calls <= calls:
        return settings
    _log.warning(
        "fewer_calls_for_want_of_files",
        files=files,
        calls=calls,
        wanted=settings.calls,
        remedy=f"raise the hard limit (LimitNOFILE of the unit, ulimit -Hn) to {files_for(settings.calls)}",
    )
    return settings.model_copy(update={"calls": calls})
