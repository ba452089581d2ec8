"""What a certificate says: whose it is, for which names, until when; and whether a key belongs to it.

For those of servers (`net.tls`, `transports.probe`) and for the one with which an application signs in
(`oauth.entra`, `oauth.status`). Opens no file and no connection. `cryptography`, 7 MB, is loaded when one is
looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flexmaild.core.errors import printable

if TYPE_CHECKING:
    from cryptography import x509

# How long before its end an operator is told. A server's: Let's Encrypt renews 30 days before. An
# application's, which a person has to renew.
SERVER_NOTICE, APPLICATION_NOTICE = timedelta(days=14), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says. Times are aware UTC."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime


def of_der(der: bytes) -> Certificate | None:
    """None where it cannot be read."""
    from cryptography import x509

    try:
        return _read(x509.load_der_x509_certificate(der))
    except ValueError:
        return None


def of_pem(pem: str) -> Certificate | None:
    """The first in this text; None where it cannot be read."""
    from cryptography import x509

    try:
        return _read(x509.load_pem_x509_certificate(pem.encode()))
    except ValueError:
        return None


def check_pair(key: str, certificate: str) -> None:
    """Whether the RSA key (PEM) is the certificate's. Raises ValueError that says what is wrong."""
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
    """Empty where the extensions cannot be read: what else it says is known all the same."""
    from cryptography import x509

    try:
        held = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.UnsupportedGeneralNameType, x509.DuplicateExtension, ValueError):
        return ()
    names = [str(name) for name in held.get_values_for_type(x509.DNSName)]
    names += [str(address) for address in held.get_values_for_type(x509.IPAddress)]
    return tuple(printable(name) for name in names)
