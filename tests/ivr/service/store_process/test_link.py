"""What a service asks of its store process, and what it hears when that is away."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest
import uvloop

from credentials.model import LoginVerdict
from ivr.call.caller import Caller
from ivr.call.dialogue.events import (
    Admitted,
    NotAdmitted,
    NotStored,
    PreparePassword,
    RefusalReason,
    StoreAway,
    Stored,
)
from ivr.records import CallReader, open_records
from ivr.records.changes import Change, EntryNoted
from ivr.records.model import CallBegan, RecordedEntry
from ivr.service.store_process.from_threads import LinkedProbe, LinkedRecords
from ivr.service.store_process.link import StoreLink
from ivr.service.store_process.process import StoreCommand, StoreNotOpenedError
from storage.clock import utc_now
from storage.errors import StoreUnavailable
from tests.ivr.service.asking_stores import CALLER, CONTRACT, OTHER, PASSWORD, PREPARE, live, stored
from tests.ivr.service.store_process.conftest import StoreHouse
from tests.ivr.telephony.servers import until

Pid = Callable[[], int]


def verdict(house: StoreHouse, password: str = PASSWORD) -> LoginVerdict:
    return house.store.log_in(CONTRACT, password, session_id="test").verdict


def speaks(opened: dict[str, int]) -> list[str]:
    """Return the command of a process that says that it has opened the store, and nothing else."""
    body = json.dumps(["Opened", opened]).encode()
    return [sys.executable, "-c", f"import os, sys; os.write(int(sys.argv[1]), {len(body).to_bytes(4) + body!r})"]


class Busy:
    """Another program that holds the database, so that nothing can be written to it."""

    def __init__(self, house: StoreHouse) -> None:
        self._connection = sqlite3.connect(house.state_dir / "store.db", isolation_level=None)
        self._connection.execute("BEGIN IMMEDIATE")

    def let_go(self) -> None:
        self._connection.close()


class TestCalls:
    async def test_a_caller_is_admitted_with_the_line_or_refused_with_the_reason(
        self, link: StoreLink, house: StoreHouse
    ) -> None:
        assert await link.admission(CALLER) == Admitted(house.store.line_of(CONTRACT))
        assert await link.admission(Caller("0799999999")) == NotAdmitted(RefusalReason.NOT_SUBSCRIBED)
        assert await link.admission(Caller(None, RefusalReason.WITHHELD)) == NotAdmitted(RefusalReason.WITHHELD)
        house.store.lock_line(CONTRACT)
        assert await link.admission(CALLER) == NotAdmitted(RefusalReason.LOCKED)

    async def test_a_password_that_was_prepared_is_stored_and_the_trails_head_is_told_before_the_caller(
        self, link: StoreLink, house: StoreHouse
    ) -> None:
        call = live(link)
        call.prepare_password(PREPARE)
        assert await stored(call) == Stored()
        assert house.heads == [house.store.audit_head()]
        assert verdict(house).accepted

    async def test_what_is_discarded_is_not_stored_and_the_next_one_is(
        self, link: StoreLink, house: StoreHouse
    ) -> None:
        call = live(link)
        call.prepare_password(PREPARE)
        call.discard_password()
        call.prepare_password(PreparePassword(CONTRACT, OTHER))
        assert await stored(call, OTHER) == Stored()
        assert verdict(house) is LoginVerdict.WRONG
        assert verdict(house, OTHER).accepted

    async def test_a_caller_who_hangs_up_in_time_takes_the_request_back(
        self, link: StoreLink, house: StoreHouse
    ) -> None:
        busy = Busy(house)
        call = live(link)
        answer = asyncio.create_task(stored(call))
        await until(lambda: link.running == 1)
        call.withdraw()
        await asyncio.sleep(0.2)
        busy.let_go()
        assert await answer == NotStored()
        assert verdict(house) is LoginVerdict.UNKNOWN

    async def test_a_line_that_was_locked_meanwhile_is_refused_for_what_it_is(
        self, link: StoreLink, house: StoreHouse
    ) -> None:
        house.store.lock_line(CONTRACT)
        assert await stored(live(link)) == NotAdmitted(RefusalReason.LOCKED)

    async def test_passwords_that_are_stored_and_wait_are_counted(self, link: StoreLink, house: StoreHouse) -> None:
        busy = Busy(house)
        answers = [asyncio.create_task(stored(live(link, f"call {number}"))) for number in range(18)]
        await until(lambda: (link.running, link.waiting) == (16, 2))
        busy.let_go()
        assert set(await asyncio.gather(*answers)) == {Stored()}
        await until(lambda: (link.running, link.waiting) == (0, 0))

    async def test_a_call_that_failed_is_counted(self, link: StoreLink, house: StoreHouse) -> None:
        live(link).note_failure()
        await until(lambda: "CALL_FAILED" in {record.action for record in house.store.audit_records(number=CONTRACT)})

    async def test_a_store_that_does_not_answer_in_time_is_away(self, house: StoreHouse) -> None:
        async with house.linked(patience_s=0.2) as link:
            assert isinstance(await link.admission(CALLER), Admitted)
            assert link._process is not None
            os.kill(link._process.pid, signal.SIGSTOP)
            assert await link.admission(CALLER) == StoreAway()
            os.kill(link._process.pid, signal.SIGCONT)
        assert '"problem": "the store process gave no answer within 0.2 s"' in house.log.getvalue()

    async def test_a_fault_of_ours_is_answered_by_store_away_and_logged(
        self, link: StoreLink, house: StoreHouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(_link: StoreLink) -> None:
            raise RuntimeError("a bug")

        monkeypatch.setattr(StoreLink, "until_up", fail)
        assert await stored(live(link)) == StoreAway()
        assert '"storing_failed"' in house.log.getvalue()

    async def test_a_stopping_service_stores_nothing_more(self, link: StoreLink, house: StoreHouse) -> None:
        link.close()
        assert await stored(live(link)) == StoreAway()
        assert '"problem": "the service is stopping"' in house.log.getvalue()


class TestRecords:
    async def test_records_are_written_and_what_the_database_refuses_is_counted(
        self, link: StoreLink, house: StoreHouse
    ) -> None:
        writer = LinkedRecords(link, asyncio.get_running_loop())
        said = RecordedEntry(0, 0.5, "said", {"text": "仮パスワード", "seconds": 1.5})
        changes: list[Change] = [began("c0ffee"), EntryNoted("c0ffee", said), EntryNoted("another call", said)]
        assert await asyncio.to_thread(writer.write, changes) == 1
        assert await asyncio.to_thread(writer.mark_lost) == 1  # the service has never reported
        with closing(open_records(house.url)) as database:
            record = CallReader(database).call("c0ffee")
            assert record is not None
            assert record.summary.service_id == "service"
            assert record.entries == [said]
            assert await asyncio.to_thread(writer.forget_before, utc_now() + timedelta(days=1)) == 1

    async def test_a_database_that_is_away_is_told_with_its_cause(self, link: StoreLink, house: StoreHouse) -> None:
        probe = LinkedProbe(link, asyncio.get_running_loop())
        file = house.state_dir / "store.db"
        away = file.rename(house.state_dir / "taken away")
        with pytest.raises(StoreUnavailable, match=r"store\.db"):
            await asyncio.to_thread(probe)
        away.rename(file)
        assert await asyncio.to_thread(probe) == house.store.audit_head()


class TestDeath:
    async def test_a_password_that_was_under_way_is_answered_by_store_away_and_the_next_call_is_served(
        self, link: StoreLink, pid: Pid, house: StoreHouse
    ) -> None:
        busy, killed = Busy(house), pid()
        answer = asyncio.create_task(stored(live(link)))
        await until(lambda: link.running == 1)
        os.kill(killed, signal.SIGKILL)
        assert await answer == StoreAway()
        assert (link.running, link.waiting) == (0, 0)
        busy.let_go()
        assert verdict(house) is LoginVerdict.UNKNOWN
        assert isinstance(await link.admission(CALLER), Admitted)  # it waits for the next process
        assert pid() != killed
        assert await stored(live(link, "next")) == Stored()

    async def test_what_was_prepared_is_lost_with_it_and_the_password_is_stored_all_the_same(
        self, link: StoreLink, pid: Pid, house: StoreHouse
    ) -> None:
        call, killed = live(link), pid()
        call.prepare_password(PREPARE)
        os.kill(killed, signal.SIGKILL)
        await until(lambda: link._writer is None)
        assert await stored(call) == Stored()
        assert verdict(house).accepted

    async def test_who_hangs_up_while_it_is_started_again_stores_nothing(
        self, link: StoreLink, pid: Pid, house: StoreHouse
    ) -> None:
        call = live(link)
        os.kill(pid(), signal.SIGKILL)
        await until(lambda: link._writer is None)
        answer = asyncio.create_task(stored(call))
        await asyncio.sleep(0)
        call.withdraw()
        assert await answer == NotStored()
        assert verdict(house) is LoginVerdict.UNKNOWN

    def test_what_is_said_to_it_before_its_death_is_seen_goes_nowhere(self, house: StoreHouse) -> None:
        async def main() -> None:
            async with house.linked() as link:
                assert link._process is not None
                dead = link._process.pid
                os.kill(dead, signal.SIGKILL)
                os.waitid(os.P_PID, dead, os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222 - the loop must not see it yet
                for _ in range(2):  # the first write fails, and closes the stream
                    live(link).prepare_password(PREPARE)
                    await asyncio.sleep(0)
                assert await stored(live(link)) in {StoreAway(), Stored()}

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the service's loop
            runner.run(main())

    async def test_records_that_were_under_way_can_be_written_again(
        self, link: StoreLink, pid: Pid, house: StoreHouse
    ) -> None:
        busy = Busy(house)
        writer = LinkedRecords(link, asyncio.get_running_loop())
        asked = asyncio.create_task(asyncio.to_thread(writer.mark_lost))
        written = asyncio.create_task(asyncio.to_thread(writer.write, [began("c0ffee")]))
        await until(lambda: len(link._waiting_for) >= 1)
        await asyncio.sleep(0.1)
        os.kill(pid(), signal.SIGKILL)
        with pytest.raises(StoreUnavailable, match="has ended before it answered"):
            await written
        await asyncio.gather(asked, return_exceptions=True)
        busy.let_go()
        assert await asyncio.to_thread(writer.write, [began("c0ffee")]) == 0

    async def test_asked_to_end_it_finishes_what_is_under_way(
        self, link: StoreLink, pid: Pid, house: StoreHouse
    ) -> None:
        busy = Busy(house)
        answer = asyncio.create_task(stored(live(link)))
        await until(lambda: link.running == 1)
        os.kill(pid(), signal.SIGTERM)
        await asyncio.sleep(0.3)
        busy.let_go()
        assert await answer == Stored()
        assert verdict(house).accepted

    async def test_a_store_that_cannot_be_opened_again_is_told_with_its_cause_until_it_can(
        self, link: StoreLink, pid: Pid, house: StoreHouse
    ) -> None:
        house.state_dir.joinpath("key").rename(house.state_dir / "key of before")
        house.state_dir.joinpath("key").write_text("no key\n", encoding="ascii")
        house.state_dir.joinpath("key").chmod(0o600)
        os.kill(pid(), signal.SIGKILL)
        await until(lambda: "store_process_unusable" in house.log.getvalue())
        probe = LinkedProbe(link, asyncio.get_running_loop())
        with pytest.raises(StoreUnavailable, match="key: this is not a key"):
            await asyncio.to_thread(probe)
        assert await link.admission(CALLER) == StoreAway()
        house.state_dir.joinpath("key of before").rename(house.state_dir / "key")
        await until(lambda: '"store_process_started"' in house.log.getvalue())
        assert isinstance(await link.admission(CALLER), Admitted)

    async def test_one_that_hangs_is_ended_and_the_next_one_serves(self, house: StoreHouse) -> None:
        async with house.linked(silence_s=3.0) as link:
            assert link._process is not None
            hangs = link._process.pid
            os.kill(hangs, signal.SIGSTOP)
            assert isinstance(await link.admission(CALLER), StoreAway)
            assert isinstance(await link.admission(CALLER), Admitted)
            assert link._process.pid != hangs
        assert '"store_process_silent"' in house.log.getvalue()

    async def test_one_that_gets_no_processor_is_not_ended(
        self, house: StoreHouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ivr.service.store_process.link.waited_for_processor_s", lambda _: time.monotonic())
        async with house.linked(silence_s=1.0, patience_s=30.0) as link:
            assert link._process is not None
            slow = link._process.pid
            os.kill(slow, signal.SIGSTOP)
            asking = asyncio.create_task(link.admission(CALLER))
            await until(lambda: '"store_process_starved"' in house.log.getvalue())
            assert link.behind_s > 0.0
            os.kill(slow, signal.SIGCONT)
            assert isinstance(await asking, Admitted)
            assert link._process.pid == slow

    async def test_it_ends_with_the_service_after_what_was_under_way(self, house: StoreHouse) -> None:
        async with house.linked() as link:
            busy = Busy(house)
            assert link._process is not None
            process = link._process.pid
            call = live(link)
            waiting = asyncio.create_task(stored(call))
            await until(lambda: link.running == 1)
            asyncio.get_running_loop().call_later(0.3, busy.let_go)
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
        assert await waiting == StoreAway()  # nobody is left who could hear of it
        assert verdict(house).accepted


class TestStart:
    def test_a_wrong_key_is_told_as_without_a_process(self, house: StoreHouse) -> None:
        house.state_dir.joinpath("key").unlink()
        with pytest.raises(StoreNotOpenedError, match="use the key file of the host that made the database"):
            house.link().__enter__()

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["sh", "-c", "exit 7"], "has ended with status 7"),
            (["/nowhere/python"], r"cannot be started \(No such file or directory\)"),
            (speaks({"version": 2}), "speaks version 2 and this service 1: the program was upgraded; restart"),
        ],
    )
    def test_a_process_that_cannot_serve_is_told_with_what_it_did(
        self, house: StoreHouse, words: list[str], said: str
    ) -> None:
        command = StoreCommand(words=words, environment=house.environment, hello=house.command().hello)
        with pytest.raises(StoreNotOpenedError, match=said):
            StoreLink(command, house.heads.append, patience_s=1).__enter__()

    def test_a_link_that_was_never_talked_by_ends_its_process(self, house: StoreHouse) -> None:
        with house.link() as link:
            assert link._process is not None
            process = link._process.pid
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def began(call_id: str) -> CallBegan:
    return CallBegan(call_id=call_id, channel_id="1.2", trunk="t", began_at=utc_now(), caller="", language="ja")
