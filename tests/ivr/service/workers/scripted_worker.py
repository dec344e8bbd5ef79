"""A worker that does what its environment says, for tests of the chief: it answers no calls."""

from __future__ import annotations

import json
import os
import socket
import sys
import time

from ivr.service.workers.messages import (
    VERSION,
    HandOver,
    MetricsPage,
    NotServing,
    Placed,
    ReadMetrics,
    Report,
    Serving,
    Stop,
    TakePlace,
    decode,
    encode,
)


def main() -> None:
    options = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    line = socket.socket(fileno=int(options["--line"]))
    script = json.loads(os.environ["SCRIPT"])
    if script.get("problem"):
        line.send(encode(NotServing(problem=script["problem"])))
        return
    if script.get("status"):
        sys.exit(script["status"])
    line.send(encode(Serving(version=script.get("version", VERSION))))
    line.send(encode(Report(vitals={"calls": int(options["--number"]), "listening": True, "tick_age_s": 0.0})))
    for number in script.get("places", []):
        line.send(encode(TakePlace(request=1, number=number)))
    if script.get("silent"):
        time.sleep(60)
    line.settimeout(0.2)
    while True:
        try:
            packet = line.recv(1 << 20)
        except TimeoutError:
            line.send(encode(Report(vitals={"calls": int(options["--number"]), "listening": True, "tick_age_s": 0.0})))
            continue
        if not packet:
            return
        match decode(packet):
            case ReadMetrics(request=request):
                line.send(encode(MetricsPage(request=request, page=f"karipass_pid {os.getpid()}\n")))
            case Placed(refusal=refusal):
                print("placed", refusal, flush=True)
            case HandOver() | Stop():
                line.send(encode(MetricsPage(request=0, page=f"karipass_pid {os.getpid()}\n")))
                return


if __name__ == "__main__":
    main()
