"""Places calls to sample subscribers, all at once, in a process of its own: `python -m tests.live.ringing STATE_DIR`.

Standard input has a JSON list of calls. Each is an object of what `ivr.lab.ring.ring` takes.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from ivr.host.settings import Settings
from ivr.lab.place_call import Origin
from ivr.lab.ring import ring
from notice.journal.caller import Reason


async def place_all(state_dir: Path, calls: list[dict[str, Any]]) -> None:
    origin = Origin.of(Settings.load(state_dir=state_dir))
    for each in calls:
        each["withheld"] = Reason(each["withheld"]) if "withheld" in each else None
    async with asyncio.timeout(60):
        await asyncio.gather(*(ring(origin, **each) for each in calls))


if __name__ == "__main__":
    asyncio.run(place_all(Path(sys.argv[1]), json.load(sys.stdin)))
