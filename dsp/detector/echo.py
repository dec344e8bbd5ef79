"""Echo: decides whether a burst is a copy, or the tail, of a key that was heard just before. Compiled code, as `burst`.

A caller's tone comes back from a hybrid, a loudspeaker, the walls of a room, or the far end of a satellite link as the
same pair, later and weaker. ITU-T G.131 describes what talkers notice of it; G.168 describes tails of 128 ms and more
after delays of some hundred ms. A caller who presses a key again does so at the same level, because the set and the
line are the same; we allow 6 dB. So there are three kinds of echo:

    a tail: the pair goes on, weaker, without a pause after the key. No finger does that.
    a bared echo: the echo of an earlier key, which another key had covered until now. It starts where that other key
        ends, also without a pause.
    a copy: it comes after a pause, within the echo's reach, and is weaker than the key by more than two presses differ.
        At the border of 6 dB its length and the phases at its start decide (`onset`). If the key was overdriven, its
        level was cut off but the copy's was not; then the copy is purer.
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
"""The drop of either tone above which a burst may be a copy, and above which it is one."""
LEAST_DROP_DB: Final = 1.5
"""The least drop of the other tone then: a room weakens one tone more than the other. We compare with the loudest that
tone was in any key: in one key it may have met another's echo and nearly vanished."""
BARED_DROP_DB: Final = 3.0
"""The least that an echo has lost if another key had covered it."""
TWISTED_DB: Final = 9.0
"""No two presses differ this much in twist: one tone belongs to another key, the other to an echo."""
MOST_RISE_DB: Final = 2.0
"""By how much a tone of such a burst may be louder than in any key, because the key's tone and the echo's add up."""
SURE_DROP_DB: Final = 8.0
"""If the mean drop of both tones is more than this, the burst is a copy, however long the key was."""
FAR_DROP_DB: Final = 12.0
REACH_HOPS: Final = 0.32 * SAMPLE_RATE_HZ / HOP
"""A copy starts, and goes on, at most this long after its key: an echo 250 ms late that is also spread out."""
FAR_REACH_HOPS: Final = 0.7 * SAMPLE_RATE_HZ / HOP
"""The same for a copy that is weaker than any press could be: a satellite link and back takes 0.6 s."""
SAME_LENGTH_HOPS: Final = 1.0
"""By how much the lengths of a key and its copy may differ."""
PAUSE_HOPS: Final = 3
"""The hops of silence that make a pause. The shortest pause between presses has 4 whole ones, a tail has none."""
LONG_HOPS: Final = 10
"""A longer time between an end and a start is a pause, whatever sounds in it."""
RETURNS_HOPS: Final = 12
"""How soon an echo comes back after a hole in the line, or two of its paths against each other, interrupted it."""
MOST_RETURN_DB: Final = 1.5
"""By how much it may then be louder."""
LOOKS: Final = 3
"""Looks of 20 ms each to wait until a look shows most of a press that follows an echo without a pause. We must not
remember the echo's figures for an overdriven key, or its next echo would not count as one."""
PURER_DB: Final = 3.0
"""By how much the purity of two overdriven presses may differ."""
PURER_DROP_DB: Final = 0.5
"""The least that the mean of both levels drops in a copy."""
IMPURE_DB: Final = 16.0
"""A key that is somewhat overdriven has a lower signal-to-noise ratio than this."""
MUCH_PURER_DB: Final = 5.0
"""A copy of such a key is purer by more than this. (Noise on a line makes the weaker of two presses less pure.)"""
MUCH_PURER_DROP_DB: Final = 2.8
"""The least that either level then drops in a copy."""
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
    """Return whether a burst of the lane's key that passed all tests is a press, not an echo; remember a press.

    Args:
        channel: the lane's channel.
        begin, end: hops at which the burst starts, and ends or has reached so far.
        closed: whether it has ended.
        fades: whether the newest frame has nothing of it, so that the next look would show no more.
        plateau: explained energy of its full hops.
        figures: the burst's figures.
        start: first hop of the look.
        scratch: holds the look.
    """
    starts = onset(channel, begin, figures.low_offset_percent, figures.high_offset_percent, start, scratch)
    if abs(begin - channel["onset"]) < 1:  # it was looked at before, when its first samples were still kept
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
    """Return whether another key was heard so shortly before a hop that its echo may sound there."""
    for place in range(REMEMBERED):
        if channel["heard_key"][place] != channel["key"] and hop - channel["heard_end"][place] < REACH_HOPS:
            return True
    return False


@inner
def weaker(channel: Record, hop: int, figures: Figures) -> Flag:
    """Return whether a burst with these figures may be an echo of the lane's key.

    It may if the key was heard so shortly before a hop that its echo may sound there, and was louder by more than two
    presses usually differ.
    """
    for place in range(REMEMBERED):
        if channel["heard_key"][place] == channel["key"] and hop - channel["heard_end"][place] < REACH_HOPS:
            low_drop = channel["heard_low_dbm0"][place] - figures.low_dbm0
            high_drop = channel["heard_high_dbm0"][place] - figures.high_dbm0
            if max(low_drop, high_drop) > LEAST_DROP_DB:
                return True
    return False


@inner
def remember(channel: Record, begin: float, figures: Figures, starts: Onset) -> None:
    """Remember that the lane's key is heard from a hop on, with these figures, and goes on."""
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
    """Note the hop at which the last key that was heard ended."""
    channel["heard_end"][(channel["heard"] + REMEMBERED - 1) % REMEMBERED] = end


@inner
def note_echo(channel: Record, end: float, figures: Figures) -> None:
    """Note that a burst of the lane's key, which ends at a hop or has reached it, is an echo."""
    channel["echo_key"] = channel["key"]
    channel["echo_end"] = end
    channel["echo_low_dbm0"] = figures.low_dbm0
    channel["echo_high_dbm0"] = figures.high_dbm0


@inner
def echo_returns(channel: Record, begin: float, figures: Figures) -> Flag:
    """Return whether a burst is the rest of an echo of the lane's key that a hole or a beat interrupted.

    It is if it follows that echo soon enough, and is hardly louder.
    """
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
    """Return whether a burst of the lane's key is an echo and not a press, as far as can be known yet.

    Args:
        channel: the lane's channel.
        begin, end: hops at which the burst starts, and ends or has reached so far.
        closed: whether it has ended.
        figures: the burst's figures.
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
    """Return whether a burst is the purer and weaker echo of an overdriven key.

    The key must have been heard within an echo's reach. If it was only somewhat overdriven, the burst must be much
    purer.
    """
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
    """Return whether there is a pause between two hops.

    A hop is silent if it explains much less than `plateau`, the explained energy of the burst's full hops.
    """
    if begin - end > LONG_HOPS:
        return True
    silent, least = 0, plateau * STRONG / EDGE_GAIN
    for hop in range(int(np.ceil(end)), int(begin)):
        explained = channel["fits"][hop % FITTED, EXPLAINED]
        if not (explained > least and explained > MIN_FRACTION * channel["fits"][hop % FITTED, ENERGY]):
            silent += 1
    return silent >= PAUSE_HOPS
