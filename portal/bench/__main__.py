"""`python -m portal.bench [URL]`; URL is an empty database, SQLite in a directory of its own by default."""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from credentials.secrets.keys import Key
from portal import bench
from portal.bench.clicking import Times, click
from portal.bench.people import Person, people_of
from portal.bench.servers import serving

PEOPLE: Final = 50
PAUSE_S: Final = 1.0
ROUNDS: Final = 3
PEERS: Final = {"bare": "asks no database", "asks": "asks the database once"}
"""What the bare pages of each peer do."""
MOST: Final = 3.0
"""The most times that the p95 of a page may be that of a bare page that asks the database once."""
_MIB: Final = 1024 * 1024


def _rss_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / _MIB


def _p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20)[-1]


def _table(times: Times, peer: str) -> float:
    """Print the pages' times beside those of a peer, and return the largest ratio."""
    print(f"{'page':<28s}{'ours p50':>10s}{'p95':>8s}{f'{peer} p50':>10s}{'p95':>8s}   ms{'ratio of p95':>15s}")
    worst = 0.0
    for page in sorted({page for _, page in times}):
        ours, theirs = times["ours", page], times[peer, page]
        ratio = _p95(ours) / _p95(theirs)
        worst = max(worst, ratio)
        figures = "".join(
            f"{1000 * value:{width}.1f}"
            for value, width in ((median(ours), 10), (_p95(ours), 8), (median(theirs), 10), (_p95(theirs), 8))
        )
        print(f"{page:<28s}{figures}{ratio:20.2f}")
    return worst


def run(url: str, *, people: int, rounds: int, pause_s: float) -> None:
    """Measure and print."""
    key = Key.generate()
    everybody: list[Person] = people_of(url, key, people)
    asked = {path: session for person in everybody for _, path, session in person.clicks()}
    with serving(url, key, asked.items()) as (ports, pids):
        asyncio.run(click(everybody, ports, rounds=1, pause_s=pause_s / 10))  # templates are compiled, pools filled
        times = asyncio.run(click(everybody, ports, rounds=rounds, pause_s=pause_s))
        for peer, does in PEERS.items():
            print(f"{people} people at once, each looks at a page for {pause_s:g} s; the bare page {does}:")
            worst = _table(times, peer)
            print(f"the largest ratio is {worst:.2f}; at most {MOST:g} is wanted\n")
        for peer, does in PEERS.items():
            print(
                f"{people} people at once, who click as fast as they can (both servers wait for the same processors);"
            )
            print(f"the bare page {does}:")
            both = {name: ports[name] for name in ("ours", peer)}
            _table(asyncio.run(click(everybody, both, rounds=rounds, pause_s=0.0)), peer)
            print()
        alone = {"ours": ports["ours"]}
        before, pages = _rss_mib(pids["ours"]), 0
        for _ in range(3):
            times = asyncio.run(click(everybody, alone, rounds=rounds, pause_s=0.0))
            pages += sum(map(len, times.values()))
            print(f"memory of the site: {before:.1f} MiB before, {_rss_mib(pids['ours']):.1f} MiB after {pages} pages")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m portal.bench", description=(bench.__doc__ or "").splitlines()[0])
    parser.add_argument("url", nargs="?", default="", help="an empty database; its contents are the bench's")
    parser.add_argument("--people", type=int, default=PEOPLE, help="how many click at once")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each asks for each page")
    parser.add_argument("--pause", type=float, default=PAUSE_S, help="how long each looks at a page, in seconds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        url = options.url or f"sqlite:///{directory}/store.db"
        run(url, people=options.people, rounds=options.rounds, pause_s=options.pause)


if __name__ == "__main__":
    main()
