"""How late the media clock was in the last seconds."""

from __future__ import annotations

from ivr.service.watching.lateness import SECONDS, Lateness


def test_the_latest_tick_is_remembered_for_a_while_and_then_forgotten() -> None:
    now = [0.0]
    lateness = Lateness(lambda: now[0])
    assert lateness.most_s == 0
    for late in (0.001, 0.030, 0.002):
        lateness.add(late)
    assert lateness.most_s == 0.030
    now[0] = SECONDS + 1
    lateness.add(0.004)
    assert lateness.most_s == 0.030
    now[0] = 2 * SECONDS + 2
    lateness.add(0.005)
    assert lateness.most_s == 0.005
