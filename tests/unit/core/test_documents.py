"""The public documents: every field is always given, and what two of them share is the same."""

import json
from dataclasses import MISSING, fields, is_dataclass

import pytest

from flexmaild.core.approval import state_machine
from flexmaild.core.approval.events import Answered, Bounced
from flexmaild.core.documents import approvals, as_json, decision, diagnosis, events, queues, service
from flexmaild.core.model import Answer, MailFacts, Outcome
from flexmaild.core.parsed_reply import Bounce
from flexmaild.core.reasons import ReplyReason
from flexmaild.core.work import Reply
from tests.unit.core.make import NOW, opened

MODULES = (approvals, diagnosis, events, queues, service)
DOCUMENTS = [
    one
    for module in MODULES
    for one in vars(module).values()
    if isinstance(one, type) and is_dataclass(one) and one.__module__ == module.__name__
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.__name__)
def test_no_field_of_a_document_has_a_default(document: type) -> None:
    """So none can be forgotten by whoever makes one, and a caller may count on each."""
    assert is_dataclass(document)
    assert all(one.default is one.default_factory is MISSING for one in fields(document))


def test_names_of_documents_are_distinct() -> None:
    assert len({one.__name__ for one in DOCUMENTS}) == len(DOCUMENTS)


def test_a_sink_hears_of_a_verdict_what_a_caller_is_shown() -> None:
    request = opened("alice@corp.test")
    who = request.invitations[0].approver.address
    said = Answered(0, Answer.APPROVE, "fine", "dmarc", MailFacts(who, "0" * 64, "m1@corp.test"))
    closed = state_machine.step(request, said, NOW).request
    told, shown = json.loads(decision.event(closed)), as_json(approvals.approval(closed, NOW))
    assert told["data"]["verdicts"] == shown["verdicts"] != []
    assert shown["verdicts"][0]["message_id"] == "<m1@corp.test>"
    assert told["data"]["decided_at"] == shown["decided_at"] == told["time"]
    assert told["data"]["requested_at"] == shown["created_at"] and shown["created_at"].endswith("Z")


def test_a_reply_is_shown_with_where_it_is_from() -> None:
    read = Reply(
        "ap-x", NOW, Outcome.DECISION, ReplyReason.DELIVERY_REPORT, MailFacts("a@corp.test", "0" * 64)
    )
    shown = as_json(approvals.reply(read))
    assert shown["from"] == "a@corp.test" and "from_" not in shown
    assert shown["outcome"] == "decision"


def test_what_sinks_hear_shows_no_reference() -> None:
    """Servers repeat our Message-IDs, and senders put into theirs what they like."""
    reference = f"FM1-{'K7' * 22}Q"
    asked = opened("alice@corp.test", quorum="all")
    bounce = Bounce(
        "alice@corp.test", True, "5.1.1", f"<{reference.lower()}.noted.7@corp.test> not delivered"
    )
    gone = state_machine.step(asked, Bounced(0, bounce), NOW).request
    said = Answered(
        0, Answer.REJECT, "no", "dmarc", MailFacts("a@b.test", "0" * 64, f"{reference}@corp.test")
    )
    closed = state_machine.step(asked, said, NOW).request
    for event in (decision.unreachable(gone, 0, NOW), decision.event(closed)):
        assert reference[8:] not in event.upper() and reference[:8] in event.upper()
