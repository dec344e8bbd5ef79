import numpy as np
import pytest

from dsp import DetectorBank, Event, KeyEnded, KeyStarted, synthesize


def keys_of(events: list[Event]) -> str:
    return "".join(event.key for event in events if isinstance(event, KeyStarted))


def test_slots_are_reused_and_their_clocks_start_at_zero() -> None:
    bank = DetectorBank(capacity=1)
    samples = synthesize("7", lead_s=0.1)
    begins = []
    for _ in range(3):
        slot = bank.open()
        events = bank.feed([slot], samples[None, :]) + bank.close(slot)
        assert slot == 0
        assert keys_of(events) == "7"
        assert isinstance(events[0], KeyStarted)
        begins.append(events[0].begin_s)
    assert begins == pytest.approx([0.1] * 3, abs=0.002)


def test_the_bank_grows_and_channels_under_way_are_not_disturbed() -> None:
    bank = DetectorBank(capacity=2)
    samples = synthesize("159D", tone_s=0.05, pause_s=0.05)
    slots, events = [bank.open()], []
    for at in range(0, samples.size, 160):
        slots += [bank.open() for _ in range(5)]
        frames = np.zeros((len(slots), 160), np.float32)
        part = samples[at : at + 160]
        frames[0, : part.size] = part
        events += bank.feed(slots, frames)
    assert len(slots) > 100
    assert len(set(slots)) == len(slots)
    assert keys_of(events) == "159D"
    assert {event.slot for event in events} == {slots[0]}


def test_closing_ends_what_is_under_way_as_if_silence_followed() -> None:
    bank = DetectorBank()
    slot = bank.open()
    events = bank.feed([slot], synthesize("3", tone_s=0.2, pause_s=0, lead_s=0.1)[None, :])
    assert keys_of(events) == "3"
    (ended,) = bank.close(slot)
    assert isinstance(ended, KeyEnded)
    assert ended.key.end_s == pytest.approx(0.3, abs=0.002)


def test_a_key_that_lasts_for_minutes_is_one_key() -> None:
    bank = DetectorBank()
    slot = bank.open()
    t = np.arange(8000 * 120) / 8000
    tone = 0.1 * (np.sin(2 * np.pi * 697 * t) + np.sin(2 * np.pi * 1209 * t))
    events = []
    for part in np.split(tone, 6000):
        events += bank.feed([slot], part[None, :])
    events += bank.close(slot)
    assert [type(event) for event in events] == [KeyStarted, KeyEnded]
    assert isinstance(events[1], KeyEnded)
    assert events[1].key.end_s == pytest.approx(120, abs=0.002)


def test_figures_are_those_of_the_signal() -> None:
    bank = DetectorBank()
    slot = bank.open()
    samples = synthesize("6", level_dbm0=-17, twist_db=3, offset_percent=(1.2, -0.7), lead_s=0.05, snr_db=25)
    events = bank.feed([slot], samples[None, :]) + bank.close(slot)
    assert isinstance(events[1], KeyEnded)
    key = events[1].key
    assert key.low_dbm0 == pytest.approx(-18.5, abs=0.3)
    assert key.high_dbm0 == pytest.approx(-15.5, abs=0.3)
    assert key.twist_db == pytest.approx(3, abs=0.3)
    assert key.level_dbm0 == key.low_dbm0
    assert key.low_offset_percent == pytest.approx(1.2, abs=0.15)
    assert key.high_offset_percent == pytest.approx(-0.7, abs=0.15)
    assert key.snr_db == pytest.approx(25, abs=2)
    assert key.begin_s == pytest.approx(0.05, abs=0.002)
    assert key.duration_s == pytest.approx(0.1, abs=0.003)


def test_slots_that_are_not_open_are_named() -> None:
    bank = DetectorBank(capacity=4)
    slot = bank.open()
    bank.close(slot)
    for wrong in (slot, -1, 99):
        with pytest.raises(ValueError, match="not open"):
            bank.feed([wrong], np.zeros((1, 160), np.int16))
        with pytest.raises(ValueError, match="not open"):
            bank.close(wrong)


def test_shapes_and_types_that_do_not_fit_are_refused() -> None:
    bank = DetectorBank()
    slot = bank.open()
    other = bank.open()
    with pytest.raises(ValueError, match="shape"):
        bank.feed([slot], np.zeros(160, np.int16))
    with pytest.raises(ValueError, match="shape"):
        bank.feed([slot, other], np.zeros((1, 160), np.int16))
    with pytest.raises(ValueError, match="twice"):
        bank.feed([slot, slot], np.zeros((2, 160), np.int16))
    with pytest.raises(TypeError, match="int32"):
        bank.feed([slot], np.zeros((1, 160), np.int32))
    with pytest.raises(ValueError, match="capacity"):
        DetectorBank(capacity=0)


@pytest.mark.parametrize("parted", [480, 815, 1115])
def test_a_channel_goes_back_to_what_it_remembers_and_no_other_does(parted: int) -> None:
    bank = DetectorBank(capacity=2)
    slot, other = bank.open(), bank.open()
    samples = synthesize("7", tone_s=0.1, lead_s=0.05)
    bank.feed([slot, other], np.stack([samples[:parted]] * 2))
    memory = bank.remember(slot)
    bank.feed([slot, other], np.zeros((2, 3000), np.float32))
    bank.restore(slot, memory)
    rest = np.stack([samples[parted:]] * 2)
    events = bank.feed([slot, other], rest) + bank.close(slot) + bank.close(other)
    (key,) = [event.key for event in events if isinstance(event, KeyEnded) and event.slot == slot]
    assert key.duration_s == pytest.approx(0.1, abs=0.002)
    assert all(event.key.duration_s < 0.095 for event in events if isinstance(event, KeyEnded) and event.slot == other)


@pytest.mark.parametrize("slot", [-1, 1, 64])
def test_only_open_channels_remember(slot: int) -> None:
    bank = DetectorBank()
    memory = bank.remember(bank.open())
    with pytest.raises(ValueError, match="not open"):
        bank.remember(slot)
    with pytest.raises(ValueError, match="not open"):
        bank.restore(slot, memory)


def test_feeding_no_channel_or_no_samples_tells_nothing() -> None:
    bank = DetectorBank()
    slot = bank.open()
    assert bank.feed([], np.zeros((0, 160), np.int16)) == []
    assert bank.feed([slot], np.zeros((1, 0), np.int16)) == []
