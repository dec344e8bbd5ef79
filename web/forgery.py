"""Makes sure that only our own pages can send our forms (against cross-site request forgery).

There are three fences, each enough by itself in today's browsers: the session cookie is SameSite=Strict; the headers by
which the browser says where a request comes from (Fetch Metadata, Origin) must name us; the form carries a token that
is derived from the session's and cannot be guessed. See OWASP's Cross-Site Request Forgery Prevention Cheat Sheet.
"""

from __future__ import annotations

import hashlib
import hmac

from starlette.datastructures import Headers

FIELD = "csrf"


def token_for(session_token: str) -> str:
    """Return the token that forms of a session carry."""
    return hmac.new(session_token.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()


def is_ours(headers: Headers, session_token: str, form_token: str) -> bool:
    """Return whether one of our pages sent a form, in this session."""
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != headers.get("host", ""):
        return False
    sent = form_token.encode("utf-8", "surrogatepass")
    return bool(session_token) and hmac.compare_digest(token_for(session_token).encode(), sent)
