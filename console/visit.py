"""One request, as a page sees it: who asks, in which language, with which rights, by which form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.config import ConsoleConfig
from console.database import Backend
from console.masking import masked
from console.operators import LANGUAGES, Operator, Role
from console.templates import render
from console.texts import Texts, load_texts, preferred_language
from credentials.limits.origin import origin_of
from web import forgery
from web.addresses import client_address
from web.guard import BodyTooLong
from web.login_queue import LoginQueue, Source

LONGEST: Final = 200
"""Characters of anything that an address may ask for; what we name or show is far shorter."""
_FIELDS: Final = 16
_LONGEST_NAME: Final = 512
_LANGUAGE_COOKIE: Final = "karipass-language"
_MARK_KEPT_S: Final = 90 * 86400


class BadQuery(Exception):  # noqa: N818 - reads as what it says
    """What an address asks for is too long, or has characters in it that a database does not take."""


@dataclass(frozen=True)
class Visit:
    """A request.

    Attributes:
        request: as it came.
        token: the session's, or that of a visitor who has not logged in; "" if there is none.
        operator: who is logged in; None if nobody is.
        form: the fields of a form that was sent.
    """

    request: Request
    token: str
    operator: Operator | None
    form: Mapping[str, str]

    @property
    def config(self) -> ConsoleConfig:
        """What the console works with."""
        config: ConsoleConfig = self.request.app.state.config
        return config

    @property
    def backend(self) -> Backend:
        """The store."""
        backend: Backend = self.request.app.state.backend
        return backend

    @cached_property
    def texts(self) -> Texts:
        """What is said, in the operator's language; before the login in the chosen one, or one the browser asks for."""
        if self.operator is not None:
            return load_texts(self.operator.language)
        return load_texts(self.chosen_language or preferred_language(self.request.headers.get("accept-language", "")))

    @property
    def chosen_language(self) -> str | None:
        """The language that was chosen on the login page; None if none was."""
        # Compared and no more: pages for errors read them, too.
        asked = self.request.query_params.get("lang", ""), self.request.cookies.get(_LANGUAGE_COOKIE, "")
        return next((language for language in asked if language in LANGUAGES), None)

    @property
    def actor(self) -> str:
        """Who asks, for the audit trail."""
        return "" if self.operator is None else f"operator {self.operator.name} (console)"

    @property
    def masked(self) -> bool:
        """Whether numbers are hidden."""
        return not self.may(Role.OPERATOR)

    def may(self, role: Role) -> bool:
        """Whether whoever asks has the rights of a role."""
        return self.operator is not None and self.operator.role.may(role)

    def asked(self, name: str) -> str:
        """What the address asks for by that name; "" if nothing.

        Raises:
            BadQuery: it cannot be looked for.
        """
        text = self.request.query_params.get(name, "")
        if not _is_bounded(text):
            raise BadQuery(name)
        return text

    def in_path(self, name: str) -> str:
        """A part of the path; "" if nothing can be called so."""
        text: str = self.request.path_params.get(name, "")
        return text if _is_bounded(text) else ""

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page in the console's dress, with the numbers in its values hidden from whoever may not see them."""
        values = masked(values) if self.masked else values
        csrf = forgery.token_for(self.token) if self.token else ""
        path = self.request.url.path
        shown = render(template, self.texts, operator=self.operator, csrf=csrf, path=path, role=Role, **values)
        return HTMLResponse(shown, status)

    def keep_token(self, response: Response, token: str) -> Response:
        """Let the browser keep a token until it is closed."""
        response.set_cookie(
            cookie_name(self.config), token, secure=self.config.https, httponly=True, samesite="strict", path="/"
        )
        return response

    def keep_language(self, response: Response) -> Response:
        """Let the browser keep the language that was chosen, until somebody logs in or it is closed."""
        if self.chosen_language is not None:
            response.set_cookie(
                _LANGUAGE_COOKIE,
                self.chosen_language,
                secure=self.config.https,
                httponly=True,
                samesite="strict",
                path="/",
            )
        return response

    def forget_language(self, response: Response) -> Response:
        """Let the browser forget the language that was chosen: the operator's account has it now."""
        if _LANGUAGE_COOKIE in self.request.cookies:
            response.delete_cookie(
                _LANGUAGE_COOKIE, secure=self.config.https, httponly=True, samesite="strict", path="/"
            )
        return response

    def mark_shown(self, name: str) -> str:
        """What the browser shows as the mark of an earlier login of an operator; "" if nothing."""
        return self.request.cookies.get(_mark_name(name), "")

    def keep_mark(self, response: Response, name: str, mark: str) -> Response:
        """Let the browser keep the mark of an operator's login, for the next one; operators may share a browser."""
        response.set_cookie(
            _mark_name(name),
            mark,
            max_age=_MARK_KEPT_S,
            secure=self.config.https,
            httponly=True,
            samesite="strict",
            path="/login",
        )
        return response

    @cached_property
    def address(self) -> str:
        """The client's, or that of a proxy in front that is not trusted; "" if it is not known."""
        peer = self.request.client.host if self.request.client else ""
        return client_address(peer, self.request.headers.getlist("x-forwarded-for"), self.config.proxies)

    @property
    def source(self) -> str:
        """The address, or the network that is most likely all of one client."""
        return origin_of(self.address)

    @property
    def login_name(self) -> str:
        """The name in the form of the login page."""
        return self.form.get("name", "").strip().lower()[:_LONGEST_NAME]

    def forget_token(self, response: Response) -> Response:
        """Let the browser forget its token."""
        response.delete_cookie(
            cookie_name(self.config), secure=self.config.https, httponly=True, samesite="strict", path="/"
        )
        return response


def _is_bounded(text: str) -> bool:
    return len(text) <= LONGEST and text.isprintable()


Handler = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def cookie_name(config: ConsoleConfig) -> str:
    """The session cookie's name; with the prefix by which browsers hold it to this host, where they allow it."""
    return "__Host-karipass" if config.https else "karipass"


def _mark_name(name: str) -> str:
    return f"karipass-known-{name}"


def page(handler: Handler, needed: Role) -> Endpoint:
    """A page for operators who have the rights of a role. It runs in a thread: it may block."""

    def serve(visit: Visit) -> Response:
        operator = visit.backend.sessions.find(visit.token) if visit.token else None
        visit = replace(visit, operator=operator)
        if operator is None:
            return _log_in_first(visit.request)
        if visit.request.method == "POST" and not _is_ours(visit):
            return visit.page("problem.html", status=403, problem="forged")
        if not operator.role.may(needed):
            return visit.page("problem.html", status=403, problem="role")
        return handler(visit)

    return _endpoint(serve)


def open_to_all(handler: Handler) -> Endpoint:
    """A page for which one need not be logged in. It runs in a thread: it may block."""

    return _endpoint(_to_all(handler))


def queued(handler: Handler, refused: Handler) -> Endpoint:
    """As `open_to_all`, for what is dear to answer: it waits in the login queue.

    Args:
        handler: answers.
        refused: answers when too many wait.
    """

    async def run(visit: Visit, serve: Handler) -> Response:
        queue: LoginQueue = visit.request.app.state.login_queue
        answer = await queue.run(await _source_of(visit), lambda: serve(visit))
        return await run_in_threadpool(refused, visit) if answer is None else answer

    return _endpoint(_to_all(handler), run)


async def _source_of(visit: Visit) -> Source:
    """Where a try to log in comes from: a browser that shows the mark of an earlier login, or an address."""
    mark = visit.mark_shown(visit.login_name)
    known = bool(mark) and await run_in_threadpool(_is_known, visit)
    return Source(mark, known=True) if known else Source(visit.source)


def _is_known(visit: Visit) -> bool:
    return visit.backend.operators.knows(visit.login_name, visit.mark_shown(visit.login_name))


def back_to(path: str) -> Response:
    """Send the browser to another page after a form."""
    return RedirectResponse(path, 303)


async def _in_thread(visit: Visit, serve: Handler) -> Response:
    return await run_in_threadpool(serve, visit)


def _endpoint(serve: Handler, run: Callable[[Visit, Handler], Awaitable[Response]] = _in_thread) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        form: dict[str, str] = {}
        if request.method == "POST":
            try:
                async with request.form(max_files=0, max_fields=_FIELDS) as sent:
                    form = {name: value for name, value in sent.items() if isinstance(value, str)}
            except BodyTooLong:
                return Response(status_code=413)
            except ClientDisconnect:  # a form that did not come whole is no fault of ours, and nobody waits any more
                return Response(status_code=400)
        token = request.cookies.get(cookie_name(request.app.state.config), "")
        return await run(Visit(request, token, None, form), serve)

    return endpoint


def _to_all(handler: Handler) -> Handler:
    def serve(visit: Visit) -> Response:
        if visit.request.method == "POST" and not _is_ours(visit):
            return visit.page("problem.html", status=403, problem="forged")
        return handler(visit)

    return serve


def _is_ours(visit: Visit) -> bool:
    return forgery.is_ours(visit.request.headers, visit.token, visit.form.get(forgery.FIELD, ""))


def _log_in_first(request: Request) -> Response:
    if request.url.path == "/live":
        return Response(status_code=401)
    return back_to("/login")
