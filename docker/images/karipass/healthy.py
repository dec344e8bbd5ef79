#!/usr/bin/python3
"""Says whether this container's program is healthy, by its /healthz page: status 0 if it is.

The program is that of process 1, or the one that is named: healthy [serve|console|portal|mail|notice|bounces]. Its port
is that of the environment (`KARIPASS_HEALTH_PORT` and the like). A program without a page counts as healthy. `healthy
ready` asks the service whether it takes calls (/readyz).
"""

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

PAGES = {
    "serve": ("KARIPASS_HEALTH", 4575, "KARIPASS_HEALTH_HOST"),
    "console": ("KARIPASS_CONSOLE", 4576, "KARIPASS_CONSOLE_HOST"),
    "portal": ("KARIPASS_PORTAL_HEALTH", 4571, "KARIPASS_HEALTH_HOST"),
    "mail": ("KARIPASS_MAIL_HEALTH", 4578, "KARIPASS_HEALTH_HOST"),
    "notice": ("KARIPASS_NOTICE_HEALTH", 4570, "KARIPASS_HEALTH_HOST"),
    "bounces": ("KARIPASS_BOUNCES_HEALTH", 4569, "KARIPASS_HEALTH_HOST"),
}
"""For each command: its port's variable without `_PORT`, the default, and its host's variable."""
TIMEOUT_S = 4


def command() -> str:
    """Name the command of process 1."""
    words = Path("/proc/1/cmdline").read_bytes().decode(errors="replace").split("\0")
    return next((word for word in words if word in PAGES), "")


def address(name: str, page: str) -> str:
    """Return the address of a page of a command."""
    variable, default, host_variable = PAGES[name]
    host = os.environ.get(host_variable, "127.0.0.1")
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 - recognised, not listened on
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{os.environ.get(f'{variable}_PORT', default)}/{page}"


def main() -> int:
    """Ask the page; returns the exit status."""
    name = sys.argv[1] if len(sys.argv) > 1 else command()
    if name == "ready":
        page = address("serve", "readyz")
    elif name in PAGES:
        page = address(name, "healthz")
    else:
        return 0
    try:
        with urllib.request.urlopen(page, timeout=TIMEOUT_S):  # noqa: S310 - it is made here
            return 0
    except urllib.error.HTTPError as error:
        print(f"{page}: {error.code} {error.read(500).decode(errors='replace')}", file=sys.stderr)
    except OSError as error:
        print(f"{page}: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
