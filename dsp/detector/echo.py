"""Echo: whether a burst is a copy, or the tail, of a key that was heard just before. Compiled code, as `burst`.

What comes back of a caller's tone (from a hybrid, a loudspeaker, the walls of a room, the far end of a satellite's
hop) is the same pair, later and weaker. ITU-T G.131 is about what talkers notice of it, G.168 about tails of 128 ms
and more behind delays of some hundred. Who presses a key again does it at the same level, for the set and the line are
the same: 6 dB are granted. So there are three kinds:

    a tail: the pair goes on, weaker, without a pause after the key. No finger does that.
    what is bared: the echo of a key before, which another key had covered until now. It begins where that one ends,
    without a pause, too.
    a copy: after a pause, weaker than the key by more than two presses differ, within the echo's reach. At the border
    of 6 dB the phases at its begin tell (`onset`), and its length. Where the key was overdriven its level was cut off,
    and that of the copy was not; but then the copy is the purer.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dsp.detector.burst import EDGE_GAIN, MIN_FRACTION, STRONG
from dsp.detector.onset import Onset, copied, onset, unsure
from dsp.detector.records import ENERGY, EXPLAINED, FITTED, NO_LABEL, REMEMBERED, Flag, Record
from dsp.detector.verdict import Figures
from dsp.kernel.compiled import inner
from dsp.kernel.goertzel import HOP
from sound.telephone import SAMPLE_RATE_HZ

BORDER_DB: Final = (4.5, 7.5)
"""The drop of either tone from which on a burst may be a copy, and from which on it is one."""
LEAST_DROP_DB: Final = 1.5
"""The drop of the other tone then: a room weakens one more than the other. What counts for it is how loud that tone was
in any key: in one it may have met another's echo and nearly gone."""
BARED_DROP_DB: Final = 3.0
"""What an echo loses at least that another key had covered."""
TWISTED_DB: Final = 9.0
"""No two presses differ so much in twist: one tone is another key's, the other an echo's."""
MOST_RISE_DB: Final = 2.0
"""Neither is louder than that tone was in any key by more than where both meet."""
SURE_DROP_DB: Final = 8.0
"""The drop of both tones, in the mean, with which it is a copy however long the key before was."""
FAR_DROP_DB: Final = 12.0
REACH_HOPS: Final = 0.32 * SAMPLE_RATE_HZ / HOP
"""A copy begins, and sounds on, at most this long after its key: an echo 250 ms late that is spread over some more."""
FAR_REACH_HOPS: Final = 0.7 * SAMPLE_RATE_HZ / HOP
"""The same for one that is weaker than any press could be: a satellite's hop and back takes 0.6 s."""
SAME_LENGTH_HOPS: Final = 1.0
"""A copy is as long as its key, within this."""
PAUSE_HOPS: Final = 3
"""The shortest pause between presses has 4 whole hops of silence, a tail none."""
LONG_HOPS: Final = 10
"""So much between an end and a begin is a pause, whatever sounds in it."""
RETURNS_HOPS: Final = 12
"""So soon an echo comes back that a hole in the line, or two of its tones' ways against each other, had parted."""
MOST_RETURN_DB: Final = 1.5
"""What it is louder then at most."""
LOOKS: Final = 3
"""Of 20 ms each, after which a look shows most of a press that follows an echo without a pause. What is remembered of
an overdriven key must not be its echo's figures, by which the next echo would be none."""
PURER_DB: Final = 3.0
"""Two presses are overdriven alike, within this."""
PURER_DROP_DB: Final = 0.5
"""What a copy loses of the mean of both levels at least."""
IMPURE_DB: Final = 16.0
"""A key has less that is somewhat overdriven."""
MUCH_PURER_DB: Final = 5.0
"""What noise there is on a line leaves the weaker of two presses the less pure."""
MUCH_PURER_DROP_DB: Final = 2.8
"""What a copy loses of either level then."""
_NEVER: Final = np.float32(-np.inf)


@inner
def is_pressed(
    channel: Record,
    begin: float,
    end: float,
    closed: Flag,
    fades: Flag,
    plateau: np.float32,
    figures: Figures,
    start: int,
    scratch: Record,
) -> Flag:
    """A burst of the lane's key that passed all tests is a press, and is remembered as one; or else an echo.

    Args:
        channel: of the lane.
        begin, end: hops at which the burst begins, and ends or has got to.
        closed: it has ended.
        fades: the newest frame has none of it: the next look would show no more.
        plateau: explained energy of its full hops.
        figures: of the burst.
        start: first hop of the look.
        scratch: has the look.
    """
    starts = onset(channel, begin, figures.low_offset_percent, figures.high_offset_percent, start, scratch)
    if abs(begin - channel["onset"]) < 1:  # looked at before, when its first samples were still there
        starts = Onset(channel["onset_low"], channel["onset_high"])
    channel["onset"], channel["onset_low"], channel["onset_high"] = begin, starts.low, starts.high
    if is_echo(channel, begin, end, closed, figures, plateau, starts):
        if is_purer(channel, begin, figures):
            channel["wait"] = LOOKS
        note_echo(channel, end, figures)
        return False
    if channel["wait"] > 0 and not (closed or fades):
        channel["wait"] -= 1
        return False
    remember(channel, begin, figures, starts)
    return True


@inner
def another_sounds(channel: Record, hop: int) -> Flag:
    """Another key than the lane's was heard so shortly before a hop that its echo may sound there."""
    for place in range(REMEMBERED):
        if channel["heard_key"][place] != channel["key"] and hop - channel["heard_end"][place] < REACH_HOPS:
            return True
    return False


@inner
def weaker(channel: Record, hop: int, figures: Figures) -> Flag:
    """The lane's key was heard so shortly before a hop that its echo may sound there, and louder than these figures by
    what two presses hardly differ."""
    for place in range(REMEMBERED):
        if channel["heard_key"][place] == channel["key"] and hop - channel["heard_end"][place] < REACH_HOPS:
            low_drop = channel["heard_low_dbm0"][place] - figures.low_dbm0
            high_drop = channel["heard_high_dbm0"][place] - figures.high_dbm0
            if max(low_drop, high_drop) > LEAST_DROP_DB:
                return True
    return False


@inner
def remember(channel: Record, begin: float, figures: Figures, starts: Onset) -> None:
    """Note that the lane's key is heard from a hop on, with these figures; it goes on."""
    place = channel["heard"]
    channel["heard_key"][place] = channel["key"]
    channel["heard_begin"][place] = begin
    channel["heard_end"][place] = np.nan
    channel["heard_low_dbm0"][place] = figures.low_dbm0
    channel["heard_high_dbm0"][place] = figures.high_dbm0
    channel["heard_snr_db"][place] = figures.snr_db
    channel["heard_overdriven"][place] = channel["overdriven"]
    channel["heard_low_offset_percent"][place] = figures.low_offset_percent
    channel["heard_high_offset_percent"][place] = figures.high_offset_percent
    channel["heard_onset_low"][place] = starts.low
    channel["heard_onset_high"][place] = starts.high
    channel["heard"] = (place + 1) % REMEMBERED


@inner
def note_end(channel: Record, end: float) -> None:
    """Note that the key heard last ended at a hop."""
    channel["heard_end"][(channel["heard"] + REMEMBERED - 1) % REMEMBERED] = end


@inner
def note_echo(channel: Record, end: float, figures: Figures) -> None:
    """Note that a burst of the lane's key that ends at a hop, or has got to it, is an echo."""
    channel["echo_key"] = channel["key"]
    channel["echo_end"] = end
    channel["echo_low_dbm0"] = figures.low_dbm0
    channel["echo_high_dbm0"] = figures.high_dbm0


@inner
def echo_returns(channel: Record, begin: float, figures: Figures) -> Flag:
    """A burst of the lane's key follows an echo of it so soon, and no louder, as one that a hole or a beat parted."""
    since = begin - channel["echo_end"]
    if channel["echo_key"] != channel["key"] or not 0 <= since < RETURNS_HOPS:
        return False
    low_rise = figures.low_dbm0 - channel["echo_low_dbm0"]
    high_rise = figures.high_dbm0 - channel["echo_high_dbm0"]
    return bool(max(low_rise, high_rise) < MOST_RETURN_DB)


@inner
def is_echo(
    channel: Record, begin: float, end: float, closed: Flag, figures: Figures, plateau: np.float32, starts: Onset
) -> Flag:
    """A burst of the lane's key is no press but the echo of one, as far as can be told yet.

    Args:
        channel: of the lane.
        begin, end: hops at which the burst begins, and ends or has got to.
        closed: it has ended.
        figures: of the burst.
        plateau: explained energy of its full hops.
        starts: its onset.
    """
    key, newest = channel["key"], (channel["heard"] + REMEMBERED - 1) % REMEMBERED
    low = high = low_shared = high_shared = _NEVER
    for place in range(REMEMBERED):
        heard = channel["heard_key"][place]
        if heard == NO_LABEL or not begin - channel["heard_end"][place] < FAR_REACH_HOPS:
            continue
        if heard == key:
            low = max(low, channel["heard_low_dbm0"][place])
            high = max(high, channel["heard_high_dbm0"][place])
        if heard // 4 == key // 4:
            low_shared = max(low_shared, channel["heard_low_dbm0"][place])
        if heard % 4 == key % 4:
            high_shared = max(high_shared, channel["heard_high_dbm0"][place])
    if is_purer(channel, begin, figures):
        return True
    more = max(low - figures.low_dbm0, high - figures.high_dbm0)
    less = min(low - figures.low_dbm0, high - figures.high_dbm0)
    if more < BARED_DROP_DB:
        return False
    if more > BORDER_DB[0] and echo_returns(channel, begin, figures):
        return True
    least_drop = min(low_shared - figures.low_dbm0, high_shared - figures.high_dbm0)
    dropped = least_drop > LEAST_DROP_DB
    for place in range(REMEMBERED):
        ended = channel["heard_end"][place]
        if channel["heard_key"][place] != key or not ended <= begin:
            continue
        near = begin - ended < REACH_HOPS
        if near and place != newest and not parted(channel, channel["heard_end"][newest], begin, plateau):
            return True
        if near and more > BORDER_DB[1] and more - less > TWISTED_DB and least_drop > -MOST_RISE_DB:
            return True
        if near and less > BORDER_DB[0] and more + less > 2 * SURE_DROP_DB:
            return True
        if less > FAR_DROP_DB and begin - ended < FAR_REACH_HOPS:
            return True
        if less > 0 and place == newest and not parted(channel, ended, begin, plateau):
            return True
        if dropped and more > BORDER_DB[0] and begin - channel["heard_begin"][place] < REACH_HOPS:
            before = Onset(channel["heard_onset_low"][place], channel["heard_onset_high"][place])
            longer = end - begin - (ended - channel["heard_begin"][place])
            other = longer > SAME_LENGTH_HOPS or (closed and longer < -SAME_LENGTH_HOPS)
            if more > BORDER_DB[1] or unsure(before, starts):
                return True
            if copied(key, before, starts) and not other:
                return True
    return False


@inner
def is_purer(channel: Record, begin: float, figures: Figures) -> Flag:
    """A key that was overdriven, or only somewhat so, is followed, within an echo's reach, by a burst of it that is
    less so, or much less, and weaker."""
    for place in range(REMEMBERED):
        if channel["heard_key"][place] != channel["key"] or not channel["heard_end"][place] <= begin:
            continue
        if begin - channel["heard_end"][place] > REACH_HOPS:
            continue
        low = channel["heard_low_dbm0"][place] - figures.low_dbm0
        high = channel["heard_high_dbm0"][place] - figures.high_dbm0
        purer = figures.snr_db - channel["heard_snr_db"][place]
        if channel["heard_overdriven"][place] and low + high > 2 * PURER_DROP_DB and purer > PURER_DB:
            return True
        impure = channel["heard_snr_db"][place] < IMPURE_DB
        if impure and min(low, high) > MUCH_PURER_DROP_DB and purer > MUCH_PURER_DB:
            return True
    return False


@inner
def parted(channel: Record, end: float, begin: float, plateau: np.float32) -> Flag:
    """There is a pause between two hops, against a burst with this much explained energy in a full hop."""
    if begin - end > LONG_HOPS:
        return True
    silent, least = 0, plateau * STRONG / EDGE_GAIN
    for hop in range(int(np.ceil(end)), int(begin)):
        explained = channel["fits"][hop % FITTED, EXPLAINED]
        if not (explained > least and explained > MIN_FRACTION * channel["fits"][hop % FITTED, ENERGY]):
            silent += 1
    return silent >= PAUSE_HOPS
