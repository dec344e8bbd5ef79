import io

from hypothesis import given
from hypothesis import strategies as st

from dsp.files.byte_source import ByteSource
from dsp.files.wav_header import Data, data_chunk, is_closed

START = b"RIFF\0\0\0\0WAVE"
LENGTHS = st.integers(0, 0xFFFFFFFF) | st.integers(0, 40)


def chunk(name: bytes, length: int, content: bytes = b"") -> bytes:
    return name + length.to_bytes(4, "little") + content


CHUNKS = st.builds(chunk, st.sampled_from([b"fmt ", b"data", b"LIST", b"\0\0\0\0"]), LENGTHS, st.binary(max_size=20))


@given(st.lists(CHUNKS | st.binary(max_size=20)))
def test_no_header_leads_out_of_the_file_or_round_in_circles(parts: list[bytes]) -> None:
    content = START + b"".join(parts)
    source = ByteSource(io.BytesIO(content))
    data = data_chunk(source)
    if data is not None:
        assert content[data.at - 8 : data.at - 4] == b"data"
        assert content[data.at - 4 : data.at] == data.length.to_bytes(4, "little")
        if is_closed(source, data):
            assert data.at + data.length <= len(content)


def test_the_samples_are_found_behind_chunks_of_odd_length() -> None:
    content = START + chunk(b"LIST", 3, b"abc\0") + chunk(b"data", 2, b"xy")
    source = ByteSource(io.BytesIO(content))
    assert data_chunk(source) == Data(12 + 12 + 8, 2)


def test_what_is_no_wave_has_no_samples() -> None:
    for content in (b"", b"RIFF", b"RIFF\0\0\0\0AVI " + chunk(b"data", 0), START, b"fLaC" + bytes(100)):
        assert data_chunk(ByteSource(io.BytesIO(content))) is None
