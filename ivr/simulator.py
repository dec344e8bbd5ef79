"""A call from a recording: the samples are what the caller sends, and their clock is the call's.

The dialogue, the receiver, the guidance and the store are those of live calls; only Asterisk and the waiting are left
out, so minutes of audio take a moment.
"""

from __future__ import annotations

from typing import Final
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from credentials import CredentialStore
from dsp import Receiver
from ivr.call import CallSession
from ivr.caller import Caller
from ivr.dialogue import Dialogue, Limits
from ivr.dialogue.events import Ending, StorePassword
from ivr.guidance import Guidance
from ivr.store_events import admit, note_ending, store_password
from ivr.telephony.audiosocket import FRAME_SAMPLES, SAMPLE_RATE_HZ
from ivr.transcript import Observer

_SILENCE: Final = np.zeros(FRAME_SAMPLES, np.int16)


def simulate(
    audio: NDArray[np.int16],
    *,
    caller: Caller,
    store: CredentialStore,
    guidance: Guidance,
    limits: Limits,
    observer: Observer,
    hang_up_at_end: bool = False,
) -> Ending:
    """Run a whole call.

    Args:
        audio: what the caller sends, 8 kHz mono, shape (samples,).
        caller: who calls.
        store: where the temporary password goes, as in a live call.
        guidance: what is said.
        limits: the dialogue's times and counts.
        observer: is told everything that happens.
        hang_up_at_end: the caller hangs up at the end of the audio; else stays on the line and is silent.

    Returns:
        How the call ended.
    """
    receiver = Receiver(near_misses=True)

    def carry_out(session: CallSession, command: StorePassword) -> None:
        answer = store_password(
            store,
            command,
            caller=caller.number or "",
            call_id=session.call_id,
            still_wanted=lambda: True,
        )
        session.handle(answer, now)

    now = 0.0
    admission = admit(store, caller)
    session = CallSession(
        uuid4().hex[:12],
        Dialogue(caller.number or "", limits=limits, now=now),
        guidance.after(admission),
        observer=observer,
        store=carry_out,
        withdraw=lambda _: None,  # the store answers at once here: there is nothing to withdraw from
        now=now,
    )
    session.handle(admission, now)
    position = 0
    while session.ending is None:
        frame = audio[position : position + FRAME_SAMPLES]
        if hang_up_at_end and not len(frame):
            for event in receiver.finish():
                session.hear(event, now)
            session.hung_up(now)
            continue
        position += FRAME_SAMPLES
        now = position / SAMPLE_RATE_HZ
        for event in receiver.feed(np.concatenate([frame, _SILENCE])[:FRAME_SAMPLES]):
            session.hear(event, now)
        session.tick(now)
    note_ending(store, session.ending, caller=caller.number or "", call_id=session.call_id)
    return session.ending
