"""Health and metrics beside a process's own work, which goes on without them."""

from __future__ import annotations

import socket

import httpx
from structlog.testing import capture_logs

from ivr.cli.serving.watched import watched
from ivr.host.ports import Port
from ivr.lab.free_ports import free_tcp_ports


def port() -> Port:
    [number] = free_tcp_ports(1)
    return Port("mail health", "127.0.0.1", number, "KARIPASS_MAIL_HEALTH_PORT")


def get(where: Port, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{where.port}{path}", trust_env=False)


def test_both_pages_are_served_while_the_work_goes_on_and_not_after() -> None:
    where, problems = port(), {"journal": ""}
    with watched(where, lambda: b"karipass_notice_lines_total 3.0\n", lambda: problems):
        page = get(where, "/metrics")
        assert (page.status_code, page.text) == (200, "karipass_notice_lines_total 3.0\n")
        assert page.headers["content-type"].startswith("text/plain; version=")
        assert (get(where, "/healthz").status_code, get(where, "/healthz").json()) == (200, {"journal": "ok"})
        problems["journal"] = "not looked at for 90 s"
        assert (get(where, "/healthz").status_code, get(where, "/healthz").json()) == (503, problems)
        assert get(where, "/").status_code == 404
    with socket.create_server(("127.0.0.1", where.port)):
        pass


def test_without_the_port_the_work_goes_on_and_the_log_says_what_to_set() -> None:
    where, worked = port(), False
    with socket.create_server(("127.0.0.1", where.port)), capture_logs() as lines, watched(where, bytes, dict):
        worked = True
    assert worked
    assert [line["event"] for line in lines] == ["metrics_not_served"]
    assert "KARIPASS_MAIL_HEALTH_PORT" in lines[0]["remedy"]
