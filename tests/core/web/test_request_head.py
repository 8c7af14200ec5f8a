"""Which heads of requests are taken, and what is read off them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix_core.web.request_head import (
    BAD_REQUEST,
    END,
    SEVERAL_LENGTHS,
    TOO_LARGE,
    TOO_LARGE_BODY,
    TOO_LONG_LINE,
    BadHead,
    RequestHead,
    is_hopeless,
    read_head,
    too_large,
)


def head(*fields: bytes, line: bytes = b"POST /webhook/x?y HTTP/1.1", host: bytes = b"Host: here") -> bytes:
    return b"\r\n".join(part for part in (line, host, *fields) if part) + END


def read(*fields: bytes, line: bytes = b"POST /webhook/x?y HTTP/1.1") -> RequestHead:
    found = read_head(head(*fields, line=line))
    assert isinstance(found, RequestHead)
    return found


def test_a_head_is_read() -> None:
    found = read(b"Content-Length: 12", b"X-Odd: \t a \xff b\t ", b"EXPECT: 100-Continue", b"empty:")
    assert found == RequestHead(
        method=b"POST",
        target=b"/webhook/x?y",
        headers=(
            (b"host", b"here"),
            (b"content-length", b"12"),
            (b"x-odd", b"a \xff b"),
            (b"expect", b"100-Continue"),
            (b"empty", b""),
        ),
        length=12,
        keep=True,
        waits=True,
    )
    assert found.has(b"x-odd")
    assert not found.has(b"x")


@pytest.mark.parametrize(
    "line",
    [
        b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b"GET / HTTP/1.1 ", b" GET / HTTP/1.1", b"GET /",
        b"GET / a HTTP/1.1", b"GET / HTTP/0.9", b"GET / HTTP/1.2", b"GET / HTTP/2.0", b"GET / http/1.1",
        b"GET / SPDY/9", b"PRI * HTTP/2.0", b"DESCRIBE / RTSP/1.0", b"SOURCE / ICE/1.0",
        b"\r\nGET / HTTP/1.1", b"\nGET / HTTP/1.1", b"get / HTTP/1.1", b"FETCH / HTTP/1.1",
        b"GET here HTTP/1.1", b"GET /\xff HTTP/1.1", b"GET /\0 HTTP/1.1", b"GET /\t HTTP/1.1",
        b"GET / HTTP/1.1\n", b"GET / HTTP/1.1\r",
    ],
)  # fmt: skip
def test_a_request_line_that_is_not_exactly_one_is_refused(line: bytes) -> None:
    assert read_head(head(line=line)) == BAD_REQUEST


@pytest.mark.parametrize(
    "field",
    [
        b"X : 1", b": 1", b"X", b" X: 1", b"X: 1\r\n folded", b"X: 1\r\n\tfolded", b"X: 1\0", b"X: 1\x01",
        b"X: 1\x7f", b"X: 1\nY: 2", b"X: 1\rY: 2", b"X: 1\r", b"X\0: 1", b"X(: 1", b"Host: there",
        b"Content-Length: two", b"Content-Length: -2", b"Content-Length: +2", b"Content-Length: 0x2",
        b"Content-Length: 2, 2", b"Content-Length: 1 2", b"Content-Length:",
        b"Content-Length: " + b"0" * 20 + b"2", b"Content-Length: " + b"9" * 21,
        b"Content-Length: 2\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2", b"Transfer-Encoding: gzip",
        b"Transfer-Encoding:", b"Transfer-Encoding: chunked, gzip",
    ],
)  # fmt: skip
def test_a_header_that_two_readers_could_take_differently_is_refused(field: bytes) -> None:
    assert read_head(head(field)) == BAD_REQUEST


@pytest.mark.parametrize("newline", [b"\n", b"\n\r", b"\r"])
def test_lines_end_in_one_way_only(newline: bytes) -> None:
    assert read_head(head(b"X: 1").replace(b"\r\n", newline)) == BAD_REQUEST
    assert read_head(b"GET / HTTP/1.1" + newline + b"Host: here" + END) == BAD_REQUEST


def test_several_lengths_are_refused_even_when_equal() -> None:
    for second in (b"Content-Length: 2", b"content-length: 3", b"CONTENT-LENGTH:2"):
        assert read_head(head(b"Content-Length: 2", b"X: 1", second)) == SEVERAL_LENGTHS


def test_a_length_beyond_counting_is_too_large() -> None:
    assert read_head(head(b"Content-Length: " + b"9" * 20)) == TOO_LARGE_BODY
    assert read(b"Content-Length: 18446744073709551615").length == (1 << 64) - 1


def test_one_host_is_named_in_1_1_and_at_most_one_in_1_0() -> None:
    assert read_head(head(host=b"")) == BAD_REQUEST
    assert isinstance(read_head(head(line=b"GET / HTTP/1.0", host=b"")), RequestHead)
    assert read_head(head(b"Host: here", line=b"GET / HTTP/1.0")) == BAD_REQUEST


@pytest.mark.parametrize(
    "fields",
    [
        (b"Connection: close",),
        (b"Connection: x , CLOSE",),
        (b"Connection: close", b"Connection: keep-alive"),
        (b"Connection: Upgrade", b"Upgrade: h2c"),
    ],
)
def test_who_wants_the_end_or_another_language_is_not_kept(fields: tuple[bytes, ...]) -> None:
    assert not read(*fields, b"Content-Length: 2").keep
    assert not read(*fields, line=b"GET / HTTP/1.1").keep


def test_http_1_0_is_not_kept_and_not_told_to_continue() -> None:
    found = read(b"Connection: keep-alive", b"Expect: 100-continue", line=b"GET / HTTP/1.0")
    assert (found.keep, found.waits) == (False, False)


def test_what_announces_a_body_has_one() -> None:
    assert read(b"Content-Length: 1").has_body
    assert read(b"Transfer-Encoding: chunked").has_body
    assert not read(b"Content-Length: 0").has_body
    assert not read().has_body
    assert read().length is None


def test_a_head_over_a_limit_is_known_before_it_is_whole() -> None:
    line, fields = b"GET /" + b"a" * 20, b"\r\nX: " + b"a" * 20
    for data in (bytearray(line), bytearray(line + fields)):
        assert too_large(data, len(data), len(line), len(fields)) is None
        assert too_large(data, len(data), len(line) - 1, len(fields)) == TOO_LONG_LINE
    data = bytearray(line + fields + b"\r\n\r\nbody")
    assert too_large(data, len(line + fields), len(line), len(fields) - 1) == TOO_LARGE


@pytest.mark.parametrize("start", [b"\x16\x03\x01", b"\r\nGET /", b" GET /", b"GET / HTTP/1.1\nHost: x"])
def test_what_no_head_can_come_of_is_known_at_once(start: bytes) -> None:
    assert is_hopeless(bytearray(start), 0)


def test_a_newline_is_judged_by_what_stood_before_it_though_that_was_looked_at() -> None:
    assert not is_hopeless(bytearray(b"GET / HTTP/1.1\r\nHost"), 15)
    assert is_hopeless(bytearray(b"GET / HTTP/1.1\n"), 14)
    assert not is_hopeless(bytearray(), 0)


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(read_head(data + END), BadHead)


@given(
    st.sampled_from([b"GET", b"POST", b"HEAD"]),
    st.lists(
        st.tuples(
            st.from_regex(rb"x-[a-z0-9!#$%&'*+.^_`|~-]{1,12}", fullmatch=True),
            st.from_regex(rb"([!-~\x80-\xff]([\t -~\x80-\xff]{0,20}[!-~\x80-\xff])?)?", fullmatch=True),
        ),
        max_size=6,
    ),
    st.integers(0, 10**19),
)
def test_a_lawful_head_is_read_as_it_was_written(
    method: bytes, fields: list[tuple[bytes, bytes]], length: int
) -> None:
    lines = [name + b": " + value for name, value in fields]
    found = read(*lines, b"content-length: %d" % length, line=method + b" /a HTTP/1.1")
    assert found.method == method
    assert found.headers[1:-1] == tuple(fields)
    assert found.length == length
