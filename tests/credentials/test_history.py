"""Random histories of the store against a plain model of SPEC.md, section 3."""

import io
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from credentials import (
    BadLinesFile,
    CredentialStore,
    HashPolicy,
    Key,
    Line,
    LoginVerdict,
    NotAllowed,
    Refusal,
    Unit,
)
from tests.credentials.conftest import MANY_CALLS, check

NUMBERS = ["0312345678", "0312345679", "0312345680", "0612345678", "0799999999"]
PASSWORDS = ["13572468", "86427531", "00000000"]

numbers = st.sampled_from(NUMBERS)
passwords = st.sampled_from(PASSWORDS)
layouts = st.dictionaries(  # number -> contract number
    st.sampled_from(NUMBERS[:4]), st.sampled_from([NUMBERS[0], NUMBERS[3]]), min_size=1
)


@dataclass
class Credential:
    password: str
    expires_at: datetime
    failures: int = 0


class StoreHistory(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.now = datetime(2026, 4, 1, tzinfo=UTC)
        self.store = CredentialStore.open(
            f"sqlite:///{self.directory.name}/store.db",
            key=Key(bytes(32)),
            clock=lambda: self.now,
            policy=HashPolicy(memory_kib=8, passes=1, lanes=1),
            limits=MANY_CALLS,
        )
        self.owners: dict[str, str] = {}
        self.locked: set[str] = set()
        self.credentials: dict[str, Credential] = {}

    def teardown(self) -> None:
        self.store.close()
        self.directory.cleanup()

    @rule(layout=layouts, whole=st.booleans())
    def import_lines(self, layout: dict[str, str], whole: bool) -> None:
        wanted = layout | {contract: contract for contract in layout.values()}
        rows = [f"{layout[number]},{number}" for number in layout]
        text = "\n".join(["contract_number,number", *rows])
        twice = any(wanted[number] != contract for number, contract in layout.items())
        named = set(wanted.values())
        taken = not whole and any(number in self.owners and self.owners[number] not in named for number in wanted)
        if twice or taken:
            try:
                self.store.import_lines(io.StringIO(text), remove_absent=whole)
            except BadLinesFile:
                return
            raise AssertionError("a number was taken from a line")
        self.store.import_lines(io.StringIO(text), remove_absent=whole)
        stays = {n: c for n, c in self.owners.items() if not whole and c not in named}
        after = stays | wanted
        for number in list(self.credentials):
            if after.get(number) != self.owners[number]:
                del self.credentials[number]
        self.owners = after
        self.locked &= set(after.values())

    @rule(line=st.sampled_from([NUMBERS[0], NUMBERS[3]]), lock=st.booleans())
    def lock(self, line: str, lock: bool) -> None:
        if line not in self.owners.values():
            return
        if lock:
            self.store.lock_line(line)
            self.locked.add(line)
        else:
            self.store.unlock_line(line)
            self.locked.discard(line)

    @rule(caller=numbers, chosen=numbers, unit=st.sampled_from(Unit), password=passwords)
    def set_password(self, caller: str, chosen: str, unit: Unit, password: str) -> None:
        target = chosen  # hypothesis keeps the name `target` for itself
        contract = self.owners.get(caller)
        same_line = contract is not None and self.owners.get(target) == contract
        allowed = (
            contract not in self.locked
            and {
                Unit.LINE: target == contract,
                Unit.NUMBER: same_line,
                Unit.ADMIN_USER: same_line and (caller in (contract, target)),
            }[unit]
        )
        try:
            expires_at = self.store.set_temporary_password(
                caller=caller, target=target, unit=unit, password=password, call_id="call"
            )
        except NotAllowed:
            assert not allowed
            return
        assert allowed
        assert expires_at == self.now + timedelta(hours=24)
        self.credentials[target] = Credential(password, expires_at)

    @rule(number=numbers, password=passwords)
    def check_password(self, number: str, password: str) -> None:
        credential = self.credentials.get(number)
        verdict = check(self.store, number, password)
        if credential is None:
            assert verdict is LoginVerdict.UNKNOWN
        elif credential.failures == 3:
            assert verdict is LoginVerdict.VOID
        elif self.now >= credential.expires_at:
            assert verdict is LoginVerdict.EXPIRED
        elif password == credential.password:
            assert verdict is LoginVerdict.ACCEPTED
            credential.failures = 0
        else:
            assert verdict is LoginVerdict.WRONG
            credential.failures += 1

    @rule(hours=st.sampled_from([1, 11, 24]), microseconds=st.sampled_from([-1, 0]))
    def time_passes(self, hours: int, microseconds: int) -> None:
        self.now += timedelta(hours=hours, microseconds=microseconds)

    @invariant()
    def lines_are_those_of_the_model(self) -> None:
        lines = [
            Line(contract, frozenset(n for n in self.owners if self.owners[n] == contract), "ja", locked)
            for contract in sorted(set(self.owners.values()))
            for locked in [contract in self.locked]
        ]
        assert self.store.list_lines() == lines
        for number in NUMBERS:
            line = next((line for line in lines if number in line.numbers), None)
            refusal = Refusal.NOT_SUBSCRIBED if line is None else Refusal.LOCKED
            expected = refusal if line is None or line.locked else line
            assert self.store.admit(number) == expected


StoreHistory.TestCase.settings = settings(max_examples=5, stateful_step_count=10, deadline=None)
test_a_random_history_is_answered_as_the_model_answers = StoreHistory.TestCase
