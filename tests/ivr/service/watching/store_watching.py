"""Waits for the findings of a watch of the store."""

from __future__ import annotations

import asyncio

from ivr.service.watching.store_watch import StoreWatch


async def until(watch: StoreWatch, *, up: bool, problem: str = "") -> None:
    async with asyncio.timeout(10):
        while watch.state.up is not up or problem not in watch.state.problem:  # noqa: ASYNC110 - what it has found
            await asyncio.sleep(0.005)
