"""Set-up that the tests of OAuth and Graph share: a token manager on the fake, a mailbox's API, mails."""

import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flexmaild.oauth.grants import ApplicationStatus, OAuthApplication
from flexmaild.oauth.manager import TokenManager
from flexmaild.oauth.token_store import TokenStore
from flexmaild.transports.graph.api import GraphApi

from . import FakeMicrosoft

USER = "bot@example.com"
KEY = "a token key of at least thirty-two characters"


class Clock:
    """A clock that only tests move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def application(fake: FakeMicrosoft, **facts: Any) -> OAuthApplication:
    """The application "app" of the fake, by device code unless told otherwise."""
    given = {
        "tenant": fake.tenant,
        "authority": fake.login.url,
        "ca_file": fake.ca_file,
        "user": USER,
        **facts,
    }
    return OAuthApplication("microsoft", "app", **given)


def token_manager(
    applications: OAuthApplication | dict[str, OAuthApplication], state: Path, clock: Clock | None = None
) -> TokenManager:
    """A token manager whose monotonic clock is `clock`; one application is called "m365"."""
    table = applications if isinstance(applications, dict) else {"m365": applications}
    more: dict[str, Any] = {"monotonic": clock} if clock else {}
    return TokenManager(table, TokenStore(state / "tokens", dict.fromkeys(table, lambda: KEY)), **more)


def sign_in(fake: FakeMicrosoft, at: TokenManager, user: str = USER, name: str = "m365") -> ApplicationStatus:
    """Somebody authorises the application, by whichever flow it has."""
    fake.entra.interval = 0
    shown = at.begin(name)
    if shown.code:
        fake.entra.enter_code(shown.code, user)
        return at.wait(name)
    action, fields = fake.entra.approve(shown.address, user)
    browser = threading.Thread(target=post, args=(action, fields))
    browser.start()
    try:
        return at.wait(name)
    finally:
        browser.join()


def post(address: str, fields: dict[str, str]) -> int:
    """What a browser does with the sign-in service's form."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, urlencode(fields).encode(), timeout=10) as answer:
        return int(answer.status)


def api(
    fake: FakeMicrosoft,
    user: str = USER,
    *,
    token: Callable[[bool], str] | None = None,
    mailbox: str | None = None,
    scp: str = "Mail.Send Mail.ReadWrite",
    trace: Callable[[str], None] | None = None,
) -> GraphApi:
    """Graph for a mailbox, with a token that lives."""
    own, box = fake.graph_token(user, scp), user if mailbox is None else mailbox
    return GraphApi(fake.graph_url, box, token or (lambda _: own), fake.ca_file, trace)


def mail(number: int | str = 1, body: str = "Approve", sender: str = USER, to: str = USER) -> bytes:
    """A small mail of our own."""
    head = f"From: {sender}\r\nTo: {to}\r\nMessage-ID: <{number}@example.com>\r\nSubject: reply {number}\r\n"
    return f"{head}\r\n{body}\r\n".encode()
