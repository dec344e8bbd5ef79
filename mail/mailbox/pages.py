"""The pages of the mailbox: the mails that came, one mail, and the same for programs."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from mail.mailbox.box import Box, Mail
from texts.catalogue import Texts, read_texts
from web.languages import preferred_language
from web.pages import template_environment
from web.static_files import StaticFiles

LANGUAGES: Final = ("ja", "en")


@cache
def static_files() -> StaticFiles:
    """Return the files that the pages load."""
    own = ("mailbox.css", "mailbox.js")
    return StaticFiles(dict.fromkeys(own, "mail.mailbox.static"))


async def show_all(request: Request) -> Response:
    """Show the mails that came, the newest first."""
    return _page(request, "mails.html", mails=list(_box(request)))


async def show_one(request: Request) -> Response:
    """Show one mail."""
    mail = _box(request).find(request.path_params["number"])
    if mail is None:
        return _page(request, "gone.html", status=404)
    return _page(request, "mail.html", mail=mail)


async def how_many(request: Request) -> Response:
    """Tell how many mails have come, for the script that shows new ones."""
    return JSONResponse({"came": _box(request).came})


async def as_json(request: Request) -> Response:
    """Tell the mails that came, the newest first, for programs."""
    return JSONResponse([_values(mail) for mail in _box(request)])


def _values(mail: Mail) -> dict[str, Any]:
    return {
        "number": mail.number,
        "at": mail.at.isoformat(),
        "from": mail.sender,
        "to": mail.to,
        "subject": mail.subject,
        "text": mail.text,
        "headers": dict(mail.headers),
    }


def _box(request: Request) -> Box:
    box: Box = request.app.state.box
    return box


def _page(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    texts = _texts(preferred_language(request.headers.get("accept-language", ""), LANGUAGES))
    smtp = request.app.state.smtp_address
    shown = _environment().get_template(template).render(t=texts, smtp=smtp, came=_box(request).came, **values)
    return HTMLResponse(shown, status)


@cache
def _texts(language: str) -> Texts:
    return read_texts("mail.mailbox.texts", language)


@cache
def _environment() -> Environment:
    return template_environment("mail.mailbox", static_files())
