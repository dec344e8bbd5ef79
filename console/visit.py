"""One request as a page sees it: who asks, in which language, with which rights, and with which form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.config import ConsoleConfig
from console.database import Backend
from console.masking import masked
from console.operators import LANGUAGES, Operator, Role
from console.templates import render
from console.texts import load_texts
from credentials.limits.origin import origin_of
from texts.catalogue import Texts
from web import forgery
from web.addresses import client_address
from web.cookies import Cookies
from web.forms import FormRefused, is_bounded, read_form
from web.languages import preferred_language
from web.login_queue import LoginQueue, Source

_LONGEST_NAME: Final = 512
_SESSION_COOKIE: Final = "karipass"
_LANGUAGE_COOKIE: Final = "karipass-language"
_MARK_KEPT_S: Final = 90 * 86400


class BadQuery(Exception):  # noqa: N818 - reads as what it says
    """A value in an address is too long, or contains characters that a database does not take."""


@dataclass(frozen=True)
class Visit:
    """A request.

    Attributes:
        request: the request as it came.
        token: the token of the session, or of a visitor who has not logged in; "" if there is none.
        operator: who is logged in; None if nobody is.
        form: the fields of the form that was sent; empty if none was.
    """

    request: Request
    token: str
    operator: Operator | None
    form: Mapping[str, str]

    @property
    def config(self) -> ConsoleConfig:
        """The console's configuration."""
        config: ConsoleConfig = self.request.app.state.config
        return config

    @property
    def backend(self) -> Backend:
        """Reads from the store."""
        backend: Backend = self.request.app.state.backend
        return backend

    @cached_property
    def texts(self) -> Texts:
        """The texts in the operator's language; before the login, in the chosen one or the browser's."""
        if self.operator is not None:
            return load_texts(self.operator.language)
        return load_texts(self.chosen_language or _preferred(self.request))

    @property
    def chosen_language(self) -> str | None:
        """The language that was chosen on the login page; None if none was."""
        # The values are only compared: pages for errors read them, too.
        asked = self.request.query_params.get("lang", ""), self.request.cookies.get(_LANGUAGE_COOKIE, "")
        return next((language for language in asked if language in LANGUAGES), None)

    @property
    def actor(self) -> str:
        """The operator's name for the audit trail."""
        return "" if self.operator is None else f"operator {self.operator.name} (console)"

    @property
    def masked(self) -> bool:
        """Whether numbers are masked for this visitor."""
        return not self.may(Role.OPERATOR)

    def may(self, role: Role) -> bool:
        """Return whether the operator has the rights of a role."""
        return self.operator is not None and self.operator.role.may(role)

    def asked(self, name: str) -> str:
        """Return a value of the address's query; "" if it has none of that name.

        Raises:
            BadQuery: the value cannot be looked up.
        """
        text = self.request.query_params.get(name, "")
        if not is_bounded(text):
            raise BadQuery(name)
        return text

    def in_path(self, name: str) -> str:
        """Return a part of the path; "" if nothing can have that name."""
        text: str = self.request.path_params.get(name, "")
        return text if is_bounded(text) else ""

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Return a page, with the numbers in its values masked if the visitor may not see them."""
        values = masked(values) if self.masked else values
        csrf = forgery.token_for(self.token) if self.token else ""
        path = self.request.url.path
        shown = render(template, self.texts, operator=self.operator, csrf=csrf, path=path, role=Role, **values)
        return HTMLResponse(shown, status)

    def keep_token(self, response: Response, token: str) -> Response:
        """Let the browser keep a token until the browser is closed."""
        return self._cookies.keep(response, self._cookies.bound(_SESSION_COOKIE), token)

    def keep_language(self, response: Response) -> Response:
        """Let the browser keep the chosen language until somebody logs in or the browser is closed."""
        if self.chosen_language is None:
            return response
        return self._cookies.keep(response, _LANGUAGE_COOKIE, self.chosen_language)

    def forget_language(self, response: Response) -> Response:
        """Let the browser forget the chosen language, because the operator's account has it now."""
        known = _LANGUAGE_COOKIE in self.request.cookies
        return self._cookies.forget(response, _LANGUAGE_COOKIE) if known else response

    def mark_shown(self, name: str) -> str:
        """Return the mark of an operator's earlier login that the browser shows; "" if it shows none."""
        return self.request.cookies.get(_mark_name(name), "")

    def keep_mark(self, response: Response, name: str, mark: str) -> Response:
        """Let the browser keep the mark of an operator's login for their next one. (Operators may share a browser.)"""
        return self._cookies.keep(response, _mark_name(name), mark, kept_s=_MARK_KEPT_S, path="/login")

    @cached_property
    def address(self) -> str:
        """The client's address, or that of an untrusted proxy in front of it; "" if it is not known."""
        peer = self.request.client.host if self.request.client else ""
        return client_address(peer, self.request.headers.getlist("x-forwarded-for"), self.config.proxies)

    @property
    def source(self) -> str:
        """The address, or the network that most likely belongs to one client."""
        return origin_of(self.address)

    @property
    def login_name(self) -> str:
        """The name in the form of the login page."""
        return self.form.get("name", "").strip().lower()[:_LONGEST_NAME]

    def forget_token(self, response: Response) -> Response:
        """Let the browser forget its token."""
        return self._cookies.forget(response, self._cookies.bound(_SESSION_COOKIE))

    @property
    def _cookies(self) -> Cookies:
        return cookies_of(self.config)


Handler = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def cookies_of(config: ConsoleConfig) -> Cookies:
    """Return how the console's cookies are kept."""
    return Cookies(https=config.https)


def _mark_name(name: str) -> str:
    return f"karipass-known-{name}"


def page(handler: Handler, needed: Role) -> Endpoint:
    """Make a page for operators who have the rights of a role. It runs in a thread, so it may block."""

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
    """Make a page that needs no login. It runs in a thread, so it may block."""

    return _endpoint(_to_all(handler))


def queued(handler: Handler, refused: Handler) -> Endpoint:
    """Make a page that needs no login but is expensive to answer: the request waits in the login queue.

    Args:
        handler: makes the answer.
        refused: makes the answer if too many wait.
    """

    async def run(visit: Visit, serve: Handler) -> Response:
        queue: LoginQueue = visit.request.app.state.login_queue
        answer = await queue.run(await _source_of(visit), lambda: serve(visit))
        return await run_in_threadpool(refused, visit) if answer is None else answer

    return _endpoint(_to_all(handler), run)


async def _source_of(visit: Visit) -> Source:
    """Return where a try to log in comes from: a browser that shows the mark of an earlier login, or an address."""
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
        try:
            form = await read_form(request)
        except FormRefused as refused:
            return Response(status_code=refused.status)
        token = cookies_of(request.app.state.config).shown(request, _SESSION_COOKIE)
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


def _preferred(request: Request) -> str:
    return preferred_language(request.headers.get("accept-language", ""), LANGUAGES)
