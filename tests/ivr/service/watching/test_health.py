"""What the health pages say, and when."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from credentials.store import CredentialStore
from ivr.records import AmiState, StoreState, Vitals
from ivr.service.store_events import probe
from ivr.service.watching.health import health_app
from ivr.service.watching.metrics import Metrics
from ivr.service.watching.store_watch import StoreWatch
from tests.ivr.service.watching.store_watching import running, until

WELL = Vitals(
    calls=0,
    listening=True,
    languages=1,
    tick_age_s=0.02,
    recorder_up=True,
    records_left_out=0,
    store=StoreState(up=True),
    ami=AmiState(status="connected", asterisk="22.10.1"),
)


@dataclass
class Service:
    """What a service reports; a test changes it."""

    vitals: Vitals = WELL

    def change(self, **changes: Any) -> None:
        self.vitals = replace(self.vitals, **changes)


async def no_calls_yet() -> bytes:
    return Metrics().page()


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=health_app(lambda: service.vitals, no_calls_yet))
    async with httpx.AsyncClient(transport=transport, base_url="http://health") as client:
        yield client


async def test_a_service_that_is_well_says_so(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.json()["status"] == "ok"


async def test_a_media_clock_that_stands_still_is_not_healthy(client: httpx.AsyncClient, service: Service) -> None:
    service.change(tick_age_s=3.0)
    for path in ("/healthz", "/readyz"):
        answer = await client.get(path)
        assert answer.status_code == 503
        assert "3.0 s" in answer.json()["checks"]["media_clock"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("store", {"store": StoreState(up=False, problem="the database cannot be used now")}),
        ("listening", {"listening": False}),
        ("guidance", {"languages": 0}),
    ],
)
async def test_what_keeps_calls_away_is_not_ready_but_alive(
    client: httpx.AsyncClient, service: Service, name: str, change: dict[str, Any]
) -> None:
    service.change(**change)
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"][name] != "ok"
    assert [check for check, said in answer.json()["checks"].items() if said != "ok"] == [name]
    assert (await client.get("/healthz")).status_code == 200


async def test_a_missing_ami_is_told_and_keeps_nobody_away(client: httpx.AsyncClient, service: Service) -> None:
    service.change(ami=AmiState(status="refused", reason="KARIPASS_AMI_SECRET"))
    answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["notes"] == {"ami": "refused: KARIPASS_AMI_SECRET"}


async def test_records_that_are_not_written_are_told_and_keep_nobody_away(
    client: httpx.AsyncClient, service: Service
) -> None:
    service.change(recorder_up=False, records_left_out=12)
    answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert set(answer.json()["notes"]) == {"recorder", "records"}
    assert "12 changes" in answer.json()["notes"]["records"]


async def test_metrics_are_served_as_prometheus_wants_them(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "karipass_build_info" in answer.text


async def test_nothing_else_is_served(client: httpx.AsyncClient) -> None:
    assert (await client.get("/")).status_code == 404
    assert (await client.post("/healthz")).status_code == 405


async def test_while_another_program_holds_the_database_the_service_is_not_ready_and_says_why(
    store: CredentialStore, service: Service, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    watch = StoreWatch(lambda: probe(store), lambda _head: None, every_s=0.01, patience_s=0.05)
    async with running(watch):
        await until(watch, up=True)
        with contextlib.closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await until(watch, up=False)
            service.change(store=watch.state)
            answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert "another program holds the database" in answer.json()["checks"]["store"]
        await until(watch, up=True)
