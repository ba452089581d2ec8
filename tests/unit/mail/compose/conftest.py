"""One request and one way to compose, shared by the tests of the mails we write."""

import email
import email.policy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from flexmaild.core.model import Approver, MailKind, Request, Terms
from flexmaild.core.work import MailOrder
from flexmaild.mail.compose.render import Renderer
from flexmaild.mail.compose.write import ComposeSettings, compose

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
REFERENCE = "FM1-" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLM"
ANN = Approver("ann@example.org", "Ann Lee")


class Composer:
    """Composes with defaults; a test gives by keyword what it is about."""

    now = NOW
    reference = REFERENCE
    ann = ANN

    def __init__(self) -> None:
        self.settings = ComposeSettings("noreply@example.org", "approvals@example.org", "example.org")
        self.terms = Terms(
            title="Deploy shop 4.2 to production",
            text="All tests are green.",
            approvers=(ANN, Approver("bo@example.org", "Bo")),
            expires_at=NOW + timedelta(days=7),
            requester="pipeline@example.org",
            metadata={"Project": "shop", "nested": {"a": 1}},
        )

    def data(self, kind: MailKind = MailKind.APPROVAL_REQUEST, **changed: Any) -> bytes:
        terms = replace(self.terms, **changed.pop("terms", {}))
        request: Request | None = replace(
            Request("ap-nbswy3dpeb3w64tm", terms, NOW), **changed.pop("request", {})
        )
        if kind in (MailKind.NOTIFICATION, MailKind.TEST):
            request = None
        sources = changed.pop("sources", None)
        settings = replace(
            self.settings,
            **({"templates": Renderer(sources)} if sources else {}),
            **changed.pop("settings", {}),
        )
        reference = changed.pop("reference", REFERENCE if request else "")
        extra = {n: changed.pop(n) for n in ("attachments", "on_fault", "message_id") if n in changed}
        order = MailOrder(kind, **{"to": ANN, **changed})
        return compose(order, request, reference, settings, date=NOW, **extra)

    def mail(self, kind: MailKind = MailKind.APPROVAL_REQUEST, **changed: Any) -> EmailMessage:
        return read(self.data(kind, **changed))


def read(data: bytes) -> EmailMessage:
    mail = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def content(mail: EmailMessage, subtype: str) -> str:
    part = mail.get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.fixture(scope="session")
def composer() -> Composer:
    return Composer()


@pytest.fixture(scope="session")
def text_of() -> Callable[[EmailMessage], str]:
    return lambda mail: content(mail, "plain")


@pytest.fixture(scope="session")
def html_of() -> Callable[[EmailMessage], str]:
    return lambda mail: content(mail, "html")
