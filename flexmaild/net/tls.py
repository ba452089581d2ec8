"""TLS to mail servers: which authorities and versions are accepted, and why a certificate was refused.

Verification is always on, with the system's authorities or the operator's file; only hosts that the settings
name under `ssl.trust` are not verified. A failure never leads to a connection without TLS.
"""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime

from flexmaild.core.errors import Failure, GiveUp, Reason
from flexmaild.net import certificates
from flexmaild.net.certificates import Certificate
from flexmaild.net.deadline_socket import CertificateRefused, DeadlineSocket
from flexmaild.settings.javamail.session import Session

_VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
# X509_V_ERR_* of OpenSSL's x509_vfy.h.
_NOT_YET_VALID, _EXPIRED, _HOST_MISMATCH, _IP_MISMATCH = 9, 10, 62, 64
_UNKNOWN_AUTHORITY = {18, 19, 20, 21, 27}


def _context_for(session: Session) -> ssl.SSLContext:
    """The context for this server. Raises GiveUp(TLS) when the settings cannot be satisfied here."""
    try:
        context = ssl.create_default_context(cafile=session.ca_file or None)
        _limit_versions(context, session.tls_versions)
        if session.ciphers:
            context.set_ciphers(":".join(session.ciphers))
    except (OSError, ssl.SSLError, KeyError) as error:
        file = f" (CA file {session.ca_file})" if session.ca_file else ""
        raise GiveUp(
            Reason.TLS,
            f"the TLS settings cannot be used{file}: {error}",
            step="tls",
            server=session.host,
            cure="Check the CA file, the TLS versions and the cipher names in the settings.",
        ) from error
    context.check_hostname = session.check_identity and not is_trusted_unseen(session)
    if is_trusted_unseen(session):
        context.verify_mode = ssl.CERT_NONE
    return context


def is_trusted_unseen(session: Session) -> bool:
    """Whether the settings accept any certificate from this server (mail.*.ssl.trust)."""
    host = session.host.lower()
    return any(name == "*" or name.lower() == host for name in session.trust)


def secure(
    connection: DeadlineSocket, session: Session, fetch: Callable[[ssl.SSLContext], Certificate | None]
) -> None:
    """The handshake. A refused certificate is fetched once more on another connection (`fetch`, which sends
    nothing but the opening of the protocol), to report its content."""
    context = _context_for(session)
    try:
        connection.start_tls(context, session.host)
    except CertificateRefused as refused:
        raise explain(refused, session, fetch(_unverified())) from refused


def read_certificate(connection: DeadlineSocket) -> Certificate | None:
    """The certificate that the server sent, None where it cannot be read."""
    der = connection.tls.getpeercert(binary_form=True) if connection.tls else None
    return certificates.of_der(der) if der else None


def explain(refused: CertificateRefused, session: Session, seen: Certificate | None) -> Failure:
    """The failure that says what was wrong with which certificate, and the cure."""
    text, cure = _reason_and_cure(refused, session, seen)
    return GiveUp(
        Reason.TLS, f"the certificate was refused: {text}", step="tls", server=refused.server, cure=cure
    )


def _reason_and_cure(
    refused: CertificateRefused, session: Session, seen: Certificate | None
) -> tuple[str, str]:
    if refused.code == _EXPIRED:
        when = f" on {seen.not_after:%Y-%m-%d}" if seen else ""
        return f"it expired{when}", "The server's administrator has to renew it."
    if refused.code == _NOT_YET_VALID:
        when = f" before {seen.not_before:%Y-%m-%d}" if seen else ""
        now = datetime.now(UTC)
        return f"it is not valid{when}", f"Check this machine's clock; it says {now:%Y-%m-%d %H:%M} UTC."
    if refused.code in {_HOST_MISMATCH, _IP_MISMATCH}:
        names = ", ".join(seen.names[:10]) if seen and seen.names else "no name"
        return (
            f"it is not for {session.host!r}, but for {names}",
            "Put a name the certificate holds into the host setting.",
        )
    if refused.code in _UNKNOWN_AUTHORITY:
        issuer = f" ({seen.issuer})" if seen else ""
        source = f"the file {session.ca_file}" if session.ca_file else "this system's certificate authorities"
        return (
            f"its issuer{issuer} is not among {source}",
            "Install the issuer's CA certificate on this system, or name its PEM file in the settings.",
        )
    return refused.text, "Ask the server's administrator, or see `openssl s_client -connect`."


def _limit_versions(context: ssl.SSLContext, names: tuple[str, ...]) -> None:
    if not names:
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996 retires 1.0 and 1.1
        return
    wanted = sorted(_VERSIONS[name] for name in names)
    context.minimum_version, context.maximum_version = wanted[0], wanted[-1]


def _unverified() -> ssl.SSLContext:
    """For reading a refused certificate only; no secret is ever sent over such a connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
