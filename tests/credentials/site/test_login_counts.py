"""Logins are counted from the audit trail, as one would count its records by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from credentials.audit import AuditRecord
from credentials.site.login_counts import LoginCounts, Tried, count_logins, first_login
from credentials.store import CredentialStore
from storage.database import Database
from tests.credentials.site.subscribers import (
    CONTRACT,
    OTHER,
    PASSWORD,
    SECOND,
    TEMPORARY,
    WRONG,
    Mailbox,
    call,
    prove,
    start,
    use_one_time,
)
from tests.credentials.stores import check
from tests.storage.databases import FakeClock

MINUTE = timedelta(minutes=1)


@pytest.fixture
def database(url: str, store: CredentialStore) -> Iterator[Database]:
    opened = Database(url)
    yield opened
    opened.close()


def log_in_in_every_way(store: CredentialStore, clock: FakeClock) -> None:
    """Have a try of every kind, a minute after each other."""
    mailbox = Mailbox()
    use_one_time(store, mailbox)
    clock.advance(minutes=1)
    session_id = start(store)
    store.send_code(session_id, mailbox.code)
    right = mailbox.codes[-1].code
    store.prove_code(session_id, f"{(int(right) + 1) % 10**8:08}")
    clock.advance(minutes=1)
    prove(store, mailbox, session_id)
    clock.advance(minutes=1)
    for _ in range(3):
        store.log_in(CONTRACT, WRONG, session_id="x", origin="192.0.2.1")
    check(store, SECOND, PASSWORD)
    call(store, OTHER)
    clock.advance(hours=24)
    check(store, OTHER, TEMPORARY)
    call(store, OTHER)
    for _ in range(4):
        check(store, OTHER, "98765432")
    store.lock_line(CONTRACT)
    check(store, CONTRACT, PASSWORD)
    clock.advance(minutes=1)


def counted_by_hand(records: list[AuditRecord]) -> LoginCounts:
    """Count the records of logins one by one."""
    logins = Counter(tuple(record.detail.split(", ")) for record in records if record.action == "LOGIN")
    codes = Counter(record.detail for record in records if record.action == "ONE_TIME_CODE_PROOF")
    refused = Counter[tuple[Tried, str]]()
    for (verdict, _kind), tries in logins.items():
        if verdict != "ACCEPTED":
            refused[Tried.PASSWORD, verdict] += tries
    refused.update({(Tried.CODE, verdict): tries for verdict, tries in codes.items() if verdict != "ACCEPTED"})
    return LoginCounts(
        by_temporary=logins["ACCEPTED", "temporary password"],
        by_password=logins["ACCEPTED", "password"],
        by_code=codes["ACCEPTED"],
        refused=refused,
    )


def test_every_kind_of_try_is_counted_as_what_it_was(
    store: CredentialStore, database: Database, clock: FakeClock
) -> None:
    began = clock.now
    log_in_in_every_way(store, clock)
    [counted] = count_logins(database, [began, clock.now])
    assert counted == LoginCounts(
        by_temporary=1,
        by_password=2,
        by_code=1,
        refused={
            (Tried.PASSWORD, "WRONG"): 5,
            (Tried.PASSWORD, "UNKNOWN"): 1,
            (Tried.PASSWORD, "EXPIRED"): 1,
            (Tried.PASSWORD, "VOID"): 1,
            (Tried.PASSWORD, "LOCKED"): 1,
            (Tried.PASSWORD, "BRAKED"): 1,
            (Tried.CODE, "WRONG"): 1,
        },
    )
    assert (counted.accepted, counted.all_refused, counted.locked, counted.tries) == (3, 11, 1, 14)


def test_any_bounds_part_the_tries_so_that_each_is_counted_once(
    store: CredentialStore, database: Database, clock: FakeClock
) -> None:
    began = clock.now
    log_in_in_every_way(store, clock)
    records = store.audit_records()
    assert first_login(database) == began
    bounds = [began, began + MINUTE, began + 2 * MINUTE, began + timedelta(hours=2), clock.now]
    parts = count_logins(database, bounds)
    for begin, end, part in zip(bounds, bounds[1:], parts, strict=False):
        assert part == counted_by_hand([record for record in records if begin <= record.at < end])
    assert sum(parts, LoginCounts()) == counted_by_hand(records)
    assert count_logins(database, [clock.now, clock.now + MINUTE]) == [LoginCounts()]


def test_a_database_without_credentials_has_no_logins(empty_url: str, clock: FakeClock) -> None:
    database = Database(empty_url)
    try:
        assert first_login(database) is None
        assert count_logins(database, [clock.now - MINUTE, clock.now, clock.now + MINUTE]) == [LoginCounts()] * 2
    finally:
        database.close()


def test_a_long_trail_is_not_read_whole(store: CredentialStore, database: Database, database_file: object) -> None:
    asked = (
        "EXPLAIN QUERY PLAN SELECT action, detail, count(*) FROM audit WHERE action IN ('LOGIN', 'ONE_TIME_CODE_PROOF')"
        " AND at >= '2026-04-01' AND at < '2026-04-02' GROUP BY action, detail"
    )
    with database.reading() as connection:
        plan = " ".join(str(row) for row in connection.execute(text(asked)))
    assert "SEARCH audit USING INDEX ix_audit_action (action=? AND at>? AND at<?)" in plan
