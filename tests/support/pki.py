"""Certificates for tests: a CA that is trusted, one that is not, and servers good, misnamed and expired."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

# What every server of the kit is reached by.
NAMES = ("localhost", "mail.test", "127.0.0.1")


@dataclass(frozen=True)
class Pki:
    """ca_file: what a client trusts. other_ca_file: a CA that issued nothing here.

    Servers are named "good", "wrong_name", "expired" and "unknown_ca".
    """

    directory: Path

    @property
    def ca_file(self) -> str:
        return str(self.directory / "ca.pem")

    @property
    def other_ca_file(self) -> str:
        return str(self.directory / "other-ca.pem")

    def chain(self, server: str = "good") -> str:
        return str(self.directory / f"{server}.pem")

    def key(self, server: str = "good") -> str:
        return str(self.directory / f"{server}.key")

    def context(self, server: str = "good") -> ssl.SSLContext:
        """For a server's side of TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain(server), self.key(server))
        return context


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return make_pki(tmp_path_factory.mktemp("pki"))


def make_pki(directory: Path) -> Pki:
    """Issue everything into this directory, which becomes readable for the servers."""
    made = Pki(directory)
    made.directory.chmod(0o755)
    ca, other = trustme.CA(), trustme.CA()
    ca.cert_pem.write_to_path(made.ca_file)
    other.cert_pem.write_to_path(made.other_ca_file)
    servers = {
        "good": ca.issue_cert(*NAMES),
        "wrong_name": ca.issue_cert("other.example"),
        "expired": ca.issue_cert(*NAMES, not_after=datetime(2020, 1, 1, tzinfo=UTC)),
        "unknown_ca": other.issue_cert(*NAMES),
    }
    for name, certificate in servers.items():
        certificate.private_key_pem.write_to_path(made.key(name))
        Path(made.chain(name)).write_bytes(b"".join(pem.bytes() for pem in certificate.cert_chain_pems))
    return made
