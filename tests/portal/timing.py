"""How long refusals of a login take, by what is known of the number: `python -m tests.portal.timing [ROUNDS]`.

The whole site with hashes at their real cost. In each round a try of every kind, in an order by chance, each from a
network of its own. What is timed is the form alone, from its first byte to the last of the answer.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from statistics import median, quantiles

from credentials.site.session import SessionLimits
from notice.store.opening import NoticeStore
from tests.credentials.stores import MANY_CALLS
from tests.portal.server import serving
from tests.portal.stage import CONTRACT, OTHER_LINE, PASSWORD, SECOND, SINGLE, THIRD, Stage
from tests.portal.visitor import Visitor

KINDS = {
    "unknown number": "0399999999",
    "known number, wrong": CONTRACT,
    "known number without password": THIRD,
    "temporary password alone, wrong": SECOND,
    "logins of the number locked": SINGLE,
    "line locked": OTHER_LINE,
}
WRONG = {"password": "wrong9999", "temporary password": "97531864"}


class RealStage(Stage):
    """A stage whose hashes cost what they cost."""

    def open_store(self) -> NoticeStore:
        return NoticeStore.open(
            self.url, key=self.key, clock=self.now, limits=MANY_CALLS, session_limits=SessionLimits()
        )


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        stage = RealStage(Path(directory))
        stage.subscribe(CONTRACT, SINGLE, OTHER_LINE)
        stage.store.lock_logins(SINGLE, operator="operator root")
        stage.store.lock_line(OTHER_LINE)
        with serving(stage.config(proxies=[ip_network("127.0.0.0/8")])) as site, Visitor(site) as visitor:
            for typed, secret in WRONG.items():
                report(typed, timed(stage, visitor, secret, rounds))
        stage.close()


def timed(stage: Stage, visitor: Visitor, secret: str, rounds: int) -> dict[str, list[float]]:
    """Return the times of each kind of try, in milliseconds."""
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    networks = count()
    for _ in range(rounds):
        stage.call(SECOND)
        assert stage.store.log_in(CONTRACT, PASSWORD, session_id="x").verdict.accepted  # no count of wrong tries
        for kind in random.sample(list(KINDS), len(KINDS)):
            turn = next(networks)
            visitor.headers["x-forwarded-for"] = f"10.{turn // 65536 % 256}.{turn // 256 % 256}.{turn % 256}"
            fields = {"csrf": visitor.csrf("/login"), "number": KINDS[kind], "secret": secret}
            began = time.perf_counter()
            answer = visitor.post("/login", data=fields)
            took[kind].append(1000 * (time.perf_counter() - began))
            assert answer.status_code == 403, (kind, answer.status_code)
    return took


def report(typed: str, took: dict[str, list[float]]) -> None:
    print(f"what was typed has the form of a {typed}")
    for kind, times in took.items():
        low, *_, high = quantiles(times, n=4)
        print(f"  {kind:34} median {median(times):7.2f} ms   quartiles {low:7.2f} {high:7.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
