"""What live calls ask of the store, in threads."""

from __future__ import annotations

import pytest

from credentials.limits.throttling import CallLimits
from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue.events import NotAdmitted, RefusalReason
from ivr.service.store_threads import StoreThreads
from tests.ivr.telephony.servers import until

CALLER = Caller("0312345678")


async def test_a_call_that_has_failed_counts_against_its_line_though_nobody_waits_for_that(
    store: CredentialStore,
) -> None:
    store._limits = CallLimits(failed_calls=1)
    threads = StoreThreads(store, patience_s=10)
    call = threads.of_call(CALLER, "c0ffee", broken=lambda: pytest.fail("nothing was answered"))
    call.note_failure()
    await until(lambda: "CALL_FAILED" in {record.action for record in store.audit_records(number="0312345678")})
    assert await threads.admission(CALLER) == NotAdmitted(RefusalReason.THROTTLED)
    threads.close()
