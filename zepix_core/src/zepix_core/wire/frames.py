"""Frames: how messages are told apart on a byte stream: 4 bytes big-endian length, then the body."""

from zepix_core.errors import WireError

HEADER = 4
MAX_FRAME = 8 * 1024 * 1024


def frame(body: bytes) -> bytes:
    """The body with its length in front.

    Raises:
        WireError: The body is longer than `MAX_FRAME` bytes; nothing was sent.
    """
    if len(body) > MAX_FRAME:
        raise WireError(
            f"a message of {len(body)} bytes is beyond the {MAX_FRAME} bytes of a frame.",
            "Send less at once, or in several calls.",
        )
    return len(body).to_bytes(HEADER, "big") + body


class FrameDecoder:
    """Cuts a byte stream into bodies; pieces may be of any size."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted: int | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes, return the bodies that are complete now, in order.

        Raises:
            WireError: A length beyond `MAX_FRAME`, before room is made for it. The stream is lost then:
                bodies that were complete before it are not returned.
        """
        buffer = self._buffer
        buffer += data
        bodies: list[bytes] = []
        start = 0
        while True:
            if self._wanted is None:
                if len(buffer) - start < HEADER:
                    break
                self._wanted = self._length(buffer[start : start + HEADER])
                start += HEADER
            end = start + self._wanted
            if len(buffer) < end:
                break
            bodies.append(bytes(buffer[start:end]))
            start, self._wanted = end, None
        del buffer[:start]
        return bodies

    def _length(self, header: bytearray) -> int:
        length = int.from_bytes(header, "big")
        if length > MAX_FRAME:
            raise WireError(
                f"a frame announces {length} bytes, more than {MAX_FRAME}.",
                "The other side does not speak the protocol; something printed onto it, or it is broken.",
            )
        return length

    @property
    def partial(self) -> bool:
        """True while a frame has begun and is not complete."""
        return self._wanted is not None or bool(self._buffer)
