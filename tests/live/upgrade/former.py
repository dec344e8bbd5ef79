"""The house of a former version: `python former.py DIRECTORY DATABASE_URL CALLS RELEASE`, with that version's modules.

The directory has `people.json`: the text of a lines file, and the temporary password of some numbers. It makes the
store with them, starts the house and prints where that is, as one line of JSON. Then it runs each line that it is given
as a command of its Asterisk and prints the answer as JSON, until its standard input ends.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from credentials.model import Unit
from credentials.secrets.keys import Key
from credentials.store import CredentialStore
from ivr.lab.house import House
from ivr.lab.load.calling import CROWD_HOST

_PORTS_A_CALL = 4
_LEAST_PORTS = 400


def main(directory: Path, database_url: str, calls: int, release: Path) -> None:
    settings = {
        "KARIPASS_DATABASE_URL": database_url,
        "KARIPASS_WORKERS": "1",
        "KARIPASS_CALLS": str(_PORTS_A_CALL * calls),
        "KARIPASS_STOP_S": "120",
        "KARIPASS_PORTAL_PROXIES": "127.0.0.1",
        "PYTHONPATH": str(release),
    }
    ports = max(_LEAST_PORTS, _PORTS_A_CALL * calls)
    house = House(directory, settings=settings, trunks=(CROWD_HOST,), audio_ports=ports)
    _fill(directory, database_url, house.state / "key")
    with house:
        place = {
            "service": house.service_pid,
            "sip_port": house.sip_port,
            "run_dir": str(house.exchange.config.run_dir),
            "log": str(directory / "service.log"),
            "environment": dict(house.environment),
        }
        print(json.dumps(place), flush=True)
        for command in sys.stdin:
            print(json.dumps(house.exchange.command(command.strip())), flush=True)


def _fill(directory: Path, database_url: str, key_file: Path) -> None:
    people = json.loads((directory / "people.json").read_text())
    store = CredentialStore.open(database_url, key=Key.from_file(key_file))
    store.import_lines(io.StringIO(people["lines"]))
    for number, password in people["passwords"].items():
        store.set_temporary_password(
            caller=number, target=number, unit=Unit.LINE, password=password, call_id=f"given {number}"
        )
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
