"""What a certificate says of itself, whatever else stands in it."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from flexmaild.net import certificates

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def _application_certificate(value: bytes, oid: str) -> str:
    """Signs in as well as any other; only an extension that nobody needs cannot be read."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "flexmaild")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + timedelta(days=90))
    built = built.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value), False)
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("value", "oid"),
    [
        (b"\x30\x04\xa3\x02\x30\x00", "2.5.29.17"),  # an x400Address among the names: not even a ValueError
        (b"\x30\x03\x82\x01\xff", "2.5.29.17"),  # a DNS name that is not ASCII
        (b"\x01", "2.5.29.15"),
    ],
)
def test_when_a_certificate_ends_is_read_whatever_its_extensions_are(value: bytes, oid: str) -> None:
    found = certificates.of_pem(_application_certificate(value, oid))
    assert found is not None and found.not_after == NOW + timedelta(days=90)
