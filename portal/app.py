"""The settings site as an ASGI application."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from credentials.errors import NotAllowed
from credentials.site.session import Stage
from notice.mails.writing import Writer
from portal.config import LANGUAGES, PortalConfig
from portal.endpoints import ALWAYS, WHILE_CHOOSING, open_to_all, page
from portal.errors import not_found, page_failed, store_away
from portal.health import health_server, healthz
from portal.metrics import Metrics, Timed
from portal.pages import history, login, menu, password, unit
from portal.pages.notices import calls, forms, overview
from portal.pages.notices import file as notices_file
from portal.pages.one_time import choice, code, file, link, own
from portal.rehearsals import Rehearsals
from portal.rights import NotYours
from portal.static import files
from portal.store_access import StoreAccess
from portal.templates import Templates
from portal.uses import Uses
from storage.errors import StorageError
from texts.catalogue import read_texts
from web.guard import Guard
from web.login_queue import LoginQueue

_UNIT_FILE: Final = 256 * 1024
"""The longest file with passwords for a change of the unit, in bytes."""
_GET: Final = ["GET"]
_POST: Final = ["POST"]
_BOTH: Final = ["GET", "POST"]


def create_app(config: PortalConfig, health: socket.socket | None = None) -> Starlette:
    """Create the site's application.

    Args:
        config: what it works with.
        health: the socket on which it serves health and metrics; None if it serves them to nobody.

    Raises:
        TextsError: the operator's own texts cannot be used.
    """
    rehearsals = Rehearsals()
    store_access, metrics = StoreAccess(config.open_store, config.open_outbox), Metrics()
    uses = Uses(store_access)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        server = health_server(store_access, metrics, config.mail_backlog)
        if health is not None:
            await server.listen("", 0, health)
        try:
            yield
        finally:
            await server.close()
            rehearsals.close()
            uses.close()
            store_access.close()

    changing, proving = {Stage.CHANGE_PASSWORD}, {Stage.PROVE_ONE_TIME_PASSWORD}
    app = Starlette(
        routes=[
            Route("/login", open_to_all(login.form), methods=_GET),
            Route("/login", open_to_all(login.log_in, hashes=True), methods=_POST),
            Route("/login/called", open_to_all(login.called), methods=_GET),
            Route("/logout", page(login.log_out, stages=ALWAYS), methods=_POST),
            Route("/stay", page(login.stay, stages=ALWAYS), methods=_POST),
            Route("/session", page(login.left, stages=ALWAYS, used=False), methods=_GET),
            Route("/password/renew", page(password.renew, stages=changing, hashes=True), methods=_BOTH),
            Route("/one-time/choose", page(choice.choose, stages={Stage.CHOOSE_ONE_TIME_PASSWORD}), methods=_GET),
            Route("/one-time/use", page(choice.use, stages=WHILE_CHOOSING, hashes=True), methods=_BOTH),
            Route("/one-time/decline", page(choice.decline, stages=WHILE_CHOOSING), methods=_BOTH),
            Route("/one-time/code", page(code.ask, stages=proving), methods=_BOTH),
            Route("/one-time/code/send", page(code.send, stages=proving), methods=_POST),
            Route("/one-time/code/address", page(code.address, stages=proving, hashes=True), methods=_BOTH),
            Route("/confirm/{token}", open_to_all(link.show), methods=_GET),
            Route("/confirm/{token}", open_to_all(link.confirm), methods=_POST),
            Route("/", page(menu.show), methods=_GET),
            Route("/numbers", page(menu.numbers), methods=_GET),
            Route("/numbers/{number}", page(menu.number), methods=_GET),
            Route("/numbers/{number}/password", page(password.of_number, hashes=True), methods=_BOTH),
            Route("/numbers/{number}/one-time/use", page(choice.use, hashes=True), methods=_BOTH),
            Route("/numbers/{number}/one-time/decline", page(choice.decline), methods=_BOTH),
            *(
                route
                for home in ("/one-time", "/numbers/{number}/one-time")
                for route in (
                    Route(home, page(own.show), methods=_GET),
                    Route(f"{home}/address", page(own.address), methods=_BOTH),
                    Route(f"{home}/confirmation-id", page(own.confirmation, hashes=True), methods=_BOTH),
                    Route(f"{home}/confirmation-password", page(own.confirmation, hashes=True), methods=_BOTH),
                )
            ),
            *(
                route
                for home in ("/notices", "/numbers/{number}/notices")
                for route in (
                    Route(home, page(overview.show), methods=_GET),
                    Route(f"{home}/start", page(overview.start), methods=_POST),
                    Route(f"{home}/stop", page(overview.stop), methods=_POST),
                    Route(f"{home}/test", page(overview.test), methods=_POST),
                    Route(f"{home}/resume", page(overview.resume), methods=_POST),
                    Route(f"{home}/addresses", page(forms.addresses), methods=_BOTH),
                    Route(f"{home}/conditions", page(forms.conditions), methods=_BOTH),
                    Route(f"{home}/listed", page(forms.listed), methods=_BOTH),
                    Route(f"{home}/calls", page(calls.show), methods=_GET),
                )
            ),
            Route("/notices/file", page(notices_file.show, files=1), methods=_BOTH),
            Route("/notices/file/present.csv", page(notices_file.present), methods=_GET),
            Route("/notices/file/store", page(notices_file.store), methods=_POST),
            Route("/one-time/file", page(file.show, files=1), methods=_BOTH),
            Route("/one-time/file/present.csv", page(file.present), methods=_GET),
            Route("/one-time/file/rehearsal", page(file.rehearsal), methods=_GET),
            Route("/one-time/file/store", page(file.store), methods=_POST),
            Route("/history", page(history.show), methods=_GET),
            Route("/history/{position}/not-me", page(history.not_me), methods=_BOTH),
            Route("/sessions/end", page(history.end_others), methods=_POST),
            Route("/password", page(password.own, hashes=True), methods=_BOTH),
            Route("/unit", page(unit.show), methods=_GET),
            Route("/unit/{to}", page(unit.change, hashes=True, files=1), methods=_BOTH),
            Route("/unit/{to}/numbers.csv", page(unit.template), methods=_GET),
            Route("/healthz", healthz(store_access), methods=_GET),
            Mount("/static", files()),
        ],
        middleware=[
            Middleware(Timed, metrics=metrics),
            Middleware(
                Guard,
                hosts=config.hosts,
                setting="KARIPASS_PORTAL_NAMES",
                https=config.https,
                longer={
                    "/unit/line": _UNIT_FILE,
                    "/unit/admin-user": _UNIT_FILE,
                    "/one-time/file": file.LONGEST_REQUEST,
                    "/notices/file": notices_file.LONGEST_REQUEST,
                },
            ),
        ],
        exception_handlers={
            StorageError: store_away,
            NotAllowed: not_found,
            NotYours: not_found,
            404: not_found,
            405: not_found,
            Exception: page_failed,
        },
        lifespan=lifespan,
    )
    app.state.config = config
    app.state.store_access = store_access
    app.state.rehearsals = rehearsals
    app.state.uses = uses
    app.state.metrics = metrics
    app.state.texts = {language: read_texts("portal.texts", language, config.texts_dir) for language in LANGUAGES}
    app.state.notice_writer = Writer(site=config.url, time_zone=config.time_zone, own=config.notice_texts_dir)
    app.state.templates = Templates(config.time_zone)
    app.state.login_queue = LoginQueue(config.hashes_at_once)
    return app
