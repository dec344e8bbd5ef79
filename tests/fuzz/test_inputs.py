"""What is made of a fuzzer's octets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.inputs import fields_of, in_pieces, split_head, stretched, text_of


@given(st.binary(max_size=200), st.binary(max_size=6))
def test_pieces_are_the_whole_in_order(data: bytes, cuts: bytes) -> None:
    pieces = in_pieces(data, cuts)
    assert b"".join(pieces) == data
    assert all(pieces)


@given(st.binary(max_size=200), st.integers(1, 500))
def test_a_stretched_input_is_as_it_was_or_longer_up_to_the_limit(data: bytes, most: int) -> None:
    made = stretched(data, most)
    assert len(made) <= most
    if data[:1] < b"\xf0":
        assert made == data[1:][:most]
    else:
        assert len(made) >= min(len(data) - 2, most)


def test_a_part_is_repeated_up_to_the_limit() -> None:
    assert stretched(b"\xf0\x01abc", 8) == b"abbbbbbc"
    assert stretched(b"\xf1\x00ab", 8) == b"abababab"


@given(st.binary(max_size=50), st.integers(1, 5))
def test_fields_are_as_many_as_asked_for(data: bytes, count: int) -> None:
    fields = fields_of(text_of(data), count)
    assert len(fields) == count
    assert "\n".join(fields).rstrip("\n").encode("utf-8", "surrogateescape") == data.rstrip(b"\n")


def test_a_head_is_filled_up_with_zeros() -> None:
    assert split_head(b"ab", 4) == (b"ab\0\0", b"")
    assert split_head(b"abcdef", 4) == (b"abcd", b"ef")
