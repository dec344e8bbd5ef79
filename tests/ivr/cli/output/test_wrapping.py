"""Where a text is broken into lines, and where it is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from ivr.cli.output.wrapping import longest_word, wrap


def lines(text: str, width: int) -> list[str]:
    return [line.plain for line in wrap(Text(text), width)]


def test_words_stay_whole_and_a_longer_one_has_a_line_of_its_own() -> None:
    assert lines("call 389829682067 ended", 10) == ["call", "389829682067", "ended"]


def test_a_number_stays_with_its_unit() -> None:
    assert lines("level -16.0 dBm0 at 0.2 %", 12) == ["level", "-16.0 dBm0", "at 0.2 %"]


def test_what_stands_apart_is_broken_there_first() -> None:
    assert lines("in-band  52 ms  twist -12.1 dB  SNR 31 dB", 28) == ["in-band  52 ms", "twist -12.1 dB  SNR 31 dB"]


def test_japanese_is_broken_between_characters_but_no_line_starts_with_a_full_stop() -> None:
    assert lines("設定します。もう一度", 10) == ["設定しま", "す。もう一", "度"]


def test_a_line_feed_is_kept() -> None:
    assert lines("one\n\ntwo", 10) == ["one", "", "two"]


def test_the_style_of_what_moves_to_the_next_line_stays() -> None:
    first, second = wrap(Text("plain ").append("red", "red"), 6)
    assert (first.plain, second.plain) == ("plain", "red")
    assert [span.style for span in second.spans] == ["red"]


@given(st.text(st.sampled_from("ab 12.。押（）dB"), max_size=60).map(str.strip), st.integers(1, 30))
def test_nothing_is_lost_and_no_line_is_wider_than_it_must_be(text: str, width: int) -> None:
    broken = lines(text, width)
    assert "".join(broken).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(line) <= max(width, longest_word(Text(line))) for line in broken if line.strip())
