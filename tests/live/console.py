"""The console of a house, and an operator who watches."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from ivr.lab.free_ports import free_tcp_ports
from tests.live.house import House, ivr_command

PASSWORD = "correct horse battery"
PATIENCE_MS = 30_000


@contextmanager
def console(house: House) -> Iterator[str]:
    """`ivr console` in a house, with an operator; gives its address."""
    [port] = free_tcp_ports(1)
    environment = house.environment | {"KARIPASS_CONSOLE_PORT": str(port)}
    adding = [ivr_command(), "operator", "add", "otto", "--role", "operator", "--language", "en", "--password-stdin"]
    subprocess.run(adding, env=environment, input=PASSWORD, text=True, check=True, capture_output=True)
    process = subprocess.Popen(
        [ivr_command(), "console"], env=environment, cwd=house.directory, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        assert any("console_serving" in line for line in process.stderr)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        rest = process.stderr.read()
        process.stderr.close()
        assert process.wait(30) == 0
        assert "Traceback" not in rest
        subprocess.run([ivr_command(), "operator", "remove", "otto"], env=environment, check=True)


@contextmanager
def watching(browser: Browser, address: str) -> Iterator[Page]:
    """The live page, as an operator sees it."""
    context = browser.new_context(locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Name").fill("otto")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("[data-state=following]")
    yield page
    context.close()
