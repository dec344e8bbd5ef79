"""The log says where the audit trail ends, and the loss of records is noticed."""

from __future__ import annotations

import io
import json
from pathlib import Path

from sqlalchemy import text

from credentials.audit import Head
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.service.watching.audit_heads import AuditHeads
from logs.setup import configure_logs
from tests.callers import LINES
from tests.credentials.stores import CHEAP

CONTRACT = "0312345678"


def logged(stream: io.StringIO) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [(line["event"], line["audit_head"]) for line in lines]


def test_each_append_is_a_line_of_the_log_that_verify_takes(tmp_path: Path) -> None:
    stream = io.StringIO()
    configure_logs(json=True, stream=stream)
    url, key = f"sqlite:///{tmp_path}/store.db", Key.generate()
    with CredentialStore.open(url, key=key, policy=CHEAP, appended=AuditHeads().appended) as store:
        store.import_lines(io.StringIO(LINES))
        store.lock_line(CONTRACT, operator="operator root")
        heads = [Head.parse(head) for event, head in logged(stream) if event == "audit_trail"]
        assert [head.position for head in heads] == [1, 4, 5]
        assert all(store.verify_audit(since=head).problem is None for head in heads)
        assert store.audit_head() == heads[-1]


def test_a_head_is_not_masked_however_long_its_number() -> None:
    stream = io.StringIO()
    configure_logs(json=True, stream=stream)
    head = Head(12_345_678, "12345678" * 4)
    AuditHeads().appended(head)
    assert logged(stream) == [("audit_trail", str(head))]


def test_what_others_append_is_told_once_and_what_is_gone_is_an_error() -> None:
    stream = io.StringIO()
    configure_logs(json=True, stream=stream)
    heads = AuditHeads()
    assert heads.records is None
    first, second, third, other = Head(1, "a" * 32), Head(2, "b" * 32), Head(3, "c" * 32), Head(3, "d" * 32)
    heads.found(first)
    heads.appended(second)
    for head in (second, third, third, other, first):
        heads.found(head)
    assert logged(stream) == [
        ("audit_trail", str(first)),
        ("audit_trail", str(second)),
        ("audit_trail", str(third)),
        ("audit_trail_cut", str(other)),
        ("audit_trail_cut", str(first)),
    ]
    assert heads.records == 1


def test_a_trail_that_is_cut_with_its_head_put_back_is_seen_in_the_database(store: CredentialStore) -> None:
    heads = AuditHeads()
    earlier = store.audit_head()
    with store._database.reading() as connection:
        digest = connection.scalar(text("SELECT digest FROM audit_head"))
    store.lock_line(CONTRACT)
    heads.found(store.audit_head())
    with store._database.writing() as connection:
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text("DELETE FROM audit WHERE position > :end"), {"end": earlier.position})
        connection.execute(
            text("UPDATE audit_head SET position = :end, digest = :digest"), {"end": earlier.position, "digest": digest}
        )
    stream = io.StringIO()
    configure_logs(json=True, stream=stream)
    heads.found(store.audit_head())
    assert logged(stream) == [("audit_trail_cut", str(earlier))]
