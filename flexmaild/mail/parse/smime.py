"""The content of an opaque S/MIME message (RFC 8551 section 3.5): what is signed can be read without a key.

Called by `parse.message`. A bounded walk over the few BER tags (X.690) that lead to it, since `cryptography`
gives a signed message's certificates but not its content. The signature is not looked at: who wrote a mail is
for `core.approval.admission` to say, as with any other. What is encrypted stays closed. Never raises.
"""

from collections.abc import Iterator
from dataclasses import dataclass

KINDS = ("application/pkcs7-mime", "application/x-pkcs7-mime")
# id-data and id-signedData of RFC 5652 sections 4 and 5, as they are encoded.
_DATA = bytes.fromhex("2a864886f70d010701")
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_SEQUENCE, _OID, _OCTETS, _PIECES_OF_OCTETS, _EXPLICIT = 0x30, 0x06, 0x04, 0x24, 0xA0
# Programs that stream write the content in pieces of a KiB or more; nothing on the way is deeper than this.
_MOST_VALUES, _DEEPEST = 100_000, 12


class _Malformed(Exception):
    pass


@dataclass(frozen=True, slots=True)
class _Value:
    """One tag, where its content begins and ends, and where the next value begins."""

    tag: int
    start: int
    stop: int
    after: int


def signed_content(data: bytes) -> bytes | None:
    """The MIME entity inside, None where there is none that can be read."""
    walk = _Walk(data)
    try:
        info = walk.inside(walk.at(0, len(data)), _SEQUENCE)
        if walk.text(next(info), _OID) != _SIGNED_DATA:
            return None
        signed = walk.inside(next(walk.inside(next(info), _EXPLICIT)), _SEQUENCE)
        next(signed), next(signed)  # version and digest algorithms
        content = walk.inside(next(signed), _SEQUENCE)
        if walk.text(next(content), _OID) != _DATA:
            return None
        return walk.octets(next(walk.inside(next(content), _EXPLICIT)))
    except (_Malformed, StopIteration):
        return None


class _Walk:
    """Reads values, and not more of them than a mail has."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = _MOST_VALUES

    def text(self, value: _Value, tag: int) -> bytes:
        if value.tag != tag:
            raise _Malformed
        return self.data[value.start : value.stop]

    def octets(self, value: _Value) -> bytes:
        """An octet string, in one piece or in several."""
        if value.tag == _OCTETS:
            return self.text(value, _OCTETS)
        return b"".join(self.text(piece, _OCTETS) for piece in self.inside(value, _PIECES_OF_OCTETS))

    def inside(self, value: _Value, tag: int) -> Iterator[_Value]:
        if value.tag != tag:
            raise _Malformed
        at = value.start
        while at < value.stop:
            child = self.at(at, value.stop)
            yield child
            at = child.after

    def at(self, at: int, end: int, depth: int = 0) -> _Value:
        """The value that begins here. One of indefinite length is walked through to its end mark."""
        data = self.data
        self.left -= 1
        if at + 2 > end or data[at] & 0x1F == 0x1F or depth > _DEEPEST or self.left < 0:
            raise _Malformed
        tag, length, start = data[at], data[at + 1], at + 2
        if length == 0x80:
            stop = start
            while data[stop : stop + 2] != b"\0\0":
                stop = self.at(stop, end, depth + 1).after
            return _Value(tag, start, stop, stop + 2)
        if length > 0x80:
            count = length & 0x7F
            if count > 4 or start + count > end:
                raise _Malformed
            length, start = int.from_bytes(data[start : start + count], "big"), start + count
        if start + length > end:
            raise _Malformed
        return _Value(tag, start, start + length, start + length)
