"""Opaque S/MIME: what is only signed is read, what is encrypted or malformed is not."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.mail.parse.smime import signed_content
from tests.unit.mail.mails import mail, parts, said

ENTITY = b"Content-Type: text/plain; charset=utf-8\r\n\r\nApprove\r\nok\r\n"
SIGNED, DATA = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010701")
ENVELOPED = bytes.fromhex("06092a864886f70d010703")


@cache
def signed(entity: bytes = ENTITY) -> bytes:
    """As a mail program signs it, in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ann")])
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, start, end).sign(
        key, hashes.SHA256()
    )
    builder = pkcs7.PKCS7SignatureBuilder().set_data(entity).add_signer(certificate, key, hashes.SHA256())
    return builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def streamed(entity: bytes = ENTITY, oid: bytes = SIGNED, inner: bytes = DATA) -> bytes:
    """In BER with indefinite lengths and the content in pieces, as programs write it that stream."""
    end = b"\0\0"
    pieces = b"".join(b"\x04" + bytes((len(p),)) + p for p in (entity[:20], entity[20:]))
    content = b"\x30\x80" + inner + b"\xa0\x80\x24\x80" + pieces + end * 3
    return b"\x30\x80" + oid + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00" + content + b"\x31\x00" + end * 3


def smime(data: bytes, kind: str = "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m") -> bytes:
    return mail(
        f"Content-Type: {kind}",
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment; filename=smime.p7m",
        body=base64.encodebytes(data).decode(),
    )


@pytest.mark.parametrize("made", [signed, streamed])
def test_what_is_signed_is_read(made: Callable[[], bytes]) -> None:
    data = made()
    assert signed_content(data) == ENTITY
    for kind in (
        "application/pkcs7-mime",
        "application/x-pkcs7-mime",
        'application/octet-stream; name="smime.p7m"',
    ):
        assert said(smime(data, kind)) == "approve"


@pytest.mark.parametrize(
    "data",
    [
        streamed(oid=ENVELOPED),
        streamed(inner=ENVELOPED),
        streamed()[:60],
        b"",
        b"\x30\x80" * 5000,
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x80" + b"\x04\x00" * 300_000,
        ENTITY,
    ],
)
@pytest.mark.timeout(5)
def test_what_cannot_be_read_decides_nothing(data: bytes) -> None:
    assert signed_content(data) is None
    assert said(smime(data)) == "empty"


def test_what_is_cut_cannot_be_read() -> None:
    assert [n for n in range(0, 150, 7) if signed_content(signed()[:n]) is not None] == []


def test_what_is_signed_may_be_any_mail() -> None:
    inside = parts("alternative", ("text/plain", "Approve"), ("text/html", "<p>Reject</p>"))
    assert said(smime(signed(inside))) == "parts_disagree"
    assert said(smime(streamed(b"\r\nApprove\r\n"))) == "approve"


def test_a_signed_mail_that_is_attached_to_another_is_a_file() -> None:
    code = base64.encodebytes(signed()).decode()
    attached = f"application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n{code}"
    head, _, body = attached.partition("\n\n")
    assert said(parts("mixed", ("text/plain", "Reject"), (head, body))) == "reject"
    assert said(parts("mixed", (head, body), ("text/plain", "Scanned by a gateway."))) == "approve"


def test_messages_within_messages_are_counted() -> None:
    data = ENTITY
    for _ in range(25):
        data = b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n" + signed(
            data
        )
    assert said(b"From: ann@corp.test\r\n" + data) == "unparsable"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_not(data: bytes) -> None:
    signed_content(data)
    signed_content(streamed()[:30] + data)
