"""A container's check of its health asks the page of its own program, where the settings have it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ivr.host.settings import Settings
from tests.docker.images.scripts import script

healthy = script("healthy")


@contextmanager
def page(status: int) -> Iterator[tuple[int, list[str]]]:
    """Serve one answer at a free port; yields the port and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b'{"store": "away"}')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1], asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", healthy.PAGES)
def test_it_knows_the_default_port_of_each_program(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variable, default, host = healthy.PAGES[name]
    for each in (f"{variable}_PORT", host):
        monkeypatch.delenv(each, raising=False)
    fields = Settings.model_fields
    assert default == fields[f"{variable.removeprefix('KARIPASS_').lower()}_port"].default
    assert fields[host.removeprefix("KARIPASS_").lower()].default == "127.0.0.1"
    assert healthy.address(name, "healthz") == f"http://127.0.0.1:{default}/healthz"


def test_a_program_that_listens_on_all_addresses_is_asked_at_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KARIPASS_CONSOLE_HOST", "0.0.0.0")  # noqa: S104
    assert healthy.address("console", "healthz").startswith("http://127.0.0.1:")
    monkeypatch.setenv("KARIPASS_CONSOLE_HOST", "2001:db8::1")
    assert healthy.address("console", "healthz").startswith("http://[2001:db8::1]:")


@pytest.mark.parametrize(
    ("words", "asked"), [(["serve"], "/healthz"), (["ready"], "/readyz")], ids=lambda value: str(value)
)
@pytest.mark.parametrize(("answer", "status"), [(200, 0), (503, 1)])
def test_its_status_is_that_of_the_page(
    words: list[str],
    asked: str,
    answer: int,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with page(answer) as (port, paths):
        monkeypatch.setenv("KARIPASS_HEALTH_PORT", str(port))
        monkeypatch.setattr("sys.argv", ["healthy", *words])
        assert healthy.main() == status
    assert paths == [asked]
    assert ("away" in capsys.readouterr().err) is bool(status)


def test_where_nobody_listens_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with page(200) as (port, _):
        pass
    monkeypatch.setenv("KARIPASS_MAIL_HEALTH_PORT", str(port))
    monkeypatch.setattr("sys.argv", ["healthy", "mail"])
    assert healthy.main() == 1
    assert f"127.0.0.1:{port}" in capsys.readouterr().err
