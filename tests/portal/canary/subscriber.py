"""A subscriber of the canary: whatever is typed or shown to the browser alone is a secret."""

from __future__ import annotations

import re
import secrets
from itertools import count
from types import TracebackType
from typing import Final, Self

import httpx

from tests.portal.visitor import Visitor

_PATTERN: Final = ("BDFH", "acegi", "26", "kmoqs", "48", "uwy", "37", "bdfhj", "59")
_NETWORKS: Final = count(1)


def new_secret() -> str:
    """Return letters and digits by chance that keep all rules, for passwords and confirmations alike."""
    return "".join(secrets.choice(letters) for letters in _PATTERN)


def eight_digits() -> str:
    return "".join(secrets.choice(letters) for letters in ("13", "68", "02", "57", "19", "46", "03", "58"))


class Secrets(list[str]):
    """All that must be nowhere. Each that is made or seen is noted."""

    def typed(self, text: str | None = None) -> str:
        """Note a secret; make one if there is none."""
        secret = new_secret() if text is None else text
        self.append(secret)
        if secret.isdigit():
            self.append(f"{secret[:4]} {secret[4:]}")
        return secret


class Browser:
    """A browser of a subscriber. Each form comes from another network, so that no limit of one holds it up.

    Args:
        site: the site's address.
        known: notes the ids of its sessions, as secrets.

    Attributes:
        visitor: what sends its requests.
        pages: what it was shown: the path, and the answer's headers and text.
    """

    def __init__(self, site: str, known: Secrets) -> None:
        self._secrets = known
        self.pages: list[tuple[str, str]] = []
        self.visitor = Visitor(site, event_hooks={"response": [self._note]}, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.visitor.close()

    def send(self, path: str, status: int, *, on: str = "", to: str = "", **fields: str) -> httpx.Response:
        """Send a form that is on a page.

        Args:
            path: where the form goes.
            status: what the answer must have.
            on: the page that the form is on, if its address is another one.
            to: where the answer must lead, if it leads somewhere.
            fields: what is typed; `_` in a name stands for `-`.
        """
        self.visitor.headers["x-forwarded-for"] = f"10.0.{next(_NETWORKS)}.1"
        typed = {name.replace("_", "-"): value for name, value in fields.items()}
        answer = self.visitor.fill_in(path, on=on, **typed)
        assert answer.status_code == status, (path, answer.status_code)
        assert to in answer.headers.get("location", ""), (path, answer.headers)
        return answer

    def log_in(self, number: str, secret: str, status: int = 303) -> httpx.Response:
        """Send the login page's form, as a browser that does not show an earlier session."""
        self.visitor.cookies.clear()
        return self.send("/login", status, number=number, secret=secret)

    def _note(self, answer: httpx.Response) -> None:
        answer.read()
        for cookie in answer.headers.get_list("set-cookie"):
            found = re.match(r"karipass-session=([\w-]{20,})", cookie)
            if found:
                self._secrets.append(found[1])
        headers = "".join(f"{name}: {value}\n" for name, value in answer.headers.items() if name != "set-cookie")
        self.pages.append((answer.request.url.path, headers + answer.text))
