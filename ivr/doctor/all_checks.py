"""Lists all checks of the doctor, in the order in which it reports them."""

from __future__ import annotations

from typing import Final

from ivr.doctor.checks.exchange import asterisk, call_notices
from ivr.doctor.checks.host import files, local, own_name, ports, priority, reach
from ivr.doctor.checks.site import sender_domain, settings_site
from ivr.doctor.checks.store import database, disk, key_copy, privacy

CHECKS: Final = tuple(
    check
    for room in (
        *(local, priority, key_copy, privacy, disk, files, database, ports, reach, asterisk, own_name),
        *(settings_site, sender_domain, call_notices),
    )
    for check in room.CHECKS
)
