"""What the health pages say, and when."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from credentials.audit import Head
from credentials.store import CredentialStore
from ivr.service.health import CONNECTIONS, HttpServer, Probes, health_app
from ivr.service.metrics import Metrics
from ivr.service.store_watch import StoreState, StoreWatch
from ivr.telephony.ami.link import LinkState, LinkStatus
from storage.errors import StoreUnavailable

STORE_UP = StoreState(up=True)
CONNECTED = LinkState(status=LinkStatus.CONNECTED, since=datetime.now(UTC), asterisk_version="22.10.1")


@dataclass
class Service:
    """What a service would tell; a test changes it."""

    tick_age_s: float = 0.02
    listening: bool = True
    languages: list[str] = field(default_factory=lambda: ["ja"])
    store: StoreState = STORE_UP
    ami: LinkState = CONNECTED
    recorder_up: bool = True
    records_left_out: int = 0

    @property
    def probes(self) -> Probes:
        return Probes(
            tick_age_s=lambda: self.tick_age_s,
            listening=lambda: self.listening,
            languages=lambda: self.languages,
            store=lambda: self.store,
            ami=lambda: self.ami,
            recorder_up=lambda: self.recorder_up,
            records_left_out=lambda: self.records_left_out,
        )


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=health_app(service.probes, Metrics()))
    async with httpx.AsyncClient(transport=transport, base_url="http://health") as client:
        yield client


async def test_a_service_that_is_well_says_so(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.json()["status"] == "ok"


async def test_a_media_clock_that_stands_still_is_not_healthy(client: httpx.AsyncClient, service: Service) -> None:
    service.tick_age_s = 3.0
    for path in ("/healthz", "/readyz"):
        answer = await client.get(path)
        assert answer.status_code == 503
        assert "3.0 s" in answer.json()["checks"]["media_clock"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("store", {"store": StoreState(up=False, problem="the database cannot be used now")}),
        ("listening", {"listening": False}),
        ("guidance", {"languages": []}),
    ],
)
async def test_what_keeps_calls_away_is_not_ready_but_alive(
    client: httpx.AsyncClient, service: Service, name: str, change: dict[str, Any]
) -> None:
    for attribute, value in change.items():
        setattr(service, attribute, value)
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"][name] != "ok"
    assert [check for check, said in answer.json()["checks"].items() if said != "ok"] == [name]
    assert (await client.get("/healthz")).status_code == 200


async def test_a_missing_ami_is_told_and_keeps_nobody_away(client: httpx.AsyncClient, service: Service) -> None:
    service.ami = LinkState(status=LinkStatus.REFUSED, since=datetime.now(UTC), reason="KARIPASS_AMI_SECRET")
    answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["notes"] == {"ami": "refused: KARIPASS_AMI_SECRET"}


async def test_records_that_are_not_written_are_told_and_keep_nobody_away(
    client: httpx.AsyncClient, service: Service
) -> None:
    service.recorder_up, service.records_left_out = False, 12
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


# --- the server -------------------------------------------------------------------------------------------------


async def test_it_is_served_on_a_real_port_and_closed(service: Service) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    server = HttpServer(health_app(service.probes, Metrics()))
    await server.listen("127.0.0.1", 0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == handlers
        port = server.port
        await server.close()
    with pytest.raises(OSError, match=r"refused|Connect"):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_taken_port_is_an_os_error_as_with_the_other_servers(service: Service) -> None:
    first = HttpServer(health_app(service.probes, Metrics()))
    await first.listen("127.0.0.1", 0)
    with pytest.raises(OSError, match="in use"):
        await HttpServer(health_app(service.probes, Metrics())).listen("127.0.0.1", first.port)
    await first.close()


async def test_a_client_that_says_nothing_does_not_keep_the_server_from_closing(service: Service) -> None:
    server = HttpServer(health_app(service.probes, Metrics()))
    await server.listen("127.0.0.1", 0)
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    async with asyncio.timeout(5):
        await server.close()
    writer.close()


@pytest.mark.parametrize("said", [b"", b"GET /healthz"], ids=["nothing", "half a request"])
async def test_clients_that_ask_nothing_do_not_keep_a_probe_out(service: Service, said: bytes) -> None:
    server = HttpServer(health_app(service.probes, Metrics()))
    await server.listen("127.0.0.1", 0)
    idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(CONNECTIONS + 8)]
    for _, writer in idle:
        writer.write(said)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
        assert (await client.get("/healthz")).status_code == 200
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionError):
            assert await idle[0][0].read() == b""
        await server.close()
    for _, writer in idle:
        writer.close()


# --- the store --------------------------------------------------------------------------------------------------


class _Broken:
    """A store that is away, slow, or there, as the test says."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self.write_error: Exception | None = None
        self.go_on = threading.Event()
        self.go_on.set()

    def audit_head(self) -> Head:
        return Head(0)

    def admit(self, _number: str) -> None:
        self.asked += 1
        self.go_on.wait(10)
        if self.error is not None:
            raise self.error

    def require_writable(self) -> None:
        if self.write_error is not None:
            raise self.write_error


async def until(watch: StoreWatch, *, up: bool, problem: str = "") -> None:
    async with asyncio.timeout(10):
        while watch.state.up is not up or problem not in watch.state.problem:  # noqa: ASYNC110 - what it has found
            await asyncio.sleep(0.005)


async def test_a_store_that_answers_is_up(store: CredentialStore) -> None:
    found: list[Head] = []
    watch = StoreWatch(store, found.append)
    assert not watch.state.up
    task = asyncio.create_task(watch.run())
    await until(watch, up=True)
    assert found == [store.audit_head()]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_store_that_goes_and_comes_back_is_seen_to() -> None:
    store = _Broken()
    watch = StoreWatch(store, [].append, every_s=0.01, patience_s=0.05)  # type: ignore[arg-type]
    task = asyncio.create_task(watch.run())
    await until(watch, up=True)
    store.error = StoreUnavailable("the database cannot be used now")
    await until(watch, up=False, problem="cannot be used now")
    store.error = None
    await until(watch, up=True)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_store_that_hangs_is_away_and_is_not_asked_again_meanwhile() -> None:
    store = _Broken()
    store.go_on.clear()
    watch = StoreWatch(store, [].append, every_s=0.01, patience_s=0.05)  # type: ignore[arg-type]
    task = asyncio.create_task(watch.run())
    await until(watch, up=False, problem="no answer within")
    await asyncio.sleep(0.1)
    assert store.asked == 1
    store.go_on.set()
    await until(watch, up=True)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_store_that_is_read_and_not_written_is_away() -> None:
    store = _Broken()
    store.write_error = StoreUnavailable("the database cannot be written: disk full")
    watch = StoreWatch(store, [].append, every_s=0.01, patience_s=0.05)  # type: ignore[arg-type]
    task = asyncio.create_task(watch.run())
    await until(watch, up=False, problem="cannot be written: disk full")
    store.write_error = None
    await until(watch, up=True)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_while_a_store_does_not_answer_again_the_cause_that_was_found_last_stays() -> None:
    store = _Broken()
    store.error = StoreUnavailable("the database cannot be written: locked")
    watch = StoreWatch(store, [].append, every_s=0.01, patience_s=0.05)  # type: ignore[arg-type]
    task = asyncio.create_task(watch.run())
    await until(watch, up=False, problem="locked")
    store.go_on.clear()
    asked = store.asked
    async with asyncio.timeout(10):
        while store.asked == asked:  # noqa: ASYNC110 - the next question, which hangs
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.1)
    assert "locked" in watch.state.problem
    store.go_on.set()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_while_another_program_holds_the_database_the_service_is_not_ready_and_says_why(
    store: CredentialStore, service: Service, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    watch = StoreWatch(store, [].append, every_s=0.01, patience_s=0.05)
    task = asyncio.create_task(watch.run())
    await until(watch, up=True)
    with contextlib.closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await until(watch, up=False)
        service.store = watch.state
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert "another program holds the database" in answer.json()["checks"]["store"]
    await until(watch, up=True)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_unexpected_fault_does_not_end_the_watch() -> None:
    store = _Broken()
    store.error = RuntimeError("a bug")
    watch = StoreWatch(store, [].append, every_s=0.01, patience_s=0.05)  # type: ignore[arg-type]
    task = asyncio.create_task(watch.run())
    await until(watch, up=False, problem="RuntimeError")
    store.error = None
    await until(watch, up=True)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
