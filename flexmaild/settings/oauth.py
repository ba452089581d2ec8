"""The settings of an application registered at Microsoft Entra ID or Google: which flow needs which
fields."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from flexmaild.core.oauth import CloudName, Flow, Provider
from flexmaild.settings.faults import Finding
from flexmaild.settings.secrets import Secret
from flexmaild.settings.section import Section
from flexmaild.settings.types import AbsolutePath, Line, Number, OptionalUrl


def _public_file(given: object) -> object:
    """{file: PATH} means the same as PATH for a public file."""
    return given["file"] if isinstance(given, dict) and list(given) == ["file"] else given


class Certificate(Section):
    """Certificate credentials, which take the place of a client secret."""

    private_key: Secret
    """Private key in PEM format, preferably {file: PATH}."""
    certificate: Annotated[AbsolutePath, BeforeValidator(_public_file)]
    """PEM file of the certificate uploaded to the application."""

    def findings(self) -> Iterator[Finding]:
        if self.private_key.source == "plain" and "-----BEGIN" not in self.private_key.location:
            yield Finding(("private_key",), "is not a PEM private key; to name a file write {file: PATH}")
        if not Path(self.certificate).is_file():
            yield Finding(("certificate",), "is not a file: give the path of the PEM certificate")


class OAuthApplication(Section):
    """An application registered at a provider."""

    provider: Provider = "microsoft"
    """Provider of the mail service."""
    tenant: Line = ""
    """Directory (tenant) id or domain (Microsoft only)."""
    client_id: Annotated[Line, Field(min_length=1)]
    """Application (client) id."""
    flow: Flow = "device_code"
    """`device_code`: a user signs in on any device. `authorization_code`: a user signs in with a browser on
    this machine. `client_credentials`: the application signs in itself, without a user."""
    client_secret: Secret | None = None
    """Client secret; `client_credentials` needs it unless a certificate is given."""
    certificate: Certificate | None = None
    """Certificate credentials, used instead of a client secret."""
    authority: OptionalUrl = ""
    """URL of the sign-in service. Default: that of the cloud."""
    cloud: CloudName = "global"
    """Cloud of the tenant (Microsoft only)."""
    scopes: tuple[Line, ...] = ()
    """Scopes to request. Default: those the transports need."""
    redirect_port: Annotated[Number, Field(ge=0, le=65535)] = 0
    """Local port of the redirect URI (`authorization_code`); 0: any free port."""
    token_key: Secret | None = None
    """Key that encrypts the stored tokens. Default: a key in the same directory, generated at the first
    start."""
    ca_file: AbsolutePath | None = None
    """PEM file of certificate authorities for the sign-in service, used instead of the system's."""

    def findings(self) -> Iterator[Finding]:
        if self.provider == "google":
            yield from self._google()
            return
        if not self.tenant:
            yield Finding(
                ("tenant",), "is required for Microsoft: the directory (tenant) id or a domain of yours"
            )
        if self.client_secret and self.certificate:
            yield Finding(("client_secret",), "is given together with a certificate: keep one of the two")
        if self.flow == "client_credentials" and not (self.client_secret or self.certificate):
            yield Finding(("flow",), "client_credentials needs a client_secret or a certificate")

    def _google(self) -> Iterator[Finding]:
        # Google's list of scopes for limited-input devices (device_code) has none for mail.
        if self.flow != "authorization_code":
            yield Finding(("flow",), "must be authorization_code: Google grants mail to no other flow")
        if not self.client_secret:
            text = "is missing, and Google demands it even of desktop applications"
            yield Finding(("client_secret",), text, grave=False)
