"""The request mails that the replies answer, composed as the daemon composes them."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from flexmaild.core.model import Approver, MailKind, Request, Terms
from flexmaild.core.work import MailOrder
from flexmaild.mail.compose.write import ComposeSettings, compose

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
REFERENCE = "FM1-" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLM"
ANN = Approver("ann@corp.test", "Ann Approver")
_FACTS = {"answer": "approve", "state": "approved", "noted": 1, "needed": 2, "why": "condition"}
TEXT = """The following changes go live:

https://build.corp.test/job/billing/231?view=log
New rounding of invoices.
All tests passed.

The old version stays installed."""


@lru_cache(maxsize=64)
def request(
    language: str = "en",
    text: str = TEXT,
    reference: str = REFERENCE,
    title: str = "Deploy billing 2.3.1 to production",
    kind: MailKind = MailKind.APPROVAL_REQUEST,
    comment: str = "",
) -> bytes:
    """A mail of ours about one request. comment: what a confirmation or an explanation quotes."""
    terms = Terms(
        title=title,
        text=text,
        approvers=(ANN, Approver("bob@corp.test", "Bob")),
        expires_at=NOW + timedelta(days=7),
        requester="pipeline@corp.test",
        metadata={"Project": "billing", "Version": "2.3.1"},
    )
    return compose(
        MailOrder(kind, to=ANN, language=language, facts={**_FACTS, "comment": comment}),
        Request("ap-nbswy3dpeb3w64tm", terms, NOW),
        reference,
        ComposeSettings("approvals@corp.test", "approvals@corp.test", "corp.test"),
        date=NOW,
    )
