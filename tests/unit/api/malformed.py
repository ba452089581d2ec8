"""Heads of requests that are not HTTP/1.1, and what both of our servers have to say to them."""

from typing import Final

HEAD: Final = b"GET %s HTTP/1.1\r\nHost: x\r\n"
# In each, %s is the path of something that is there.
MALFORMED: Final = {
    "one letter": b"x",
    "zero bytes": b"\x00\x01\x02\r\n\r\n",
    "no target": b"GET\r\n\r\n",
    "HTTP/0.9": b"GET %s\r\n\r\n",
    "no version": b"GET %s HTTP/x.y\r\n\r\n",
    "another protocol": b"GET %s FTP/1.1\r\n\r\n",
    "version of two digits": b"GET %s HTTP/01.1\r\n\r\n",
    "version in other digits": b"GET %s HTTP/1.\xb2\r\n\r\n",
    "a blank in the target": b"GET %s x HTTP/1.1\r\nHost: x\r\n\r\n",
    "a half address": b"GET http://[::1%s HTTP/1.1\r\nHost: x\r\n\r\n",
    "lines end by CR": b"GET %s HTTP/1.1\rA: b\r\r",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "cut in the line": b"GET %s HTTP/1.1",
    "cut behind the line": HEAD,
    "cut in a field": HEAD + b"Host: x",
    "cut before the empty line": HEAD + b"Host: x\r\n",
    "no colon": HEAD + b"no colon\r\n\r\n",
    "no name": HEAD + b": empty\r\n\r\n",
    "a blank in the name": HEAD + b"bad name: x\r\n\r\n",
    "a blank before the colon": HEAD + b"Host : x\r\n\r\n",
    "letters in the name": HEAD + b"\x80\xff: x\r\n\r\n",
    "NUL in the value": HEAD + b"A: b\x00c\r\n\r\n",
    "CR in the value": HEAD + b"A: b\rC: d\r\n\r\n",
    "folded first": HEAD + b" folded: x\r\n\r\n",
    "folded": HEAD + b"A: b\r\n c\r\n\r\n",
    "much behind it": HEAD + b"no colon\r\n" + b"x" * 500_000,
}


def raw(name: str, path: bytes) -> bytes:
    return MALFORMED[name].replace(b"%s", path)
