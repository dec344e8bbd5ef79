"""Cookies that neither scripts nor other sites can use."""

from __future__ import annotations

from starlette.responses import Response

from web.cookies import Cookies


def kept(cookies: Cookies) -> str:
    return cookies.keep(Response(), cookies.bound("portal"), "token").headers["set-cookie"]


def test_a_session_cookie_is_for_this_sites_own_requests_and_no_script() -> None:
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(kept(Cookies(https=False)).split("; "))


def test_over_https_it_is_bound_to_the_host_and_to_https() -> None:
    cookie = kept(Cookies(https=True))
    assert cookie.startswith("__Host-portal=token; ")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_it_is_forgotten_under_the_same_name() -> None:
    cookies = Cookies(https=True)
    assert cookies.forget(Response(), cookies.bound("portal")).headers["set-cookie"].startswith('__Host-portal=""; ')
