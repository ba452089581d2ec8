"""OAuth over real IMAP and SMTP: tokens of Entra ID (by msal) against Dovecot's OAuth2 passdb and Postfix.

The whole way of a token: sign-in, manager, SASL, server. Dovecot checks signature, issuer, expiry and user.
"""

import base64
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flexmaild.core.errors import Failure, Reason
from flexmaild.core.ports import Envelope
from flexmaild.net.sasl import Credentials
from flexmaild.oauth.manager import TokenManager
from flexmaild.settings.javamail.session import ImapSession, SmtpSession
from flexmaild.transports.imap.inbox import ImapInbox
from flexmaild.transports.smtp.outbox import SmtpOutbox
from tests.support.dovecot import Dovecot, User
from tests.support.fake_microsoft import KEY, FakeMicrosoft
from tests.support.fake_microsoft.bench import Clock, application, mail, sign_in, token_manager
from tests.support.pki import Pki
from tests.support.postfix import Postfix
from tests.support.process import private_directory

pytestmark = pytest.mark.servers
MECHANISMS = ("XOAUTH2", "OAUTHBEARER")


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeMicrosoft]:
    with FakeMicrosoft() as microsoft:
        microsoft.add_app("app")
        yield microsoft


@pytest.fixture(scope="module")
def server(fake: FakeMicrosoft, new_dovecot: Callable[..., Dovecot]) -> Iterator[Dovecot]:
    """A Dovecot that believes the fake's signature."""
    root = private_directory("oauth2")
    key = root / "keys" / "default" / "HS256" / "default"
    key.parent.mkdir(parents=True)
    key.write_text(base64.b64encode(KEY).decode())
    settings = root / "oauth2.conf.ext"
    settings.write_text(
        f"introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={root}/keys/\n"
        f"username_attribute = upn\nissuers = {fake.entra.url}/{fake.tenant}/v2.0\n"
    )
    yield new_dovecot(
        "auth_mechanisms = plain login cram-md5 xoauth2 oauthbearer\n"
        f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {settings}\n}}\n"
    )
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def postfix(pki: Pki, server: Dovecot) -> Iterator[Postfix]:
    made = Postfix(pki, server).start()
    yield made
    made.remove()


def signed_in(fake: FakeMicrosoft, user: User, state: Path) -> TokenManager:
    fake.add_user(user.address, mailbox=False)
    at = token_manager(application(fake, user=user.address, uses=("smtp", "imap")), state)
    sign_in(fake, at, user.address)
    return at


def by_token(at: TokenManager, purpose: str) -> Credentials:
    return Credentials(lambda: "", lambda renew: at.token("m365", purpose, force=renew))  # type: ignore[arg-type]


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_imap_lets_the_user_in_with_a_token(
    fake: FakeMicrosoft, server: Dovecot, pki: Pki, tmp_path: Path, mechanism: str
) -> None:
    user = server.user()
    server.deliver(user, [mail()])
    session = ImapSession(
        "localhost", server.imaps, user=user.address, auth_type="oauth", tls="implicit", ca_file=pki.ca_file,
        mechanisms=(mechanism,),
    )  # fmt: skip
    inbox = ImapInbox(session, by_token(signed_in(fake, user, tmp_path), "imap"))
    assert inbox.open().messages == 1
    inbox.close()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_smtp_lets_the_user_send_with_a_token(
    fake: FakeMicrosoft, server: Dovecot, postfix: Postfix, pki: Pki, tmp_path: Path, mechanism: str
) -> None:
    user = server.user()
    session = SmtpSession(
        "localhost", postfix.submission, user=user.address, auth_type="oauth", tls="starttls",
        ca_file=pki.ca_file,
        mechanisms=(mechanism,),
    )  # fmt: skip
    outbox = SmtpOutbox(session, by_token(signed_in(fake, user, tmp_path), "smtp"))
    data = mail(1, sender=user.address, to=user.address)
    assert outbox.send(Envelope("1@example.com", user.address, (user.address,), data)).answer.startswith(
        "250"
    )
    outbox.close()


def test_a_token_the_server_finds_expired_is_replaced_once(
    fake: FakeMicrosoft, server: Dovecot, pki: Pki, tmp_path: Path
) -> None:
    """One forced refresh, one login more, no loss."""
    user, clock = server.user(), Clock()
    fake.add_user(user.address, mailbox=False)
    fake.entra.lifetime = 3599
    at = token_manager(application(fake, user=user.address, uses=("imap",)), tmp_path, clock)
    sign_in(fake, at, user.address)
    clock.now += 60
    stale = fake.entra.mint("https://outlook.office.com", "app", user=user.address, life=-60)
    given: list[bool] = []

    def token(renew: bool) -> str:
        given.append(renew)
        return at.token("m365", "imap", force=True) if renew else stale

    session = ImapSession(
        "localhost", server.imaps, user=user.address, auth_type="oauth", tls="implicit", ca_file=pki.ca_file
    )
    inbox = ImapInbox(session, Credentials(lambda: "", token))
    assert inbox.open().messages == 0
    assert given == [False, True]
    inbox.close()


def test_a_token_of_another_user_opens_nothing(
    fake: FakeMicrosoft, server: Dovecot, pki: Pki, tmp_path: Path
) -> None:
    user, other = server.user(), server.user()
    session = ImapSession(
        "localhost", server.imaps, user=other.address, auth_type="oauth", tls="implicit", ca_file=pki.ca_file
    )
    inbox = ImapInbox(session, by_token(signed_in(fake, user, tmp_path), "imap"))
    with pytest.raises(Failure) as error:
        inbox.open()
    assert error.value.reason is Reason.AUTH
    assert error.value.cure
    assert "eyJ" not in str(error.value)
