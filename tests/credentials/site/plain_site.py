"""Sections 3.9 to 3.12 of docs/rules.md in the plainest form: no database, no hashes, no concurrency.

Secrets are kept in the clear. A session is named by the id that the store gave it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from credentials.site.session import EndReason, Stage

IDLE, ABSOLUTE, STEP = timedelta(minutes=15), timedelta(hours=12), timedelta(seconds=30)
LINK, CODE = timedelta(hours=24), timedelta(seconds=300)
S = Stage


@dataclass
class PlainSession:
    number: str
    started_at: datetime
    used_at: datetime
    must_change: bool
    complete: bool
    ended: tuple[EndReason, datetime] | None = None


@dataclass
class PlainCode:
    code: str
    made_at: datetime
    failures: int = 0

    def live(self, now: datetime) -> bool:
        return self.failures < 5 and now < self.made_at + CODE


@dataclass
class PlainChoice:
    used: bool
    address: str | None = None
    waiting: str | None = None
    link: str | None = None
    link_made_at: datetime | None = None
    confirmation: tuple[str, str] = ("", "")
    failures: int = 0


@dataclass
class PlainSite:
    sessions: dict[str, PlainSession] = field(default_factory=dict)
    former: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    choices: dict[str, PlainChoice] = field(default_factory=dict)
    codes: dict[str, list[PlainCode]] = field(default_factory=dict)

    def end(self, number: str, reason: EndReason, now: datetime) -> None:
        for each in self.sessions.values():
            if each.number == number and each.ended is None:
                each.ended = (reason, now)

    def start(self, session_id: str, number: str, now: datetime, *, must_change: bool) -> None:
        self.end(number, EndReason.NEWER_LOGIN, now)
        complete = not must_change and self.next_step(number, now) is None
        self.sessions[session_id] = PlainSession(number, now, now, must_change, complete)

    def next_step(self, number: str, now: datetime) -> Stage | None:
        choice = self.choices.get(number)
        if choice is None:
            return S.CHOOSE_ONE_TIME_PASSWORD
        if not choice.used:
            return None
        if choice.address is not None:
            return S.PROVE_ONE_TIME_PASSWORD
        waits = choice.link_made_at is not None and now < choice.link_made_at + LINK
        return None if waits else S.CHOOSE_ONE_TIME_PASSWORD

    def look(self, session_id: str, now: datetime) -> Stage | tuple[EndReason, datetime] | None:
        """Return the stage of a session, or why and when it ended."""
        if session_id in self.former:
            renewed, at = self.former[session_id]
            return self.sessions[renewed].ended or (EndReason.RENEWED, at)
        session = self.sessions.get(session_id)
        if session is None:
            return None
        if session.ended is not None:
            return session.ended
        idle, oldest = session.used_at + IDLE, session.started_at + ABSOLUTE
        if oldest <= min(now, idle):
            return EndReason.TOO_OLD, oldest
        if idle <= now:
            return EndReason.IDLE, idle
        if session.must_change:
            return S.CHANGE_PASSWORD
        if session.complete:
            return S.COMPLETE
        return self.next_step(session.number, now) or (EndReason.SETTINGS_CHANGED, now)

    def started_at(self, session_id: str) -> datetime:
        while session_id in self.former:
            session_id = self.former[session_id][0]
        return self.sessions[session_id].started_at

    def use(self, session_id: str, now: datetime) -> None:
        session = self.sessions[session_id]
        if now - session.used_at >= STEP:
            session.used_at = now

    def renew(self, session_id: str, new_id: str | None, now: datetime) -> str:
        """Complete a session under a new id, and return the id that it has then."""
        if new_id is None:
            return session_id
        session = self.sessions.pop(session_id)
        session.complete, session.used_at = True, now
        self.sessions[new_id] = session
        self.former[session_id] = (new_id, now)
        return new_id

    def choose(self, number: str, choice: PlainChoice) -> None:
        self.choices[number] = choice
        self.codes.pop(number, None)

    def confirm(self, token: str, now: datetime) -> str:
        for number, choice in self.choices.items():
            if choice.link == token:
                if choice.waiting is None:
                    return "CONFIRMED"
                if choice.link_made_at is None or now >= choice.link_made_at + LINK:
                    return "EXPIRED"
                choice.address, choice.waiting = choice.waiting, None
                self.codes.pop(number, None)
                return "CONFIRMED"
        return "UNKNOWN"

    def prove(self, number: str, typed: str, now: datetime) -> str:
        known = self.codes.get(number, [])
        live = [code for code in known if code.live(now)]
        matching = [code for code in known if code.code == typed]
        if any(code.live(now) for code in matching):
            self.codes.pop(number)
            self.choices[number].failures = 0
            return "ACCEPTED"
        if any(code.failures < 5 for code in matching):
            return "EXPIRED"
        if matching or not live:
            return "VOID"
        for code in live:
            code.failures += 1
        return "WRONG"

    def try_confirmation(self, number: str, typed: tuple[str, str]) -> str:
        choice = self.choices[number]
        if choice.failures >= 5:
            return "VOID"
        if typed == choice.confirmation:
            choice.failures = 0
            return "ACCEPTED"
        choice.failures += 1
        return "WRONG"
