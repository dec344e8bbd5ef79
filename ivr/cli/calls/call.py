"""`ivr call`: a test call through the running Asterisk."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

import numpy as np
import typer

from credentials.errors import InvalidNumber
from credentials.lines.numbers import normalise_number
from dsp import KEYS
from dsp.channels import Channel
from ivr.call.dialogue.events import Outcome
from ivr.cli.common import print_remark, reporting_errors
from ivr.cli.output.tables import print_hanging, terminal
from ivr.exchange.sample_phone import SAMPLE_PHONE
from ivr.host.settings import Settings
from ivr.lab.ear import PAUSE_S, HeardClip, Utterance, heard_clips
from ivr.lab.place_call import Origin, place_call
from ivr.lab.recording import read_recording
from ivr.lab.scenarios.caller import ScriptedCaller
from ivr.lab.scenarios.model import Step
from ivr.lab.sender import Recording, Sender
from logs.levels import LogLevel
from logs.setup import configure_logs
from prompts import Catalogue, home, load_catalogue
from sound.samples import to_float32

_PATIENCE_S: Final = 4.0
"""A caller who hears nothing for this long presses the next keys."""
_TELEPHONE_NUMBER: Final = re.compile("0[0-9]{9,10}")
_PHRASE: Final = re.compile(r"[^。、,.\s]+[。、,.]?\s*")


@reporting_errors
def call(
    *, from_: str | None, keys: str | None, wav: Path | None, channel: Channel, ahead: bool, withheld: bool
) -> NoReturn:
    """Make the call; the parameters are the options of the command (`ivr.cli.calls.call_group`).

    A caller who withholds the number hears only that it is needed. So no key needs to be pressed, and any number will
    do.

    Raises:
        SystemExit: the call is over; with status 0 only if the access number says that the password is set.
        typer.BadParameter: an option's value cannot be used.
    """
    configure_logs(level=LogLevel.WARNING)
    settings = Settings.load()
    catalogue = load_catalogue(settings.language, home(settings.language, settings.operator_prompts_dir))
    console = terminal()
    start: float | None = None

    def show(word: str, text: str) -> None:
        nonlocal start
        start = start or time.monotonic()  # the clock starts with the first line, the dialling
        print_hanging(console, f"{time.monotonic() - start:7.2f}  {word:<8}  ", text)

    sender = _sender(keys, wav, channel=channel, call_s=settings.call_s, ahead=ahead, withheld=withheld, show=show)
    try:
        number = normalise_number(from_ or SAMPLE_PHONE)
    except InvalidNumber as error:
        raise typer.BadParameter(str(error), param_hint="--from") from None
    from_whom = "a withheld number" if withheld else number
    outcome = asyncio.run(
        place_call(
            Origin.of(settings),
            caller=number,
            withheld=withheld,
            sender=sender,
            dialled=lambda: show("dials", f"{settings.access_number} from {from_whom}"),
            heard=lambda utterance: show("heard", _text(utterance, catalogue)),
        )
    )
    show("outcome", outcome or "none: the access number did not say")
    raise SystemExit(0 if outcome == Outcome.SET else 1)


def _sender(
    keys: str | None,
    wav: Path | None,
    *,
    channel: Channel,
    call_s: float,
    ahead: bool,
    withheld: bool,
    show: Callable[[str, str], None],
) -> Sender:
    if keys is not None and wav is not None:
        raise typer.BadParameter("give one of them, not both", param_hint="--keys / --wav")
    if ahead and keys is None:
        raise typer.BadParameter("says when keys are pressed: give --keys, too", param_hint="--ahead")
    if keys is None and wav is None:
        if withheld:
            return ScriptedCaller([])
        raise typer.BadParameter("say what the caller presses, or name a recording", param_hint="--keys / --wav")
    if wav is not None:
        return Recording(read_recording(wav, call_s=call_s, channel=channel, remark=print_remark))
    groups = (sys.stdin.readline() if keys == "-" else keys or "").upper().split()
    strange = sorted(set("".join(groups)) - set(KEYS))
    if strange or not groups:
        raise typer.BadParameter(f"not on a telephone: {''.join(strange) or 'no key at all'}", param_hint="--keys")
    steps = [Step(keys=group, ahead=ahead, wait=PAUSE_S if ahead else 0.0) for group in groups]
    return ScriptedCaller(
        steps, pressed=lambda group: show("presses", _masked(group)), patience_s=None if ahead else _PATIENCE_S
    )


def _masked(keys: str) -> str:
    """Keys as they may be shown: one key is a choice, keys up to `#` are a number; anything else may be a password."""
    is_number = keys.endswith("#") and _TELEPHONE_NUMBER.fullmatch(keys[:-1])
    return keys if len(keys) == 1 or is_number else "*" * len(keys)


def _clip_text(clip: HeardClip, catalogue: Catalogue) -> str:
    """The text of a clip. Of a clip that was stopped, only the phrases that were heard, reckoned by their letters.

    A clip that was stopped within its first phrase gives the start of that phrase, so that the reader knows which it
    was.
    """
    number = "…" if catalogue.follows_number(clip.clip_id) else ""
    text = catalogue.text(clip.clip_id)
    if clip.share == 1.0:
        return number + text
    heard = int(clip.share * len(text))
    phrases = [phrase.end() for phrase in _PHRASE.finditer(text) if phrase.end() <= heard]
    return f"{number}{text[: phrases[-1] if phrases else heard].rstrip()}… (stopped)"


def _text(utterance: Utterance, catalogue: Catalogue) -> str:
    said = catalogue.separator.join(_clip_text(clip, catalogue) for clip in heard_clips(utterance, catalogue))
    rms = float(np.sqrt(np.mean(np.square(to_float32(utterance.samples), dtype=np.float64))))
    return said or f"({utterance.end_s - utterance.begin_s:.1f} s of audio, {20 * np.log10(rms):.0f} dBFS)"
