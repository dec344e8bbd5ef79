"""The audit trail: its records, and that nobody can change them unseen (docs/rules.md 6.1, 6.2 and 6.3)."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from credentials.audit import Action, Head
from credentials.model import Unit
from credentials.secrets.keys import Key, KeyRing
from credentials.store import CredentialStore
from tests.credentials.stores import CHEAP, check

CONTRACT, SECOND, THIRD, OTHER = "0312345678", "0312345679", "0312345680", "0612345678"
TEMPORARY, PASSWORD, WRONG = "13572468", "Tr0ubador7", "wr0ngWrong"


def use(store: CredentialStore) -> None:
    store.set_temporary_password(caller=CONTRACT, target=CONTRACT, unit=Unit.LINE, password=TEMPORARY, call_id="c0ffee")
    check(store, CONTRACT, WRONG)
    login = store.log_in(CONTRACT, TEMPORARY, session_id="s1")
    store.change_password(login, PASSWORD, session_id="s1")
    store.change_unit(maker=CONTRACT, to=Unit.ADMIN_USER, proofs={CONTRACT: PASSWORD}, session_id="s2")


@pytest.fixture
def forge(store: CredentialStore) -> Callable[..., None]:
    """Return a function that writes to the database as someone who may do everything there but lacks the key."""

    def forge(*statements: str) -> None:
        with store._database.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
            else:
                for change in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER IF EXISTS audit_no_{change}"))
            for statement in statements:
                connection.execute(text(statement))

    return forge


def cut_off(store: CredentialStore, forge: Callable[..., None], position: int) -> None:
    """Remove the newest records, and set the head row back to what it was."""
    with store._database.reading() as connection:
        digest = connection.scalar(text(f"SELECT digest FROM audit WHERE position = {position}"))  # noqa: S608
    forge(
        f"DELETE FROM audit WHERE position > {position}",  # noqa: S608
        f"UPDATE audit_head SET position = {position}, digest = '{digest}'",  # noqa: S608
    )


def test_it_says_who_did_what_to_which_number_from_which_call_or_session(store: CredentialStore) -> None:
    before = len(store.audit_records())
    use(store)
    told = [
        (record.action, record.actor, record.origin, record.number, record.detail)
        for record in store.audit_records()[before:]
    ]
    assert told == [
        (Action.TEMPORARY_PASSWORD_SET, CONTRACT, "call c0ffee", CONTRACT, "unit LINE"),
        (Action.LOGIN, CONTRACT, "session session", CONTRACT, "WRONG, password"),
        (Action.LOGIN, CONTRACT, "session s1", CONTRACT, "ACCEPTED, temporary password"),
        (Action.PASSWORD_CHANGED, CONTRACT, "session s1", CONTRACT, ""),
        (Action.UNIT_CHANGED, CONTRACT, "session s1", CONTRACT, "from none to LINE"),
        (Action.UNIT_PROOF, CONTRACT, "session s2", CONTRACT, "ACCEPTED"),
        (Action.PASSWORD_COPIED, CONTRACT, "session s2", SECOND, f"from {CONTRACT}"),
        (Action.PASSWORD_COPIED, CONTRACT, "session s2", THIRD, f"from {CONTRACT}"),
        (Action.UNIT_CHANGED, CONTRACT, "session s2", CONTRACT, "from LINE to ADMIN_USER"),
    ]


def test_operators_are_named_with_each_number_that_they_touched(store: CredentialStore) -> None:
    before = len(store.audit_records())
    store.add_line("0712345678", language="en", operator="alice")
    store.add_number("0712345679", to="0712345678", operator="alice")
    store.move_number("0712345679", to=OTHER, operator="bob")
    store.remove_number("0712345679", operator="bob")
    store.lock_line(OTHER, operator="bob")
    store.unlock_line(OTHER, operator="bob")
    store.remove_line("0712345678", operator="bob")
    told = [(record.actor, record.action, record.number) for record in store.audit_records()[before:]]
    assert told == [
        ("alice", Action.LINE_ADDED, "0712345678"),
        ("alice", Action.NUMBER_ADDED, "0712345679"),
        ("bob", Action.NUMBER_MOVED, "0712345679"),
        ("bob", Action.NUMBER_REMOVED, "0712345679"),
        ("bob", Action.LINE_LOCKED, OTHER),
        ("bob", Action.LINE_UNLOCKED, OTHER),
        ("bob", Action.NUMBER_REMOVED, "0712345678"),
        ("bob", Action.LINE_REMOVED, "0712345678"),
    ]


def test_what_was_typed_in_place_of_a_number_is_not_recorded(store: CredentialStore) -> None:
    check(store, TEMPORARY, CONTRACT)  # the fields were mixed up: the first one is a secret
    assert store.audit_records()[-1].number == ""
    assert TEMPORARY not in repr(store.audit_records())


def test_records_can_be_asked_for_by_number_and_from_the_end(store: CredentialStore) -> None:
    use(store)
    assert {record.number for record in store.audit_records(number="03-1234-5679")} == {SECOND}
    assert store.audit_records(last=3) == store.audit_records()[-3:]
    assert store.audit_records(number=SECOND, last=1) == store.audit_records(number=SECOND)[-1:]


def test_a_trail_that_nobody_touched_is_whole(store: CredentialStore) -> None:
    use(store)
    verification = store.verify_audit()
    assert verification.problem is None
    assert verification.head.position == len(store.audit_records())


def test_what_was_undone_is_not_recorded(store: CredentialStore) -> None:
    before = store.verify_audit().head
    with pytest.raises(Exception, match="call 7"):
        store.set_temporary_password(
            caller=CONTRACT,
            target=CONTRACT,
            unit=Unit.LINE,
            password=TEMPORARY,
            call_id="7",
            still_wanted=lambda: False,
        )
    assert store.verify_audit().head == before


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit SET actor = '0699999999' WHERE position = 3", "record 3 is not what was written"),
        ("UPDATE audit SET at = '2026-04-01 08:00:00' WHERE position = 3", "record 3 is not what was written"),
        ("UPDATE audit SET detail = 'ACCEPTED' WHERE position = 3", "record 3 is not what was written"),
        ("DELETE FROM audit WHERE position = 3", "record 3 is missing"),
        ("DELETE FROM audit WHERE position = 1", "record 1 is missing"),
        ("DELETE FROM audit WHERE position > 7", "the trail ends at record 7, but should end at record"),
        ("DELETE FROM audit", "the trail ends at record 0"),
        ("UPDATE audit SET mac = digest WHERE position = 3", "record 3 was not written by this system"),
        ("UPDATE audit SET key_id = 'nobodys' WHERE position > 3", "the records after 3 were made with a key"),
        ("UPDATE audit_head SET position = position + 1", "should end at record"),
    ],
)
def test_each_change_is_found_where_it_begins(
    store: CredentialStore, forge: Callable[..., None], statement: str, problem: str
) -> None:
    use(store)
    forge(statement)
    assert problem in str(store.verify_audit().problem)


def test_two_records_that_change_places_are_found(store: CredentialStore, forge: Callable[..., None]) -> None:
    use(store)
    forge(
        "UPDATE audit SET position = 9999 WHERE position = 3",
        "UPDATE audit SET position = 3 WHERE position = 4",
        "UPDATE audit SET position = 4 WHERE position = 9999",
    )
    assert "record 3 is not what was written" in str(store.verify_audit().problem)


def test_a_chain_that_was_made_anew_without_the_key_is_found(
    store: CredentialStore, forge: Callable[..., None], key: Key
) -> None:
    use(store)
    forge("DELETE FROM audit", "UPDATE audit_head SET position = 0, digest = '" + "0" * 64 + "'")
    thief = CredentialStore(
        store._database, ring=KeyRing([Key.generate()]), clock=store._clock, policy=CHEAP, limits=store._limits
    )
    thief.lock_line(CONTRACT, operator="nobody in particular")
    assert thief.verify_audit().problem is None
    assert "made with a key that is not at hand" in str(store.verify_audit().problem)
    forge(f"UPDATE audit SET key_id = '{key.key_id}'")  # noqa: S608
    assert "record 1 was not written by this system" in str(store.verify_audit().problem)


def test_an_end_that_was_cut_off_with_the_head_put_back_is_found_by_a_head_that_was_noted(
    store: CredentialStore, forge: Callable[..., None]
) -> None:
    use(store)
    earlier = store.verify_audit().head
    store.lock_line(CONTRACT)
    noted = store.verify_audit().head
    cut_off(store, forge, earlier.position)
    assert store.verify_audit().problem is None
    for since in (noted, Head(noted.position)):
        assert f"had {noted.position} when that was noted" in str(store.verify_audit(since=since).problem)
    store.unlock_line(CONTRACT)
    assert "is another than the one that was noted" in str(store.verify_audit(since=noted).problem)
    assert store.verify_audit(since=Head(noted.position)).problem is None  # a number alone proves that much less
    assert store.verify_audit(since=earlier).problem is None


def test_a_mark_that_is_written_beside_another_record_convinces_nobody(
    store: CredentialStore, forge: Callable[..., None]
) -> None:
    use(store)
    earlier = store.verify_audit().head
    store.lock_line(CONTRACT)
    noted = store.verify_audit().head
    cut_off(store, forge, earlier.position)
    store.unlock_line(CONTRACT)
    store.lock_line(CONTRACT)
    forge(f"UPDATE audit SET key_id = 'nobodys', mac = '{noted.mark * 2}' WHERE position = {noted.position}")  # noqa: S608
    assert store.verify_audit().problem is None
    assert "is another than the one that was noted" in str(store.verify_audit(since=noted).problem)


def test_a_head_that_was_noted_under_an_earlier_key_counts_while_that_is_at_hand(
    open_store: Callable[..., CredentialStore], store: CredentialStore, key: Key
) -> None:
    noted = store.verify_audit().head
    new = Key.generate()
    rotated = open_store(key=KeyRing([new, key]))
    assert rotated.verify_audit(since=noted).problem is None
    assert rotated.verify_audit().head.position == noted.position + 1
    alone = open_store(key=new)
    assert "noted with a key not at hand" in str(alone.verify_audit(since=noted).problem)


def test_each_append_tells_where_the_trail_ends_once_it_is_committed(
    url: str, key: Key, store: CredentialStore
) -> None:
    told: list[Head] = []

    def appended(head: Head) -> None:
        with store._database.reading() as connection:  # another connection sees it: committed
            assert connection.scalar(text("SELECT position FROM audit_head")) == head.position
        told.append(head)

    with CredentialStore.open(url, key=key, policy=CHEAP, appended=appended) as other:
        other.lock_line(CONTRACT)
        other.lock_line(CONTRACT)  # this changes nothing
        with pytest.raises(Exception, match="call 7"):
            other.set_temporary_password(
                caller=OTHER,
                target=OTHER,
                unit=Unit.LINE,
                password=TEMPORARY,
                call_id="7",
                still_wanted=lambda: False,
            )
        assert told == [other.verify_audit().head]
        other.unlock_line(CONTRACT)
    assert told[1:] == [store.verify_audit().head]


def test_a_head_tells_nothing_that_can_be_tried_out_without_the_key(store: CredentialStore) -> None:
    with store._database.reading() as connection:
        row = connection.execute(text("SELECT * FROM audit ORDER BY position DESC LIMIT 1")).mappings().one()
    mark = store.audit_head().mark
    assert row["mac"].startswith(mark)
    assert mark not in row["digest"]


def test_a_head_that_an_earlier_version_noted_counts(store: CredentialStore) -> None:
    store.lock_line(CONTRACT)
    with store._database.reading() as connection:
        position, digest = connection.execute(text("SELECT position, digest FROM audit_head")).one()
    store.unlock_line(CONTRACT)
    assert store.verify_audit(since=Head.parse(f"{position}:{digest}")).problem is None
    wrong = Head.parse(f"{position}:{'0' * 64}")
    assert "is another than the one that was noted" in str(store.verify_audit(since=wrong).problem)


def test_a_head_survives_being_written_and_read(store: CredentialStore) -> None:
    head = store.verify_audit().head
    assert Head.parse(f" {head}\n") == head
    assert Head.parse("12") == Head(12)
    for text_ in ("", "twelve", "-1", "12:", "x:" + "0" * 32, "12:abc", "12:" + "0" * 63, "1" * 19, "\u0661"):
        with pytest.raises(ValueError, match="not a head of an audit trail"):
            Head.parse(text_)
