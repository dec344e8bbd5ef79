"""Operators' accounts: passwords, roles, and their audit records."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from console.operators import (
    BadPassword,
    InvalidOperator,
    NameTaken,
    Operators,
    Role,
    UnknownOperator,
)
from console.operators.schema import operators as table
from credentials.audit import Action
from credentials.errors import DamagedCredential, InvalidKey
from credentials.store import CredentialStore
from storage.database import Database
from tests.console.operators.operator import PASSWORD, OpenStore
from tests.credentials.stores import CHEAP
from tests.storage.databases import FakeClock


def test_an_operator_is_proved_by_the_password_alone(operators: Operators) -> None:
    proved = operators.prove("otto", PASSWORD)
    assert proved is not None
    assert (proved.name, proved.role, proved.language) == ("otto", Role.OPERATOR, "ja")
    for name, password in (
        ("otto", PASSWORD.upper()),
        ("otto", ""),
        ("nobody", PASSWORD),
        ("", ""),
        ("o", "x" * 10_000),
    ):
        assert operators.prove(name, password) is None


def test_hashes_are_argon2id_as_for_production(database: Database, open_store: OpenStore) -> None:
    made = Operators(database, open_store=open_store)
    made.add("ada", PASSWORD, role=Role.ADMIN, language="en", by="operator root")
    with database.reading() as connection:
        stored = connection.scalar(select(table.c.hash))
    assert stored is not None
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert PASSWORD not in stored


def test_a_damaged_hash_is_a_clear_error_that_does_not_quote_it(operators: Operators, database: Database) -> None:
    with database.writing() as connection:
        stored = str(connection.scalar(select(table.c.hash)))
        connection.execute(update(table).values(hash=f"{stored[:-3]}!!!"))
    with pytest.raises(DamagedCredential, match="operator otto cannot be read; a new one has to be set") as caught:
        operators.prove("otto", PASSWORD)
    assert caught.value.__context__ is None
    assert "$argon2id" not in "".join(traceback.format_exception(caught.value))


def test_a_password_is_the_same_however_a_keyboard_composes_it(operators: Operators) -> None:
    operators.add("nina", "がぎぐげご ざじずぜぞ é", role=Role.VIEWER, language="ja", by="operator root")
    assert operators.prove("nina", "か\u3099ぎぐげご\u3000ざじずぜぞ e\u0301") is not None


@pytest.mark.parametrize(
    ("password", "rule"),
    [("elevenchars", "short"), ("x" * 257, "long"), ("abcabcabcabcabc", "plain"), ("long-live-OTTO!", "name")],
)
def test_a_password_that_is_easy_to_guess_is_refused_without_being_shown(
    operators: Operators, password: str, rule: str
) -> None:
    with pytest.raises(BadPassword) as refusal:
        operators.set_password("otto", password, by="operator root")
    assert refusal.value.rule == rule
    assert password not in str(refusal.value)
    assert operators.prove("otto", PASSWORD) is not None


@pytest.mark.parametrize("name", ["", "Otto", "9lives", "a" * 33, "a b", "ヤマダ", "a/b", "a\n"])
def test_a_name_that_is_none_is_refused(operators: Operators, name: str) -> None:
    with pytest.raises(InvalidOperator):
        operators.add(name, PASSWORD, role=Role.VIEWER, language="ja", by="operator root")


def test_a_name_is_given_once_and_a_language_is_one_of_the_consoles(operators: Operators) -> None:
    with pytest.raises(NameTaken, match="'otto' already"):
        operators.add("otto", PASSWORD, role=Role.ADMIN, language="ja", by="operator root")
    with pytest.raises(InvalidOperator, match="does not speak 'fr'"):
        operators.set_language("otto", "fr")


def test_what_is_done_to_nobody_says_so(operators: Operators) -> None:
    changes: list[Callable[[], object]] = [
        lambda: operators.remove("nobody", by="operator root"),
        lambda: operators.set_role("nobody", Role.ADMIN, by="operator root"),
        lambda: operators.set_password("nobody", PASSWORD, by="operator root"),
        lambda: operators.set_language("nobody", "ja"),
    ]
    for change in changes:
        with pytest.raises(UnknownOperator, match="ivr operator list"):
            change()


class TestAudit:
    """The audit trail records what is done to operators, and who did it."""

    def test_each_change_is_recorded_with_who_made_it(self, operators: Operators, open_store: OpenStore) -> None:
        operators.add("ada", PASSWORD, role=Role.VIEWER, language="en", by="operator root")
        operators.set_role("ada", Role.ADMIN, by="operator otto (console)")
        operators.set_password("ada", "a rather long one", by="operator ada (console)")
        operators.remove("ada", by="operator otto (console)")
        with open_store() as store:
            told = [(record.action, record.detail, record.actor) for record in store.audit_records(last=4)]
            assert store.verify_audit().problem is None
        assert told == [
            (Action.OPERATOR_ADDED, "ada, viewer", "operator root"),
            (Action.OPERATOR_ROLE, "ada, admin", "operator otto (console)"),
            (Action.OPERATOR_PASSWORD, "ada", "operator ada (console)"),
            (Action.OPERATOR_REMOVED, "ada", "operator otto (console)"),
        ]

    def test_what_is_refused_is_not_recorded(self, operators: Operators, open_store: OpenStore) -> None:
        with open_store() as store:
            before = store.audit_records()
        with pytest.raises(NameTaken):
            operators.add("otto", PASSWORD, role=Role.ADMIN, language="ja", by="operator root")
        with pytest.raises(UnknownOperator):
            operators.remove("nobody", by="operator root")
        with open_store() as store:
            assert store.audit_records() == before

    def test_what_cannot_be_recorded_is_not_done(
        self, database: Database, operators: Operators, clock: FakeClock
    ) -> None:
        def fail() -> CredentialStore:
            raise InvalidKey("no key")

        keyless = Operators(database, open_store=fail, policy=CHEAP, clock=clock)
        changes: list[Callable[[], object]] = [
            lambda: keyless.add("ada", PASSWORD, role=Role.ADMIN, language="en", by="operator root"),
            lambda: keyless.set_role("otto", Role.ADMIN, by="operator root"),
            lambda: keyless.set_password("otto", "a rather long one", by="operator root"),
            lambda: keyless.remove("otto", by="operator root"),
        ]
        for change in changes:
            with pytest.raises(InvalidKey):
                change()
        assert [(one.name, one.role) for one in operators.all()] == [("otto", Role.OPERATOR)]
        assert operators.prove("otto", PASSWORD) is not None

    def test_a_record_that_fails_takes_the_change_back(
        self, operators: Operators, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_words: object, **_names: object) -> None:
            raise RuntimeError("the record failed")

        monkeypatch.setattr("credentials.audit.append", fail)
        with pytest.raises(RuntimeError):
            operators.remove("otto", by="operator root")
        assert [one.name for one in operators.all()] == ["otto"]


def test_roles_include_those_before_them() -> None:
    may = {role: [other for other in Role if role.may(other)] for role in Role}
    assert may == {
        Role.VIEWER: [Role.VIEWER],
        Role.OPERATOR: [Role.VIEWER, Role.OPERATOR],
        Role.ADMIN: [Role.VIEWER, Role.OPERATOR, Role.ADMIN],
    }
