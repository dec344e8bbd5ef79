"""What comes before every page: the form, the session and its stage, whose form it is, and the queue for hashes."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Collection
from contextlib import nullcontext
from dataclasses import replace
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from credentials.errors import SessionOver, WrongStage
from credentials.site.session import EndedSession, EndReason, Entered, Session, Stage
from portal.store_access import StoreAccess
from portal.visit import SESSION_COOKIE, VISITOR_COOKIE, Visit, cookies_of, go_to
from web.forms import Form, FormRefused, read_form
from web.login_queue import AGAIN_S, LoginQueue, Source

Handler = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

_TOKEN_BYTES: Final = 32
_TOKEN: Final = re.compile(r"[\w-]{43}")
"""What `token_urlsafe` makes of so many bytes."""
MOST_FIELDS: Final = 100
"""The most fields of a form: up to 30 listed numbers of call notices have a number, a name and a tick each."""
WHEN_COMPLETE: Final = frozenset({Stage.COMPLETE})
WHILE_CHOOSING: Final = frozenset({Stage.CHOOSE_ONE_TIME_PASSWORD, Stage.COMPLETE})
ALWAYS: Final = frozenset(Stage)
STAGE_PAGES: Final = {
    Stage.CHANGE_PASSWORD: "/password/renew",
    Stage.CHOOSE_ONE_TIME_PASSWORD: "/one-time/choose",
    Stage.PROVE_ONE_TIME_PASSWORD: "/one-time/code",
    Stage.COMPLETE: "/",
}
"""The page on which a login goes on at each stage."""


def open_to_all(handler: Handler, *, hashes: bool = False) -> Endpoint:
    """Make a page that needs no login.

    Args:
        handler: makes the answer, in a thread, so it may block.
        hashes: whether a form that is sent needs a hash; it then waits in the login queue.
    """

    async def endpoint(request: Request) -> Response:
        visit = await _visit(request, files=0)
        if isinstance(visit, Response):
            return visit
        if request.method != "POST":
            return await run_in_threadpool(handler, visit)
        if not visit.is_ours:
            return await run_in_threadpool(_forged, visit)
        return (
            await _served(visit, handler, Source(visit.source)) if hashes else await run_in_threadpool(handler, visit)
        )

    return endpoint


def page(
    handler: Handler,
    *,
    stages: Collection[Stage] = WHEN_COMPLETE,
    hashes: bool = False,
    files: int = 0,
    used: bool = True,
) -> Endpoint:
    """Make a page for a login.

    Args:
        handler: makes the answer, in a thread, so it may block.
        stages: where the login may be for this page, no less far and no further.
        hashes: whether a form that is sent needs hashes; it then waits in the login queue.
        files: how many files a form may have.
        used: whether asking for the page counts as a use of the session.
    """

    async def endpoint(request: Request) -> Response:
        visit = await _visit(request, files=files)
        if isinstance(visit, Response):
            return visit
        if request.method != "POST" or not hashes:
            return await run_in_threadpool(_enter_and_serve, visit, _guarded(handler), stages, used=used)
        entered = await run_in_threadpool(_enter, visit, stages, used=used)
        if isinstance(entered, Response):
            return entered
        return await _served(entered, _guarded(handler), Source(entered.logged_in.name, known=True))

    return endpoint


def ended(visit: Visit, end: EndedSession | None) -> Response:
    """Say why and when the session has ended; where nobody need be told, go to the login."""
    if end is None or end.reason is EndReason.LOGGED_OUT:
        return visit.forget_session(go_to("/login")) if visit.session_id else go_to("/login")
    return visit.forget_session(visit.without_session().page("ended.html", status=403, end=end))


def first_visit(request: Request, form: Form | None = None) -> Visit:
    """Return a request as it is before anybody has looked for its session."""
    cookies = cookies_of(request.app.state.config)
    visitor = cookies.shown(request, VISITOR_COOKIE)
    if not _TOKEN.fullmatch(visitor):
        visitor = secrets.token_urlsafe(_TOKEN_BYTES)
    return Visit(request, form or Form(), visitor, cookies.shown(request, SESSION_COOKIE))


async def _visit(request: Request, *, files: int) -> Visit | Response:
    try:
        form = await read_form(request, most_fields=MOST_FIELDS, most_files=files)
    except FormRefused as refused:
        return Response(status_code=refused.status)
    return first_visit(request, form)


def _enter(visit: Visit, stages: Collection[Stage], *, used: bool) -> Visit | Response:
    """Return the visit with its session, if it may see a page of these stages; else what to answer."""
    visit.uses.settle(visit.session_id)
    entered = visit.store.enter(visit.session_id, used=used) if visit.session_id else Entered(None)
    found, use = entered.session, entered.use
    if not isinstance(found, Session):
        # A script that asks how long the login lasts gets no page: the reload that follows tells why it has ended.
        return ended(visit, found) if used else Response(status_code=401)
    if use is not None and (visit.request.method == "POST" or found.stage not in stages):
        visit.store.note_use(use)  # before the form is served, which may have to wait for its turn
        use = None
    visit = replace(visit, session=found, line=entered.line, use=use)
    if visit.request.method == "POST" and not visit.is_ours:
        return _forged(visit)
    if found.stage not in stages:
        return go_to(STAGE_PAGES[found.stage])
    return visit


def _enter_and_serve(visit: Visit, handler: Handler, stages: Collection[Stage], *, used: bool) -> Response:
    """Serve a page in one thread, and let what it reads be one transaction: each more costs what a small page costs."""
    access: StoreAccess = visit.request.app.state.store_access
    with access.at_one_moment() if visit.session_id else nullcontext():
        entered = _enter(visit, stages, used=used)
        if isinstance(entered, Response):
            return entered
        try:
            return handler(entered)
        finally:
            if entered.use is not None:
                entered.uses.note(visit.session_id, entered.use)


def _guarded(handler: Handler) -> Handler:
    """Answer for a session that ends while its form is on the way."""

    def serve(visit: Visit) -> Response:
        try:
            return handler(visit)
        except SessionOver as over:
            return ended(visit, over.ended)
        except WrongStage as wrong:
            return go_to(STAGE_PAGES[wrong.stage])

    return serve


async def _served(visit: Visit, handler: Handler, source: Source) -> Response:
    queue: LoginQueue = visit.request.app.state.login_queue
    answer = await queue.run(source, lambda: handler(visit))
    return await run_in_threadpool(_too_many, visit) if answer is None else answer


def _too_many(visit: Visit) -> Response:
    answer = visit.page("problem.html", status=429, problem="crowded", back=visit.request.url.path)
    answer.headers["retry-after"] = str(AGAIN_S)
    return answer


def _forged(visit: Visit) -> Response:
    return visit.page("problem.html", status=403, problem="forged", back=visit.request.url.path)
