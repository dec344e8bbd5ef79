"""`ivr simulate`: a call from a recording."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

import ivr.simulator
from credentials import InvalidNumber, normalise_number
from ivr.caller import Caller
from ivr.cli.app import open_store, reporting_errors
from ivr.dialogue.events import Outcome, RefusalReason
from ivr.guidance import Guidance
from ivr.logs import LogLevel, configure_logs
from ivr.recording import read_recording
from ivr.settings import Settings
from ivr.transcript import TranscriptEntry, as_json, describe


@reporting_errors
def simulate(
    file: Annotated[Path, typer.Argument(help="What the caller sends: a WAV of any rate, mono or stereo.")],
    caller: Annotated[str, typer.Option(help="The caller number; `withheld` or `unknown` for none.")],
    as_json_: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a transcript.")] = False,
    hang_up: Annotated[
        bool, typer.Option("--hang-up", help="The caller hangs up at the file's end, instead of waiting.")
    ] = False,
) -> None:
    """Run a call whose caller sends a recording, and print what happened.

    The dialogue, receiver, guidance and store are those of live calls: the password is really set. The exit status is 0
    only then.
    """
    configure_logs(level=LogLevel.WARNING)
    settings = Settings.load()
    who = _caller(caller)
    audio = read_recording(file)
    entries: list[tuple[float | None, TranscriptEntry]] = []

    def observe(at_s: float | None, entry: TranscriptEntry) -> None:
        entries.append((at_s, entry))
        if not as_json_:
            time = "       " if at_s is None else f"{at_s:7.2f}"
            print(f"{time}  {describe(entry)}")

    with open_store(settings) as store:
        ending = ivr.simulator.simulate(
            audio,
            caller=who,
            store=store,
            guidance=Guidance.load(settings.language),
            limits=settings.limits,
            observer=observe,
            hang_up_at_end=hang_up,
        )
    if as_json_:
        print(
            json.dumps(
                {
                    "file": str(file),
                    "caller": who.number,
                    "outcome": ending.outcome.value,
                    "reason": ending.reason,
                    "transcript": [as_json(at_s, entry) for at_s, entry in entries],
                },
                ensure_ascii=False,
                indent=2,
            )
        )
    raise SystemExit(0 if ending.outcome is Outcome.SET else 1)


def _caller(text: str) -> Caller:
    if text in (RefusalReason.WITHHELD, RefusalReason.UNKNOWN):
        return Caller(None, RefusalReason(text))
    try:
        return Caller(normalise_number(text))
    except InvalidNumber as error:
        raise typer.BadParameter(str(error), param_hint="--caller") from None
