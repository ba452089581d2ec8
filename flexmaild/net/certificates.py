"""X.509 certificates: subject, names and dates, and whether a key belongs to one.

For those of servers (`net.tls`, `transports.probe`) and for the one with which an application signs in
(`oauth.entra`, `oauth.status`). `cryptography`, 7 MB, is loaded with the first one that is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flexmaild.core.errors import printable

if TYPE_CHECKING:
    from cryptography import x509

# How long before expiry an operator is warned. A server's: Let's Encrypt renews 30 days before. An
# application's, which an administrator has to renew.
SERVER_NOTICE, APPLICATION_NOTICE = timedelta(days=14), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The content of a certificate. Times are aware UTC."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime


def of_der(der: bytes) -> Certificate | None:
    """The certificate; None where it cannot be read."""
    from cryptography import x509

    try:
        return _read(x509.load_der_x509_certificate(der))
    except ValueError:
        return None


def of_pem(pem: str) -> Certificate | None:
    """The first certificate in this text; None where it cannot be read."""
    from cryptography import x509

    try:
        return _read(x509.load_pem_x509_certificate(pem.encode()))
    except ValueError:
        return None


def check_pair(key: str, certificate: str) -> None:
    """Raises ValueError where the RSA key (PEM) is not the certificate's."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(key.encode(), None)
        public = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("not readable") from None
    if not isinstance(private, RSAPrivateKey) or private.public_key() != public:
        raise ValueError("no RSA key, or not the certificate's")


def _read(found: x509.Certificate) -> Certificate:
    return Certificate(
        subject=printable(found.subject.rfc4514_string()),
        issuer=printable(found.issuer.rfc4514_string()),
        names=_names(found),
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
    )


def _names(found: x509.Certificate) -> tuple[str, ...]:
    """The subject's alternative names; none where the extensions cannot be read, the rest is still known."""
    from cryptography import x509

    try:
        held = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.UnsupportedGeneralNameType, x509.DuplicateExtension, ValueError):
        return ()
    names = [str(name) for name in held.get_values_for_type(x509.DNSName)]
    names += [str(address) for address in held.get_values_for_type(x509.IPAddress)]
    return tuple(printable(name) for name in names)
