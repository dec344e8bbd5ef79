"""One request as a page sees it: who is logged in, with which rights, in which language, and with which form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from credentials.errors import UnknownLine
from credentials.limits.origin import origin_of
from credentials.model import Line
from credentials.sides.wait_side import WAITS_FOR
from credentials.site.session import Session, Use
from mail.outbox import Outbox
from notice.mails.writing import Writer
from notice.store.opening import NoticeStore
from portal.config import LANGUAGES, PortalConfig
from portal.metrics import Metrics
from portal.numbers import written
from portal.rights import NotYours, Rights
from portal.store_access import StoreAccess
from portal.templates import Templates
from portal.uses import Uses
from texts.catalogue import Texts
from web import forgery
from web.addresses import client_address
from web.cookies import Cookies
from web.forms import Form, is_bounded
from web.languages import preferred_language

SESSION_COOKIE: Final = "karipass-session"
VISITOR_COOKIE: Final = "karipass-visitor"
"""Names a browser that need not be logged in, so that no other site can send our forms in it."""
_LANGUAGE_COOKIE: Final = "karipass-portal-language"
_WAIT_COOKIE: Final = "karipass-waits"
_LANGUAGE_KEPT_S: Final = 365 * 86400


@dataclass(frozen=True)
class Visit:
    """A request.

    Attributes:
        request: the request as it came.
        form: the form that was sent; empty if none was.
        visitor: the token that names the browser.
        session_id: the id of the session that the browser shows; "" if it shows none.
        session: the session, if it is in force.
        line: the line of a session that is complete, as it was when the page was asked for.
        use: the use of the session, if it is to be noted when the page is made.
    """

    request: Request
    form: Form
    visitor: str
    session_id: str
    session: Session | None = None
    line: Line | None = None
    use: Use | None = None

    @property
    def config(self) -> PortalConfig:
        """The site's configuration."""
        config: PortalConfig = self.request.app.state.config
        return config

    @cached_property
    def store(self) -> NoticeStore:
        """The store of credentials and call notices."""
        access: StoreAccess = self.request.app.state.store_access
        return access.store()

    @property
    def uses(self) -> Uses:
        """Notes the uses of sessions."""
        uses: Uses = self.request.app.state.uses
        return uses

    @property
    def can_mail(self) -> bool:
        """Whether mails can be sent."""
        return self.config.open_outbox is not None

    @property
    def outbox(self) -> Outbox:
        """The outbox of mails."""
        access: StoreAccess = self.request.app.state.store_access
        return access.outbox()

    @property
    def notice_writer(self) -> Writer:
        """Writes the mails of call notices."""
        writer: Writer = self.request.app.state.notice_writer
        return writer

    @property
    def metrics(self) -> Metrics:
        """What the site counts."""
        metrics: Metrics = self.request.app.state.metrics
        return metrics

    @property
    def logged_in(self) -> Session:
        """The session of a page that needs one."""
        if self.session is None:
            raise RuntimeError("this page is open without a login")
        return self.session

    @cached_property
    def rights(self) -> Rights:
        """What the number that logged in may see and do."""
        line = self.line
        if line is None:
            try:
                line = self.store.line_of(self.logged_in.number)
            except UnknownLine:
                raise NotYours from None
        return Rights.of(self.logged_in, line)

    @cached_property
    def texts(self) -> Texts:
        """The texts in the language that was chosen, or in the one that the browser prefers."""
        accepted = self.request.headers.get("accept-language", "")
        texts: dict[str, Texts] = self.request.app.state.texts
        return texts[self._chosen_language or preferred_language(accepted, LANGUAGES)]

    @cached_property
    def address(self) -> str:
        """The client's address, or that of an untrusted proxy in front of it; "" if it is not known."""
        peer = self.request.client.host if self.request.client else ""
        return client_address(peer, self.request.headers.getlist("x-forwarded-for"), self.config.proxies)

    @property
    def source(self) -> str:
        """The address, or the network that most likely belongs to one client."""
        return origin_of(self.address)

    def asked(self, name: str) -> str:
        """Return a value of the address's query; "" if it has none of that name, or one that nothing can have."""
        text = self.request.query_params.get(name, "")
        return text if is_bounded(text) else ""

    def number_in_path(self) -> str:
        """Return the number in the path, if this login may see it.

        Raises:
            NotYours: it may not.
        """
        text: str = self.request.path_params.get("number", "")
        if not is_bounded(text):
            raise NotYours
        return self.rights.require(text)

    @property
    def csrf(self) -> str:
        """The token that forms of this visit carry."""
        return forgery.token_for(self._form_key)

    @property
    def is_ours(self) -> bool:
        """Whether one of our pages sent the form, in this session or this browser."""
        return forgery.is_ours(self.request.headers, self._form_key, self.form.get(forgery.FIELD, ""))

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Return a page."""
        templates: Templates = self.request.app.state.templates
        access: StoreAccess = self.request.app.state.store_access
        access.end_moment()  # everything is read: others may have the connection while the page is made
        shown = templates.render(
            template,
            self.texts,
            session=self.session,
            csrf=self.csrf,
            path=self.request.url.path,
            languages=self._language_links(),
            access_number=self.config.access_number,
            idle_left_s=self.idle_left_s,
            **values,
        )
        return self.keep_cookies(HTMLResponse(shown, status))

    @property
    def idle_left_s(self) -> int:
        """How many seconds are left until this session ends unless it is used; 0 without a session."""
        if self.session is None:
            return 0
        ends_at = min(self.session.idle_ends_at, self.session.ends_at)
        return max(0, int((ends_at - self.store.now()).total_seconds()))

    def keep_cookies(self, response: Response) -> Response:
        """Let the browser keep what names it, and the language that was just chosen."""
        if self.cookies.shown(self.request, VISITOR_COOKIE) != self.visitor:
            self.cookies.keep(response, self.cookies.bound(VISITOR_COOKIE), self.visitor)
        if self.asked("lang") in LANGUAGES:
            self.cookies.keep(response, _LANGUAGE_COOKIE, self.asked("lang"), kept_s=_LANGUAGE_KEPT_S)
        return response

    def without_session(self) -> Visit:
        """Return the same visit after its session has ended."""
        return replace(self, session=None)

    def keep_session(self, response: Response, session_id: str) -> Response:
        """Let the browser keep the id of a session until the browser is closed."""
        return self.cookies.keep(response, self.cookies.bound(SESSION_COOKIE), session_id)

    def forget_session(self, response: Response) -> Response:
        """Let the browser forget its session's id."""
        return self.cookies.forget(response, self.cookies.bound(SESSION_COOKIE))

    @property
    def waits(self) -> str:
        """The token by which this browser waits for a call; "" if it does not."""
        return self.cookies.shown(self.request, _WAIT_COOKIE)

    def keep_wait(self, response: Response, token: str) -> Response:
        """Let the browser wait for a call."""
        kept_s = int(WAITS_FOR.total_seconds())
        return self.cookies.keep(response, self.cookies.bound(_WAIT_COOKIE), token, kept_s=kept_s)

    def forget_wait(self, response: Response) -> Response:
        """Let the browser wait no more."""
        return self.cookies.forget(response, self.cookies.bound(_WAIT_COOKIE))

    @property
    def cookies(self) -> Cookies:
        """How the site keeps cookies."""
        return cookies_of(self.config)

    def moment(self, moment: datetime) -> str:
        """Return a moment as a text in the page's language."""
        templates: Templates = self.request.app.state.templates
        return templates.moment(moment, self.texts)

    @property
    def shown_number(self) -> str:
        """The number that is logged in, as its owner writes it."""
        return written(self.logged_in.number)

    @property
    def _form_key(self) -> str:
        return self.visitor if self.session is None else self.session_id

    @property
    def _chosen_language(self) -> str | None:
        # The values are only compared: pages for errors read them, too.
        asked = self.request.query_params.get("lang", ""), self.request.cookies.get(_LANGUAGE_COOKIE, "")
        return next((language for language in asked if language in LANGUAGES), None)

    def _language_links(self) -> list[tuple[str, str]]:
        """Return, for each language, the address of this page in it."""
        kept = [(name, value) for name, value in self.request.query_params.multi_items() if name != "lang"]
        bounded = kept if all(is_bounded(value) for _, value in kept) else []
        return [(language, "?" + urlencode([*bounded, ("lang", language)])) for language in LANGUAGES]


def cookies_of(config: PortalConfig) -> Cookies:
    """Return how the site keeps cookies."""
    return Cookies(https=config.https)


def go_to(path: str) -> Response:
    """Send the browser to another page after a form."""
    return RedirectResponse(path, 303)
