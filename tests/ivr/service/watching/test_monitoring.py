"""A watched service: what its calls leave in records, metrics and events, with Asterisk there and away."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from credentials.store import CredentialStore
from ivr.call.caller import Caller
from ivr.call.dialogue.events import Ending, Outcome
from ivr.call.transcript import Ended, Interrupted, Observer
from ivr.host.settings import Settings
from ivr.records import CallBegan, CallReader, CallSummary, CallWriter, Recorder, open_records
from ivr.records.vitals import AMI_STATES
from ivr.service.store_events import probe
from ivr.service.watching.audit_heads import AuditHeads
from ivr.service.watching.health import health_server
from ivr.service.watching.monitoring import Monitoring
from ivr.telephony.ami.link import LinkStatus
from storage.clock import utc_now
from tests.ivr.telephony.ami.ami_server import FakeAmi, fake_ami
from tests.ivr.telephony.servers import until

SECRET = "known-to-both"
RTP = "ssrc=1;themssrc=2;lp=5;rxjitter=0.0;rxcount=95;txjitter=0.002;txcount=100;rlp=0;rtt=0.0;rxmes=0.0;txmes=86.5"


@dataclass
class Service:
    """The values that a service reports about itself."""

    calls: int = 1
    listening: bool = True
    strain: str = ""
    tick_age_s: float = 0.0
    languages: tuple[str, ...] = ("ja",)
    hashes_running: int = 0
    hashes_waiting: int = 0
    late_s: float = 0.0123
    clock_ahead_s: float | None = -0.25


@dataclass
class Records:
    recorder: Recorder
    reader: CallReader

    async def of(self, call_id: str, ready: Callable[[CallSummary], object]) -> CallSummary:
        async with asyncio.timeout(10):
            while (call := await asyncio.to_thread(self.reader.call, call_id)) is None or not ready(call.summary):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return call.summary


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    database = open_records(f"sqlite:///{tmp_path}/records.db")
    writer = CallWriter(database, service_id="service", host=socket.gethostname(), pid=os.getpid())
    recorder = Recorder(writer, keep=timedelta(days=1))
    recorder.start()
    yield Records(recorder, CallReader(database))
    recorder.close()
    database.close()


@pytest.fixture
async def ami() -> AsyncIterator[FakeAmi]:
    async with fake_ami() as server:
        yield server


@dataclass
class Watched:
    monitoring: Monitoring
    health_port: int


@pytest.fixture
async def watched(ami: FakeAmi, records: Records, store: CredentialStore, tmp_path: Path) -> AsyncIterator[Watched]:
    settings = Settings.load(state_dir=tmp_path, ami_port=ami.port)
    monitoring = Monitoring(settings, SECRET, lambda: probe(store), records.recorder, AuditHeads())
    monitoring.attach(Service())

    async def metrics() -> bytes:
        return monitoring.metrics.page()

    server = health_server(monitoring.vitals, metrics)
    await server.listen("127.0.0.1", 0)
    stop = asyncio.Event()
    running = asyncio.create_task(monitoring.run(stop))
    yield Watched(monitoring, server.port)
    stop.set()
    async with asyncio.timeout(15):
        await running
        await server.close()


@pytest.fixture
def monitoring(watched: Watched) -> Monitoring:
    return watched.monitoring


def ami_of(monitoring: Monitoring) -> str:
    return monitoring.vitals().ami.status


def begin(monitoring: Monitoring, records: Records, call_id: str) -> Observer:
    records.recorder.begin(
        CallBegan(
            call_id=call_id,
            channel_id=f"1.{call_id}",
            trunk="trunk",
            began_at=utc_now(),
            caller="0312345678",
            language="ja",
        )
    )
    return monitoring.observer(call_id, f"1.{call_id}", Caller("0312345678"))


async def test_how_the_channel_ended_comes_into_record_and_metrics(
    monitoring: Monitoring, ami: FakeAmi, records: Records
) -> None:
    await until(lambda: ami_of(monitoring) == "connected")
    begin(monitoring, records, "abc")
    monitoring.let_end("1.abc")
    ami.peers[-1].event("UserEvent", UserEvent="KaripassCall", Uniqueid="1.abc", Cause="16", Rtp=RTP)
    call = await records.of("abc", lambda summary: summary.hangup)
    assert call.hangup is not None
    assert call.rtp is not None
    assert (call.hangup.cause, call.hangup.text, call.rtp.lost_percent) == (16, "normal clearing", 5.0)
    assert monitoring.metrics.registry.get_sample_value("karipass_hangups_total", {"cause": "16"}) == 1


def test_the_vitals_name_every_state_of_the_link() -> None:
    assert set(AMI_STATES) == set(LinkStatus)


async def test_other_clients_of_asterisk_hear_of_the_call(
    monitoring: Monitoring, ami: FakeAmi, records: Records
) -> None:
    await until(lambda: ami_of(monitoring) == "connected")
    call = begin(monitoring, records, "abc")
    call(1.0, Interrupted())
    call(2.0, Ended(Ending(Outcome.FAILED, "too_many_errors")))
    await until(lambda: len(ami.named("UserEvent")) == 2)
    began, ended = ami.named("UserEvent")
    assert (began["UserEvent"], began["CallId"]) == ("KaripassCallBegan", "abc")
    assert (ended["Outcome"], ended["Reason"]) == ("failed", "too_many_errors")
    labels = {"outcome": "failed", "reason": "too_many_errors"}
    assert monitoring.metrics.registry.get_sample_value("karipass_calls_total", labels) == 1


async def test_while_asterisk_is_away_a_record_says_so_at_once(
    monitoring: Monitoring, ami: FakeAmi, records: Records
) -> None:
    await until(lambda: ami_of(monitoring) == "connected")
    begin(monitoring, records, "abc")
    await ami.stop()
    await until(lambda: ami_of(monitoring) == "away")
    monitoring.let_end("1.abc")
    call = await records.of("abc", lambda summary: summary.hangup)
    assert call.hangup is not None
    assert call.hangup.cause is None
    assert call.hangup.text.startswith("not known")
    assert call.rtp is None


async def test_the_health_pages_are_of_this_service(watched: Watched) -> None:
    monitoring = watched.monitoring
    await until(lambda: monitoring.vitals().store.up and ami_of(monitoring) == "connected")
    url = f"http://127.0.0.1:{watched.health_port}"
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        ready = await client.get("/readyz")
        page = (await client.get("/metrics")).text
    assert ready.json() == {
        "status": "ok",
        "checks": dict.fromkeys(("media_clock", "listening", "guidance", "store"), "ok"),
    }
    assert "karipass_calls_in_progress 1.0" in page
    assert 'karipass_ami{status="connected"} 1.0' in page


async def test_its_vitals_reach_whoever_looks_at_the_database(monitoring: Monitoring, records: Records) -> None:
    records.recorder.vitals = monitoring.vitals
    async with asyncio.timeout(10):
        while not (told := await asyncio.to_thread(records.reader.services)) or told[0].vitals.calls is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert (told[0].vitals.calls, told[0].vitals.late_ms) == (1, 12.3)


async def test_a_recorder_that_has_ended_is_seen_by_who_watches(watched: Watched, records: Records) -> None:
    url = f"http://127.0.0.1:{watched.health_port}"
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        assert "karipass_recorder_up 1.0" in (await client.get("/metrics")).text
        await asyncio.to_thread(records.recorder.close)
        records.recorder.left_out = 3
        page = (await client.get("/metrics")).text
        notes = (await client.get("/readyz")).json()["notes"]
    assert "karipass_recorder_up 0.0" in page
    assert "karipass_records_left_out 3.0" in page
    assert {"recorder", "records"} <= set(notes)
