"""The live page, which keeps up by itself (server-sent events)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from console.live.condition import Condition
from console.live.progress import card
from console.live.view import Away, Crowded, LiveView, Snapshot, look
from console.masking import masked
from console.operators import Role
from console.operators.sessions import digest_of
from console.templates import render
from console.texts import load_texts
from console.visit import Visit

_KIND: Final = "text/event-stream"


def show(visit: Visit) -> Response:
    """Show the page with the present state; its script then follows the events."""
    return visit.page("live.html", **_values(visit, look(visit.backend)))


def events(visit: Visit) -> Response:
    """Send the page's parts whenever they change."""
    if visit.request.method == "HEAD":
        return Response(media_type=_KIND)
    view: LiveView = visit.request.app.state.live
    operator = "" if visit.operator is None else visit.operator.name
    return StreamingResponse(_stream(view, visit, operator), media_type=_KIND)


async def _stream(view: LiveView, visit: Visit, name: str) -> AsyncIterator[str]:
    mine = digest_of(visit.token)
    language, is_masked = visit.texts.language, visit.masked
    yield "retry: 1000\n\n"
    async for state in view.watch(name):
        if state is None:
            yield ": still here\n\n"
            continue
        if isinstance(state, Crowded):
            yield _event("crowded", {})
            return
        if isinstance(state, Snapshot):
            operator = state.logins.get(mine)
            if operator is None:
                yield _event("over", {})
                return
            language, is_masked = operator.language, not operator.role.may(Role.OPERATOR)
        yield view.once((language, is_masked), state, _rendered)


def _rendered(key: tuple[str, bool], state: Snapshot | Away) -> str:
    language, is_masked = key
    texts = load_texts(language)
    shown = masked(state) if is_masked else state
    if isinstance(shown, Away):
        return _event("away", {"banner": render("_away.html", texts, away=shown)})
    cards = [[live.call.call_id, render("_card.html", texts, card=card(live, texts))] for live in shown.calls]
    parts = {
        "summary": render("_summary.html", texts, snapshot=shown),
        "recent": render("_recent.html", texts, calls=shown.recent),
        "health": render("_health.html", texts, conditions=[Condition(service) for service in shown.services]),
    }
    return _event("state", {"cards": cards, "parts": parts})


def _values(visit: Visit, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "snapshot": snapshot,
        "cards": [card(live, visit.texts) for live in snapshot.calls],
        "calls": snapshot.recent,
        "conditions": [Condition(service) for service in snapshot.services],
    }


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
