"""The settings site as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from credentials.site.session import Stage
from portal.config import LANGUAGES, PortalConfig
from portal.endpoints import open_to_all, page
from portal.errors import not_found, page_failed, store_away
from portal.health import healthz
from portal.pages import login, menu, password, unit
from portal.rights import NotYours
from portal.static import files
from portal.store_access import StoreAccess
from portal.templates import Templates
from storage.errors import StorageError
from web.guard import Guard
from web.login_queue import LoginQueue
from web.texts import read_texts

_UNIT_FILE: Final = 256 * 1024
"""The longest file with passwords for a change of the unit, in bytes."""
_BOTH: Final = ["GET", "POST"]


def create_app(config: PortalConfig) -> Starlette:
    """Create the site's application.

    Args:
        config: what it works with.

    Raises:
        TextsError: the operator's own texts cannot be used.
    """
    store_access = StoreAccess(config.open_store)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            store_access.close()

    changing = Stage.CHANGE_PASSWORD
    app = Starlette(
        routes=[
            Route("/login", open_to_all(login.form), methods=["GET"]),
            Route("/login", open_to_all(login.log_in, hashes=True), methods=["POST"]),
            Route("/logout", page(login.log_out, stage=None), methods=["POST"]),
            Route("/stay", page(login.stay, stage=None), methods=["POST"]),
            Route("/session", page(login.left, stage=None, used=False), methods=["GET"]),
            Route("/password/renew", page(password.renew, stage=changing, hashes=True), methods=_BOTH),
            Route("/", page(menu.show), methods=["GET"]),
            Route("/numbers", page(menu.numbers), methods=["GET"]),
            Route("/numbers/{number}", page(menu.number), methods=["GET"]),
            Route("/numbers/{number}/password", page(password.of_number, hashes=True), methods=_BOTH),
            Route("/password", page(password.own, hashes=True), methods=_BOTH),
            Route("/unit", page(unit.show), methods=["GET"]),
            Route("/unit/{to}", page(unit.change, hashes=True, files=1), methods=_BOTH),
            Route("/unit/{to}/numbers.csv", page(unit.template), methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
            Mount("/static", files()),
        ],
        middleware=[
            Middleware(
                Guard,
                hosts=config.hosts,
                setting="KARIPASS_PORTAL_NAMES",
                https=config.https,
                longer={"/unit/line": _UNIT_FILE, "/unit/admin-user": _UNIT_FILE},
            )
        ],
        exception_handlers={
            StorageError: store_away,
            NotYours: not_found,
            404: not_found,
            405: not_found,
            Exception: page_failed,
        },
        lifespan=lifespan,
    )
    app.state.config = config
    app.state.store_access = store_access
    app.state.texts = {language: read_texts("portal.texts", language, config.texts_dir) for language in LANGUAGES}
    app.state.templates = Templates(config.time_zone)
    app.state.login_queue = LoginQueue(config.hashes_at_once)
    return app
