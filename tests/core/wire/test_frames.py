"""Frames cut a byte stream into the bodies that were put in, however it is broken up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix_core.errors import WireError
from zepix_core.wire.frames import HEADER, MAX_FRAME, FrameDecoder, frame

bodies = st.lists(st.binary(max_size=200), max_size=12)


@settings(deadline=None)
@given(bodies, st.lists(st.integers(1, 50), min_size=1, max_size=30))
def test_bodies_come_out_as_they_went_in_however_the_stream_is_cut(
    sent: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(frame(body) for body in sent)
    decoder, received, position = FrameDecoder(), [], 0
    for turn in range(len(stream) + 1):
        size = cuts[turn % len(cuts)]
        received += decoder.feed(stream[position : position + size])
        position += size
    assert received == sent
    assert not decoder.partial


@settings(deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_are_either_cut_or_refused(data: bytes) -> None:
    decoder = FrameDecoder()
    try:
        received = decoder.feed(data)
    except WireError:
        return
    whole = b"".join(frame(body) for body in received)
    assert data.startswith(whole)
    assert decoder.partial == (len(data) > len(whole))


def test_a_length_beyond_the_cap_is_refused_before_its_body_comes() -> None:
    with pytest.raises(WireError, match="announces"):
        FrameDecoder().feed((MAX_FRAME + 1).to_bytes(HEADER, "big"))


def test_the_longest_frame_passes() -> None:
    body = bytes(MAX_FRAME)
    assert FrameDecoder().feed(frame(body)) == [body]


def test_a_body_beyond_the_cap_is_not_sent() -> None:
    with pytest.raises(WireError, match="beyond"):
        frame(bytes(MAX_FRAME + 1))


def test_a_stream_that_ends_within_a_frame_is_partial() -> None:
    decoder = FrameDecoder()
    assert decoder.feed(frame(b"whole") + b"\x00\x00") == [b"whole"]
    assert decoder.partial
