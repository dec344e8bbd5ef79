"""What Asterisk's last event of a call says. The texts are from Asterisk 22.10."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.telephony.ami.channel_end import RtpFigures, channel_end, rtp_figures

LOSSY = (
    "ssrc=1191936225;themssrc=1801548393;lp=5;rxjitter=0.000000;rxcount=145;txjitter=0.000000;txcount=150;rlp=0;"
    "rtt=0.000000;rxmes=0.000000;txmes=86.589912"
)
JITTERY = (
    "ssrc=1233444914;themssrc=1801548393;lp=0;rxjitter=0.000000;rxcount=200;txjitter=0.015000;txcount=200;rlp=0;"
    "rtt=0.042000;rxmes=0.000000;txmes=88.087887"
)
UNREPORTED = (
    "ssrc=1616970807;themssrc=1801548393;lp=0;rxjitter=0.000000;rxcount=145;txjitter=0.000000;txcount=150;rlp=0;"
    "rtt=0.000000;rxmes=0.000000;txmes=0.000000"
)


def test_packets_that_came_and_those_that_were_lost_give_the_loss() -> None:
    figures = rtp_figures(LOSSY)
    assert figures == RtpFigures(received=145, lost=5, jitter_ms=0.0, rtt_ms=None)
    assert figures.lost_percent == pytest.approx(100 * 5 / 150)


@pytest.mark.parametrize(
    ("counted", "received"),
    [(64_286, 2511), (195_358, 2533), (74_054_430, 2418)],
    ids=["one packet late", "three late", "120 late"],
)
def test_packets_that_come_twice_are_not_65536_that_were_lost(counted: int, received: int) -> None:
    """1,250 packets, each sent again so many packets later: what Asterisk counted of them."""
    figures = rtp_figures(LOSSY.replace("lp=5", f"lp={counted}").replace("rxcount=145", f"rxcount={received}"))
    assert figures is not None
    assert (figures.lost, figures.lost_percent) == (0, 0.0)


@pytest.mark.parametrize("rounds", [1, 2, 1000])
def test_losses_are_counted_beside_rounds_of_numbers_that_there_were_not(rounds: int) -> None:
    figures = rtp_figures(LOSSY.replace("lp=5", f"lp={5 + rounds * 65_536}"))
    assert figures is not None
    assert figures.lost_percent == pytest.approx(100 * 5 / 150)


def test_a_call_most_of_whose_packets_were_lost_says_so() -> None:
    figures = rtp_figures(LOSSY.replace("lp=5", "lp=14500").replace("rxcount=145", "rxcount=500"))
    assert figures is not None
    assert figures.lost_percent == pytest.approx(100 * 14_500 / 15_000)


def test_the_jitter_of_the_callers_audio_is_what_asterisk_reports_to_the_caller() -> None:
    figures = rtp_figures(JITTERY)
    assert figures is not None
    assert figures.jitter_ms == pytest.approx(15.0)
    assert figures.rtt_ms == pytest.approx(42.0)


def test_before_the_first_report_loss_and_jitter_are_not_known() -> None:
    figures = rtp_figures(UNREPORTED)
    assert figures == RtpFigures(received=145, lost=None, jitter_ms=None, rtt_ms=None)
    assert figures.lost_percent is None


def test_a_call_that_sent_nothing_has_no_loss() -> None:
    figures = rtp_figures(LOSSY.replace("rxcount=145", "rxcount=0"))
    assert figures is not None
    assert figures.lost_percent is None


@pytest.mark.parametrize(("cause", "text"), [("16", "normal clearing"), ("0", "no cause given"), ("99", "cause 99")])
def test_a_cause_is_a_number_and_what_it_means(cause: str, text: str) -> None:
    end = channel_end({"cause": cause, "rtp": LOSSY})
    assert (end.cause, end.text) == (int(cause), text)


@pytest.mark.parametrize("cause", ["", "-1", "999", "sixteen", "１６"])
def test_what_is_no_cause_is_not_taken_for_one(cause: str) -> None:
    assert channel_end({"cause": cause}).cause is None


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    end = channel_end({"cause": text, "rtp": text})
    assert end.rtp is None or end.rtp.received >= 0


@given(
    st.lists(st.tuples(st.sampled_from(["lp", "rxcount", "txjitter", "txmes", "rtt", "x"]), st.text() | st.floats()))
)
def test_figures_are_never_negative_nor_infinite(parts: list[tuple[str, object]]) -> None:
    figures = rtp_figures(";".join(f"{name}={value}" for name, value in parts))
    if figures is not None:
        numbers = [figures.received, figures.lost, figures.jitter_ms, figures.rtt_ms, figures.lost_percent]
        assert all(0 <= number < float("inf") for number in numbers if number is not None)
