"""See tests/scenarios/test_att21.py."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic_core import PydanticCustomError

from flexmaild.core import retry
from flexmaild.core.errors import Failure, NotAllowed, Reason
from flexmaild.core.work import Job, Queue
from flexmaild.engine import decide
from flexmaild.net import certificates, connect
from flexmaild.settings import types
from flexmaild.settings.session import SmtpSession
from flexmaild.system import deadline as module
from flexmaild.system.deadline import Deadline

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_a_rule_of_ours_that_a_job_breaks_makes_no_approver_unreachable() -> None:
    """It was a bug of ours, with the reason `other`, before NotAllowed was a Failure."""
    job = Job(
        "m-a",
        Queue.OUTBOX,
        "outgoing",
        "approval_request",
        "k",
        {},
        NOW,
        NOW,
        approval_id="ap-a",
        invitation=0,
    )
    end = retry.after_failure(job, NotAllowed("to.address", "is none"), NOW, timedelta(days=5), 0.5)
    assert decide._unreachable(job, end) is None


@pytest.mark.parametrize("host", ["fe80::1%a\nb", "fe80::1%a\r\nHost: x", "fe80::1%a b", "fe80::1%\x07"])
def test_a_scope_with_blanks_or_control_characters_is_no_host(host: str) -> None:
    with pytest.raises(PydanticCustomError):
        types._host(host)


@pytest.mark.parametrize("host", ["127.1", "0", "mail.1"])
def test_what_resolvers_take_is_a_host(host: str) -> None:
    if host != "mail.1":  # a name in /etc/hosts may end in a number
        assert socket.getaddrinfo(host, 25)
    assert types._host(host) == host


def test_a_deadline_that_passes_between_two_looks_is_a_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        session = SmtpSession(host="127.0.0.1", port=server.getsockname()[1])
        found = connect.resolve("127.0.0.1", session.port, 5)
        monkeypatch.setattr(connect, "resolve", lambda *_: found)
        moments = iter([9.999, 10.0, 10.1, 10.2])

        class Time:
            @staticmethod
            def monotonic() -> float:
                return next(moments)

        monkeypatch.setattr(module, "time", Time)
        with pytest.raises(Failure) as failure:
            connect._direct(session, "s", Deadline(10.0))
        assert failure.value.reason is Reason.TIMEOUT, str(failure.value)


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
