"""Requests that are not what they should be, as templates: %S method and target of a request that the
listener carries out, %B a body that such a request may carry, %N its length, %M one more, %X the length in
hexadecimal.

The heads name a header of their own, so that a test can see whether a refusal repeats what was sent.
"""

from typing import Final

from tests.contract.http.talk import Door

SECRET: Final = b"hunter2"
HEAD: Final = b"%S HTTP/1.1\r\nHost: x\r\nX-Own: hunter2\r\nContent-Type: application/json\r\n"
CHUNKED: Final = b"\r\n%X\r\n%B\r\n0\r\n\r\n"
CHUNK: Final = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LENGTH: Final = b"Content-Length: %N\r\n"
PLAIN: Final = HEAD + LENGTH

# Two readers could take these for different requests, so that one may hide another; or they are not HTTP.
# Each is refused and its connection closed.
REFUSED: Final = {
    # Where does a line end?
    "bare LF everywhere": b"%S HTTP/1.1\nHost: x\nX-Own: hunter2\nContent-Length: %N\n\n%B",
    "bare LF in a field": HEAD + b"X-A: b\nX-B: c\r\n" + LENGTH + b"\r\n%B",
    "bare LF before the empty line": PLAIN + b"X-A: b\n\r\n%B",
    "CR alone in a value": PLAIN + b"X-A: b\rX-B: c\r\n\r\n%B",
    "CR alone ends lines": b"%S HTTP/1.1\rHost: x\rContent-Length: %N\r\r%B\r\n\r\n",
    "CR twice": PLAIN + b"X-A: b\r\r\n\r\n%B",
    "folded": PLAIN + b"X-A: b\r\n c\r\n\r\n%B",
    "folded by a tab": PLAIN + b"X-A: b\r\n\tc\r\n\r\n%B",
    "folded first": b"%S HTTP/1.1\r\n Host: x\r\n" + LENGTH + b"\r\n%B",
    # Where does a name end?
    "NUL in a name": HEAD + b"X\x00: a\r\n" + LENGTH + b"\r\n%B",
    "NUL in a value": PLAIN + b"X-A: b\x00c\r\n\r\n%B",
    "no colon": PLAIN + b"no colon\r\n\r\n%B",
    "no name": PLAIN + b": a\r\n\r\n%B",
    "blank in a name": PLAIN + b"X A: b\r\n\r\n%B",
    "blank before a colon": HEAD + b"Content-Length : %N\r\n\r\n%B",
    "letters in a name": PLAIN + b"X-\xc3\xa4: b\r\n\r\n%B",
    # How long is the body?
    "two lengths": PLAIN + b"Content-Length: %M\r\n\r\n%B",
    "two lengths in one": HEAD + b"Content-Length: %N, %M\r\n\r\n%B",
    "length +": HEAD + b"Content-Length: +%N\r\n\r\n%B",
    "length -": HEAD + b"Content-Length: -1\r\n\r\n%B",
    "length 0x": HEAD + b"Content-Length: 0x%X\r\n\r\n%B",
    "length with _": HEAD + b"Content-Length: 0_%N\r\n\r\n%B",
    "length with a blank": HEAD + b"Content-Length: %N 0\r\n\r\n%B",
    "length in words": HEAD + b"Content-Length: many\r\n\r\n%B",
    "length without": HEAD + b"Content-Length:\r\n\r\n%B",
    "length of 30 digits": HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n%B",
    "length and chunked": PLAIN + b"Transfer-Encoding: chunked\r\n" + CHUNKED,
    "chunked and length": HEAD + b"Transfer-Encoding: chunked\r\n" + LENGTH + CHUNKED,
    "chunked, blank before the colon": HEAD + b"Transfer-Encoding : chunked\r\n" + CHUNKED,
    "length and chunked, blank before the colon": PLAIN + b"Transfer-Encoding : chunked\r\n\r\n%B",
    "length and chunked, folded": PLAIN + b"Transfer-Encoding:\r\n chunked\r\n" + CHUNKED,
    "xchunked": HEAD + b"Transfer-Encoding: xchunked\r\n" + CHUNKED,
    "identity and length": PLAIN + b"Transfer-Encoding: identity\r\n\r\n%B",
    "chunked, then gzip": HEAD + b"Transfer-Encoding: chunked, gzip\r\n" + CHUNKED,
    "gzip": HEAD + b"Transfer-Encoding: gzip\r\n\r\n%B",
    "chunk of no number": CHUNK + b"zz\r\n%B\r\n0\r\n\r\n",
    "chunk of +": CHUNK + b"+%X\r\n%B\r\n0\r\n\r\n",
    "chunk of 0x": CHUNK + b"0x%X\r\n%B\r\n0\r\n\r\n",
    "chunk too large to count": CHUNK + b"" + b"f" * 20 + b"\r\n%B\r\n",
    "chunk extension ended by LF": CHUNK + b"%X;a\n%B\r\n0\r\n\r\n",
    "chunk size ended by LF": CHUNK + b"%X\n%B\r\n0\r\n\r\n",
    "chunk longer than it says": CHUNK + b"%X\r\n%Bx\r\n0\r\n\r\n",
    # Which request is it?
    "HTTP/0.9": b"%S\r\n\r\n",
    "no target": b"GET\r\nHost: x\r\n\r\n",
    "no version": b"%S HTTP/\r\nHost: x\r\n\r\n",
    "another protocol": b"%S FTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/7.0": b"%S HTTP/7.0\r\nHost: x\r\n\r\n",
    "version of two digits": b"%S HTTP/01.1\r\nHost: x\r\n\r\n",
    "blank in the target": b"%S x HTTP/1.1\r\nHost: x\r\n\r\n",
    "NUL in the target": b"%S\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "target half an address": b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "zero bytes": bytes(64) + b"\r\n\r\n",
    "method of other letters": b"G\xc3\x84T / HTTP/1.1\r\nHost: x\r\n\r\n",
}

# Refused as well, at a moment when much of it is still to come: the answer may be lost with the connection.
TOO_LARGE: Final = {
    "field of 100 KB": PLAIN + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n%B",
    "name of 100 KB": PLAIN + b"a" * 100_000 + b": b\r\n\r\n%B",
    "3,000 fields": HEAD
    + b"".join(b"X-%d: %s\r\n" % (i, b"a" * 32) for i in range(3000))
    + LENGTH
    + b"\r\n%B",
    "target of 100 KB": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "method of 100 KB": b"G" * 100_000 + b" / HTTP/1.1\r\nHost: x\r\n\r\n",
    "request line without end": b"GET /" + b"a" * 500_000,
    "fields without end": b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 50_000,
    "empty lines without end": b"\r\n" * 200_000,
    "field after a bad one": PLAIN + b"no colon\r\n" + b"x" * 500_000,
}

# The sender sends no more; what has come is no whole request.
CUT: Final = {
    "one letter": b"x",
    "in the request line": b"%S HTTP/1.1",
    "after the request line": b"%S HTTP/1.1\r\n",
    "in a field": b"%S HTTP/1.1\r\nHost: x",
    "before the empty line": b"%S HTTP/1.1\r\nHost: x\r\n",
    "in the empty line": b"%S HTTP/1.1\r\nHost: x\r\n\r",
}


# For the socket alone: who asks for metrics is answered whatever body comes with it.
BODY_TOO_LARGE: Final = {
    "trailers without end": CHUNK + b"%X\r\n%B\r\n0\r\n" + b"X-A: b\r\n" * 50_000,
    "chunk extension without end": CHUNK + b"%X;" + b"a" * 500_000,
    "chunks without end": CHUNK + b"1\r\n \r\n" * 100_000,
    "length of 100 MB": HEAD + b"Content-Length: 100000000\r\n\r\n" + b" " * 500_000,
}
BODY_CUT: Final = {
    "before the body": HEAD + b"Content-Length: %M\r\n\r\n",
    "in the body": HEAD + b"Content-Length: %M\r\n\r\n%B",
    "before the last chunk": CHUNK + b"%X\r\n%B\r\n",
    "in the last chunk": CHUNK + b"%X\r\n%B\r\n0\r\n",
}


def filled(template: bytes, door: Door) -> bytes:
    length = len(door.body)
    values = {b"%S": door.start, b"%N": b"%d" % length, b"%M": b"%d" % (length + 1), b"%X": b"%x" % length}
    for mark, value in values.items():
        template = template.replace(mark, value)
    return template.replace(b"%B", door.body)
