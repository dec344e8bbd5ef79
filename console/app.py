"""The console as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

import console.pages.calls as calls
import console.pages.hosts as hosts
import console.pages.lines as lines
import console.pages.live as live
import console.pages.login as login
import console.pages.notices as notices
import console.pages.operators as operators
import console.pages.report as report
from console.config import ConsoleConfig
from console.database import Backend
from console.errors import bad_query, not_found, page_failed, store_away
from console.health import healthz
from console.live.view import LiveView, look
from console.operators import HASHES_AT_ONCE, Role
from console.static import files
from console.visit import BadQuery, open_to_all, page, queued
from storage.errors import StoreUnavailable
from web.guard import Guard
from web.login_queue import LoginQueue


def create_app(config: ConsoleConfig) -> Starlette:
    """Create the console's application.

    Args:
        config: where its data is, and how it is reached.
    """
    backend = Backend(config)
    view = LiveView(lambda: look(backend), every_s=config.poll_s)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        looking = asyncio.create_task(view.run())
        try:
            yield
        finally:
            await view.close()
            looking.cancel()
            backend.close()

    app = Starlette(
        routes=[
            Route("/login", open_to_all(login.form), methods=["GET"]),
            Route("/login", queued(login.log_in, login.too_many), methods=["POST"]),
            Route("/logout", page(login.log_out, Role.VIEWER), methods=["POST"]),
            Route("/language", page(login.set_language, Role.VIEWER), methods=["POST"]),
            Route("/", page(live.show, Role.VIEWER), methods=["GET"]),
            Route("/live", page(live.events, Role.VIEWER), methods=["GET"]),
            Route("/calls", page(calls.search, Role.VIEWER), methods=["GET"]),
            Route("/calls/{call_id}", page(calls.show, Role.VIEWER), methods=["GET"]),
            Route("/calls/{call_id}/lock", page(calls.lock, Role.OPERATOR), methods=["POST"]),
            Route("/calls/{call_id}/unlock", page(calls.unlock, Role.OPERATOR), methods=["POST"]),
            Route("/calls/{call_id}/line", page(lines.of_call, Role.VIEWER), methods=["GET"]),
            Route("/lines", page(lines.search, Role.OPERATOR), methods=["GET"]),
            Route("/lines/{number}/{change}", page(lines.confirm, Role.OPERATOR), methods=["GET"]),
            Route("/lines/{number}/{change}", page(lines.make, Role.OPERATOR), methods=["POST"]),
            Route("/notices", page(notices.search, Role.VIEWER), methods=["GET"]),
            Route("/hosts", page(hosts.show, Role.VIEWER), methods=["GET"]),
            Route("/report", page(report.show, Role.VIEWER), methods=["GET"]),
            Route("/operators", page(operators.show, Role.ADMIN), methods=["GET"]),
            Route("/operators", page(operators.add, Role.ADMIN), methods=["POST"]),
            Route("/operators/{name}/role", page(operators.set_role, Role.ADMIN), methods=["POST"]),
            Route("/operators/{name}/password", page(operators.set_password, Role.ADMIN), methods=["POST"]),
            Route("/operators/{name}/remove", page(operators.remove, Role.ADMIN), methods=["POST"]),
            Route("/healthz", healthz, methods=["GET"]),
            Mount("/static", files()),
        ],
        middleware=[Middleware(Guard, hosts=config.hosts, setting="KARIPASS_CONSOLE_NAMES")],
        exception_handlers={
            StoreUnavailable: store_away,
            BadQuery: bad_query,
            404: not_found,
            405: not_found,
            Exception: page_failed,
        },
        lifespan=lifespan,
    )
    app.state.config = config
    app.state.backend = backend
    app.state.live = view
    app.state.login_queue = LoginQueue(HASHES_AT_ONCE)
    return app
