"""`python -m tests.live.upgrade REVISION`: is an upgrade from that version to this one noticed by anybody?

A house of the former version (service, two settings sites, its dialplan, PostgreSQL) has calls and logins all the time.
Then this version is put in its place, as docs/operators.md says: SIGHUP, one site after the other, the new dialplan.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from ivr.lab.free_ports import free_tcp_ports
from ivr.lab.house import ACCESS_NUMBER
from ivr.lab.load.calling import CROWD_HOST
from ivr.lab.load.compared_store import ComparedStore
from ivr.lab.load.crowd.caller import CallNotes
from ivr.lab.load.crowd.loop import CrowdSettings
from ivr.lab.load.crowd.process import CrowdProcess
from ivr.lab.load.crowd.sip.sip_trunk import SipWay
from ivr.lab.load.lines import lines_for
from ivr.lab.load.logins import Logins
from ivr.lab.program import Program
from tests import needs
from tests.live.upgrade.people import write_people
from tests.live.upgrade.versions import FormerHouse, Release, checked_out, former_house
from tests.repository import ROOT
from tests.storage.postgresql import serving

BEFORE_S = 70.0
"""So long calls and logins go on with the former version."""
RAMP_S = 40.0


def upgrade(house: FormerHouse, sites: list[Program], release: Release, say: Callable[[str], None]) -> None:
    """Put this version in the place of the former one, a while after calls began."""
    time.sleep(BEFORE_S)
    release.install(ROOT)
    say("this version is installed")
    os.kill(house.place["service"], signal.SIGHUP)
    while "workers_replaced" not in [record.get("event") for record in house.logged()]:
        time.sleep(0.2)
    say("the workers are replaced")
    for place, site in enumerate(sites):
        site.stop()
        site.start("portal_serving")
        say(f"settings site {place + 1} is replaced")
    found = Path(house.place["run_dir"]).rglob("extensions.conf")
    (dialplan,) = (path for path in found if "[karipass-access]" in path.read_text())
    dialplan.write_text((ROOT / "dialplan" / "karipass" / "extensions.conf").read_text())
    house.asterisk("module load func_global.so")
    house.asterisk("dialplan reload")
    say(f"the dialplan is replaced, under {house.asterisk('core show channels count').splitlines()[1]}")


@contextmanager
def settings_sites(house: FormerHouse, folder: Path) -> Iterator[tuple[list[Program], list[tuple[str, int]]]]:
    """Run two settings sites of what is installed."""
    ports = free_tcp_ports(4)
    sites = []
    with ExitStack() as running:
        for place in (0, 1):
            own = {
                "KARIPASS_PORTAL_PORT": str(ports[2 * place]),
                "KARIPASS_PORTAL_HEALTH_PORT": str(ports[2 * place + 1]),
            }
            site = Program("portal", environment=house.place["environment"] | own, log=folder / f"site{place}.log")
            site.start("portal_serving")
            running.callback(site.stop)
            sites.append(site)
        yield sites, [("127.0.0.1", ports[0]), ("127.0.0.1", ports[2])]


def called(crowd: CrowdProcess) -> list[CallNotes]:
    """Wait until all calls have ended; return what the callers noted."""
    notes: list[CallNotes] = []
    while True:
        time.sleep(1)
        for report in crowd.reports():
            notes += report.over
            if report.is_last:
                return notes


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision", help="the former version")
    parser.add_argument("--calls", type=int, default=50, help="how many call at once")
    parser.add_argument("--logins", type=float, default=10, help="how many log in each second")
    parser.add_argument("--minutes", type=float, default=4, help="for how long new calls begin")
    given = parser.parse_args(words)
    lines = lines_for(given.calls, given.minutes)

    def say(what: str) -> None:
        print(time.strftime("%H:%M:%S"), what, flush=True)

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="karipass-upgrade-")))
        former = stack.enter_context(checked_out(given.revision, folder))
        release = Release(folder / "release")
        release.install(former)
        server = stack.enter_context(serving(needs.postgresql(), fsync="off", full_page_writes="off"))
        url = server.url(server.create())
        directory = folder / "house"
        directory.mkdir()
        people = write_people(directory, lines)
        house = stack.enter_context(former_house(former, directory, url, given.calls, release))
        sites, addresses = stack.enter_context(settings_sites(house, folder))
        logins = Logins(addresses, people, each_second=given.logins)
        crowd = CrowdSettings(calls=given.calls, seconds=60 * given.minutes, seed=11, lines=lines, ramp_s=RAMP_S)
        way = SipWay(host=CROWD_HOST, exchange=("127.0.0.1", house.place["sip_port"]), number=ACCESS_NUMBER)
        with ThreadPoolExecutor(1) as operator, logins.going_on(), CrowdProcess(crowd, way) as calling:
            say(f"calls and logins begin, at the version of {given.revision}")
            upgrading = operator.submit(upgrade, house, sites, release, say)
            notes = called(calling)
            upgrading.result()
        with closing(ComparedStore(url, directory / "state" / "key")) as compared:
            judged = compared.judge(notes)
    failed = [each.problem for each in logins.tries if each.problem]
    others = [each for each in judged if not each.fate.is_as_meant]
    print(f"{len(judged)} calls: {dict(Counter(each.fate.value for each in judged))}")
    for each in others:
        print(
            f"  {time.strftime('%H:%M:%S', time.localtime(each.notes.dialled_at))} {each.fate.value}: {each.complaint}"
        )
    print(f"{len(logins.tries)} logins, {len(failed)} failed {dict(Counter(failed))}")
    return 1 if failed or others else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
