"""Random histories of the settings site agree with the plain site, on SQLite and on PostgreSQL.

The rules are in docs/rules.md 3.9 to 3.12.
"""

import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule, run_state_machine_as_test

from credentials.errors import SessionOver, WrongStage
from credentials.model import Unit
from credentials.secrets.keys import Key
from credentials.sides.one_time_side import Confirmation
from credentials.site.session import EndedSession, EndReason, Session, Stage
from credentials.store import CredentialStore
from tests.credentials.site.plain_site import PlainChoice, PlainCode, PlainSite
from tests.credentials.site.subscribers import ADDRESS, NEW_ADDRESS, TEMPORARY, Mailbox
from tests.credentials.stores import CHEAP, MANY_CALLS
from tests.storage.postgresql import Server

pytestmark = pytest.mark.slow

HISTORIES = int(os.environ.get("KARIPASS_TEST_HISTORIES", "12"))
NUMBERS = ["0312345678", "0312345679"]
PASSWORDS = ["Tr0ubador7", "Xylophon9", "Zeppelin5"]
CONFIRMATIONS = [("Kakunin1", "k4kunin9x"), ("Atarashii1", "atarash11x"), ("Kakunin1", "wr0ngWrong")]

numbers = st.sampled_from(NUMBERS)
passwords = st.sampled_from(PASSWORDS)
confirmations = st.sampled_from(CONFIRMATIONS)
addresses = st.sampled_from([ADDRESS, NEW_ADDRESS])
durations = st.sampled_from(
    [
        timedelta(seconds=20),
        timedelta(seconds=150),
        timedelta(seconds=300),
        timedelta(minutes=14),
        timedelta(minutes=15),
        timedelta(hours=12),
        timedelta(hours=24),
    ]
)


class SiteHistory(RuleBasedStateMachine):
    """Runs what browsers do on the store and on the plain site."""

    ids = Bundle("ids")
    tokens = Bundle("tokens")

    def __init__(self, url: str, close: Callable[[], None]) -> None:
        super().__init__()
        self.close = close
        self.now = datetime(2026, 4, 1, tzinfo=UTC)
        self.store = CredentialStore.open(
            url, key=Key(bytes(32)), clock=lambda: self.now, policy=CHEAP, limits=MANY_CALLS
        )
        self.site = PlainSite()
        self.passwords: dict[str, str] = {}
        self.mailbox = Mailbox()

    def teardown(self) -> None:
        try:
            assert self.store.verify_audit().problem is None
        finally:
            self.store.close()
            self.close()

    @initialize(target=ids)
    def two_subscribers(self) -> object:
        self.store.add_line(NUMBERS[0])
        self.store.add_number(NUMBERS[1], to=NUMBERS[0])
        for number in NUMBERS:
            self.sign_up(number, PASSWORDS[0])
        return multiple(*(self.log_in(number, None) for number in NUMBERS))

    def sign_up(self, number: str, password: str) -> None:
        self.store.set_temporary_password(
            caller=number, target=number, unit=Unit.NUMBER, password=TEMPORARY, call_id="call"
        )
        session_id = self.store.start_session(number, TEMPORARY).session_id
        assert session_id is not None
        self.site.start(session_id, number, self.now, must_change=True)
        assert self.store.change_password_in(session_id, current=TEMPORARY, new=password).changed
        self.password_changed(number, password)

    def password_changed(self, number: str, password: str) -> None:
        self.passwords[number] = password
        self.site.end(number, EndReason.PASSWORD_CHANGED, self.now)
        if number in self.site.choices:
            self.site.choices[number].failures = 0

    def stage(self, session_id: str) -> object:
        """Return what the plain site says of a session, after comparing it with the store."""
        expected = self.site.look(session_id, self.now)
        found = self.store.session(session_id, used=False)
        if isinstance(expected, Stage):
            assert isinstance(found, Session)
            assert found.stage is expected
        elif expected is None:
            assert found is None
        elif isinstance(found, EndedSession):
            assert (found.reason, found.at) == expected
        else:  # the store has removed it meanwhile, as it does once nobody asks for it any more
            assert found is None
            assert self.now - self.site.started_at(session_id) >= timedelta(hours=36)
        return expected

    # What browsers do

    @rule(target=ids, number=numbers, password=st.none() | passwords)
    def log_in(self, number: str, password: str | None) -> object:
        """Log in; without a password given, with the right one."""
        typed = password or self.passwords[number]
        session_id = self.store.start_session(number, typed).session_id
        right = typed == self.passwords[number]
        assert right == (session_id is not None)
        if session_id is None:
            self.store.log_in(number, self.passwords[number], session_id="ends the count")
            return multiple()
        self.site.start(session_id, number, self.now, must_change=False)
        return session_id

    @rule(session_id=ids)
    def look(self, session_id: str) -> None:
        self.stage(session_id)

    @rule(session_id=ids)
    def use(self, session_id: str) -> None:
        if isinstance(self.stage(session_id), Stage):
            self.store.session(session_id)
            self.site.use(session_id, self.now)

    @rule(session_id=ids)
    def log_out(self, session_id: str) -> None:
        expected = self.stage(session_id)
        self.store.log_out(session_id)
        session = self.site.sessions.get(session_id)
        if session is not None and session.ended is None and expected is not None:
            session.ended = (EndReason.LOGGED_OUT, self.now)

    @rule(target=ids, session_id=ids)
    def use_none(self, session_id: str) -> object:
        stage = self.stage(session_id)
        if stage not in (Stage.CHOOSE_ONE_TIME_PASSWORD, Stage.COMPLETE):
            with pytest.raises((SessionOver, WrongStage)):
                self.store.use_no_one_time_password(session_id)
            return multiple()
        answer = self.store.use_no_one_time_password(session_id)
        self.site.choose(self.site.sessions[session_id].number, PlainChoice(used=False))
        return self.renewed(session_id, answer.session_id)

    @rule(target=ids, session_id=ids, address=addresses, confirmation=confirmations)
    def use_them(self, session_id: str, address: str, confirmation: tuple[str, str]) -> object:
        stage = self.stage(session_id)
        if stage not in (Stage.CHOOSE_ONE_TIME_PASSWORD, Stage.COMPLETE):
            return multiple()
        number = self.site.sessions[session_id].number
        before = self.site.choices.get(number)
        if before is not None and before.address is not None:
            return multiple()
        answer = self.store.use_one_time_password(session_id, address, Confirmation(*confirmation), self.mailbox.link)
        assert answer.changed
        token = self.mailbox.links[-1].token
        self.site.choose(number, PlainChoice(True, None, address, token, self.now, confirmation))
        return self.renewed(session_id, answer.session_id)

    def renewed(self, session_id: str, new_id: str | None) -> object:
        self.site.renew(session_id, new_id, self.now)
        return multiple() if new_id is None else new_id

    @rule(which=st.integers(0, 5))
    def press_the_button_of_a_link(self, which: int) -> None:
        if not self.mailbox.links:
            return
        token = self.mailbox.links[-1 - which % len(self.mailbox.links)].token
        assert self.store.confirm_address(token).verdict == self.site.confirm(token, self.now)

    @rule(session_id=ids, address=addresses)
    def change_address(self, session_id: str, address: str) -> None:
        if self.stage(session_id) is not Stage.COMPLETE:
            return
        choice = self.site.choices.get(self.site.sessions[session_id].number)
        if choice is not None and choice.used:
            assert self.store.change_address(session_id, address, self.mailbox.link).changed
            choice.waiting, choice.link, choice.link_made_at = address, self.mailbox.links[-1].token, self.now

    @rule(session_id=ids, address=addresses, confirmation=confirmations)
    def change_address_at_login(self, session_id: str, address: str, confirmation: tuple[str, str]) -> None:
        if self.stage(session_id) is not Stage.PROVE_ONE_TIME_PASSWORD:
            return
        number = self.site.sessions[session_id].number
        answer = self.store.change_address_at_login(session_id, address, Confirmation(*confirmation), self.mailbox.link)
        assert answer.proof == self.site.try_confirmation(number, confirmation)
        if answer.changed:
            choice = self.site.choices[number]
            choice.waiting, choice.link, choice.link_made_at = address, self.mailbox.links[-1].token, self.now

    @rule(session_id=ids)
    def send_code(self, session_id: str) -> None:
        if self.stage(session_id) is not Stage.PROVE_ONE_TIME_PASSWORD:
            with pytest.raises((SessionOver, WrongStage)):
                self.store.send_code(session_id, self.mailbox.code)
            return
        self.store.send_code(session_id, self.mailbox.code)
        mail, number = self.mailbox.codes[-1], self.site.sessions[session_id].number
        assert (mail.number, mail.address) == (number, self.site.choices[number].address)
        kept = [code for code in self.site.codes.get(number, []) if code.made_at > self.now - timedelta(seconds=3900)]
        self.site.codes[number] = [*kept[-19:], PlainCode(mail.code, self.now)]

    @rule(target=ids, session_id=ids, which=st.integers(-3, 5))
    def prove_code(self, session_id: str, which: int) -> object:
        if self.stage(session_id) is not Stage.PROVE_ONE_TIME_PASSWORD:
            return multiple()
        typed = "00000000"
        if which >= 0 and self.mailbox.codes:
            typed = self.mailbox.codes[-1 - which % len(self.mailbox.codes)].code
        proof = self.store.prove_code(session_id, typed)
        assert proof.verdict == self.site.prove(self.site.sessions[session_id].number, typed, self.now)
        return self.renewed(session_id, proof.session_id)

    @rule(session_id=ids, new=passwords)
    def change_password(self, session_id: str, new: str) -> None:
        if self.stage(session_id) is not Stage.COMPLETE:
            return
        number = self.site.sessions[session_id].number
        changed = self.store.change_password_in(session_id, current=self.passwords[number], new=new).changed
        assert changed == (new != self.passwords[number])
        if changed:
            self.password_changed(number, new)

    @rule(duration=durations)
    def time_passes(self, duration: timedelta) -> None:
        if self.now + duration < datetime(2026, 5, 25, tzinfo=UTC):  # so that no password expires
            self.now += duration


def test_a_random_history_is_answered_as_the_plain_site_answers(
    database_kind: str, request: pytest.FixtureRequest
) -> None:
    server: Server | None = None
    if database_kind == "postgresql":
        server = request.getfixturevalue("postgresql")
        name = request.getfixturevalue("shared_database")

    def new_history() -> SiteHistory:
        if server is None:
            directory = tempfile.TemporaryDirectory()
            return SiteHistory(f"sqlite:///{directory.name}/store.db", directory.cleanup)
        server.empty(name)
        return SiteHistory(server.url(name), lambda: None)

    run_state_machine_as_test(
        new_history,  # type: ignore[arg-type]  # a function will do, as hypothesis documents
        settings=settings(max_examples=HISTORIES, stateful_step_count=40, suppress_health_check=list(HealthCheck)),
    )
