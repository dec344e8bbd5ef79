import numpy as np
import pytest
from numpy.typing import NDArray

from dsp import synthesize
from dsp.channels import Channel, Take, channel_of
from dsp.views import Likeness, Views


@pytest.mark.parametrize(
    ("word", "channel"),
    [("left", 0), ("Right", 1), ("1", 0), ("7", 6), ("mix", Take.MIX), ("each", Take.EACH), ("best", Take.BEST)],
)
def test_a_channel_is_a_side_a_number_or_what_to_make_of_all(word: str, channel: Channel) -> None:
    assert channel_of(word) == channel


@pytest.mark.parametrize("word", ["", "0", "-1", "middle", "1.5", "２", "0" * 30])
def test_what_is_no_channel_is_named_with_what_is(word: str) -> None:
    with pytest.raises(ValueError, match="is not a channel: give left, right, mix, each"):
        channel_of(word)


@pytest.mark.parametrize(
    ("channel", "channels", "names"),
    [
        (Take.BEST, 1, [""]),
        (Take.MIX, 1, [""]),
        (Take.EACH, 1, [""]),
        (0, 1, [""]),
        (Take.BEST, 2, ["left", "right", "mix"]),
        (Take.MIX, 2, ["mix"]),
        (Take.EACH, 2, ["left", "right"]),
        (1, 2, ["right"]),
        (Take.EACH, 3, ["channel 1", "channel 2", "channel 3"]),
        (2, 3, ["channel 3"]),
    ],
)
def test_what_is_listened_to_has_a_name_each(channel: Channel, channels: int, names: list[str]) -> None:
    views = Views(channel, channels)
    samples = np.arange(channels, dtype=np.float32)[None, :]
    assert views.names == names
    assert len(views.rows(samples)) == len(names)


def test_a_row_is_a_channel_or_the_mean_of_all() -> None:
    rows = Views(Take.BEST, 3).rows(np.array([[0.0, 0.3, 0.6]], np.float32))
    assert rows[:, 0] == pytest.approx([0.0, 0.3, 0.6, 0.3])


@pytest.mark.parametrize(("channel", "channels"), [(1, 1), (2, 2), (5, 3)])
def test_a_channel_that_is_not_there_is_named_by_its_number(channel: int, channels: int) -> None:
    with pytest.raises(ValueError, match=f"no channel {channel + 1}"):
        Views(channel, channels)


KEYS = synthesize("159", snr_db=30, rng=np.random.default_rng(1))
OTHER = synthesize("260", snr_db=30, rng=np.random.default_rng(2))


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        (KEYS, KEYS, True),
        (KEYS, 0.7 * KEYS, True),
        (0 * KEYS, 0 * KEYS, True),
        (KEYS, 0 * KEYS, False),
        (KEYS, OTHER, False),
        (KEYS, -KEYS, False),
    ],
)
def test_channels_are_alike_where_they_are_one_sound(
    left: NDArray[np.float32], right: NDArray[np.float32], alike: bool
) -> None:
    samples = np.stack([left, right], axis=1)
    likeness = Likeness()
    for at in range(0, len(samples), 1000):
        likeness.add(samples[at : at + 1000])
    assert likeness.alike is alike
