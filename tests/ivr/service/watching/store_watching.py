"""Runs a watch of the store, and waits for its findings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ivr.service.watching.store_watch import StoreWatch


@asynccontextmanager
async def running(watch: StoreWatch) -> AsyncIterator[StoreWatch]:
    task = asyncio.create_task(watch.run())
    try:
        yield watch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(watch: StoreWatch, *, up: bool, problem: str = "") -> None:
    async with asyncio.timeout(10):
        while watch.state.up is not up or problem not in watch.state.problem:  # noqa: ASYNC110 - what it has found
            await asyncio.sleep(0.005)
