"""Lists all checks of the doctor, in the order in which it reports them."""

from __future__ import annotations

from typing import Final

from ivr.doctor.checks import (
    asterisk,
    call_notices,
    database,
    disk,
    files,
    key_copy,
    local,
    own_name,
    ports,
    priority,
    privacy,
    reach,
    sender_domain,
    settings_site,
)

CHECKS: Final = tuple(
    check
    for room in (
        *(local, priority, key_copy, privacy, disk, files, database, ports, reach, asterisk, own_name),
        *(settings_site, sender_domain, call_notices),
    )
    for check in room.CHECKS
)
