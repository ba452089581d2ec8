"""Sending over Graph: exactly the envelope's recipients, any size, never twice where that can be known."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from flexmaild.core.errors import GiveUp, Reason, TryLater
from flexmaild.core.ports import Envelope
from flexmaild.transports.graph.outbox import GraphOutbox
from tests.support.fake_microsoft import FakeMicrosoft, Mailbox
from tests.support.fake_microsoft.bench import USER, api, mail

pytestmark = pytest.mark.servers
ALICE = "alice@example.com"


@pytest.fixture
def fake() -> Iterator[FakeMicrosoft]:
    with FakeMicrosoft() as microsoft:
        microsoft.add_user(USER)
        microsoft.add_user(ALICE)
        yield microsoft


@pytest.fixture
def alice(fake: FakeMicrosoft) -> Mailbox:
    return fake.post.box(ALICE)


def outbox(fake: FakeMicrosoft, **more: object) -> GraphOutbox:
    return GraphOutbox(api(fake), **more)  # type: ignore[arg-type]


def envelope(data: bytes, *to: str, uncertain: bool = False) -> Envelope:
    return Envelope("1@example.com", USER, to or (ALICE,), data, uncertain)


def rich(size: int = 100) -> bytes:
    """An approval mail with everything: both bodies, threading, an attachment of `size` bytes."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"] = f"Deploy Bot <{USER}>", f"Älice <{ALICE}>"
    message["Reply-To"], message["Message-ID"] = "replies@example.com", "<1@example.com>"
    message["In-Reply-To"] = message["References"] = "<0@example.com>"
    message["Subject"], message["Auto-Submitted"] = "Freigabe für Prod", "auto-generated"
    message["X-Flexmaild"] = "1"
    message.set_content("text part")
    message.add_alternative("<p>html part</p>", subtype="html")
    message.add_attachment(
        bytes(range(256)) * (size // 256 + 1), maintype="application", subtype="zip", filename="log.zip"
    )
    return message.as_bytes()


def arrived(box: Mailbox) -> EmailMessage:
    (one,) = box.listing("inbox")
    return message_from_bytes(one.raw, policy=policy.default)


def test_a_mail_goes_out_byte_for_byte_and_is_kept_in_sent_items(fake: FakeMicrosoft, alice: Mailbox) -> None:
    data = rich()
    receipt = outbox(fake).send(envelope(data))
    assert alice.listing("inbox")[0].raw == data
    assert "202" in receipt.answer and "request-id" in receipt.answer and receipt.tls.startswith("TLSv1")
    assert len(fake.post.box(USER).listing("sentitems")) == 1


def test_without_a_copy_the_mail_keeps_the_fields_that_flexmaild_needs(
    fake: FakeMicrosoft, alice: Mailbox
) -> None:
    outbox(fake, save=False).send(envelope(rich()))
    got = arrived(alice)
    assert fake.post.box(USER).listing("sentitems") == []
    for name, value in {
        "Message-ID": "<1@example.com>", "In-Reply-To": "<0@example.com>", "Reply-To": "replies@example.com",
        "Auto-Submitted": "auto-generated", "X-Flexmaild": "1", "Subject": "Freigabe für Prod",
    }.items():  # fmt: skip
        assert value in str(got[name])
    assert [a.get_filename() for a in got.iter_attachments()] == ["log.zip"]


@pytest.mark.parametrize("size", [3_000_000, 9_000_000])
def test_a_large_mail_goes_by_a_draft_and_an_upload_session(
    fake: FakeMicrosoft, alice: Mailbox, size: int
) -> None:
    outbox(fake).send(envelope(rich(size)))
    (attachment,) = arrived(alice).iter_attachments()
    assert attachment.get_content() == bytes(range(256)) * (size // 256 + 1)
    assert fake.uploads.count("PUT") == -(-len(attachment.get_content()) // (12 * 320 * 1024))
    assert not [r for r in fake.uploads.log if "authorization" in r.headers]
    assert fake.post.box(USER).listing("drafts") == []


def test_an_upload_that_fails_leaves_no_draft_and_no_doubt(fake: FakeMicrosoft, alice: Mailbox) -> None:
    fake.uploads.fail("PUT", kind="lose")
    graph_outbox = outbox(fake)
    with pytest.raises(TryLater) as error:
        graph_outbox.send(envelope(rich(5_000_000)))
    assert error.value.uncertain is False
    assert fake.post.box(USER).listing("drafts") == []
    graph_outbox.send(envelope(rich(5_000_000)))
    assert len(alice.listing("inbox")) == 1


def test_a_mail_over_the_tenants_limit_is_given_up(fake: FakeMicrosoft) -> None:
    fake.graph.size_limit = 1_000_000
    with pytest.raises(GiveUp, match="ErrorMessageSizeExceeded") as error:
        outbox(fake).send(envelope(rich(2_000_000)))
    assert error.value.cure


# Recipients.


def test_exactly_the_envelopes_recipients_get_the_mail(fake: FakeMicrosoft, alice: Mailbox) -> None:
    """Graph has no envelope: who is named in the header only has the mail already, others get a Bcc."""
    bob = fake.add_user("bob@example.com")
    carol = fake.add_user("carol@example.com")
    assert bob and carol
    outbox(fake).send(envelope(mail(1, to=f"{ALICE}, carol@example.com"), ALICE, "bob@example.com"))
    assert [len(b.listing("inbox")) for b in (alice, bob, carol)] == [1, 1, 0]
    assert b"bob@example.com" not in alice.listing("inbox")[0].raw


def test_a_reply_address_with_a_plus_arrives_in_the_mailbox(fake: FakeMicrosoft, alice: Mailbox) -> None:
    outbox(fake).send(envelope(mail(1, to="alice+fm1@example.com"), "alice+fm1@example.com"))
    assert len(alice.listing("inbox")) == 1


# Doubt.


def test_after_a_lost_answer_a_mail_is_not_sent_twice(fake: FakeMicrosoft, alice: Mailbox) -> None:
    graph_outbox = outbox(fake)
    fake.api.fail("POST .*sendMail", kind="lose")
    with pytest.raises(TryLater) as error:
        graph_outbox.send(envelope(mail(1, to=ALICE)))
    assert error.value.uncertain
    assert "Sent Items" in graph_outbox.send(envelope(mail(1, to=ALICE))).answer
    assert len(alice.listing("inbox")) == 1


def test_a_new_process_also_looks_in_sent_items_after_an_uncertain_try(
    fake: FakeMicrosoft, alice: Mailbox
) -> None:
    outbox(fake).send(envelope(mail(1, to=ALICE)))
    outbox(fake).send(envelope(mail(1, to=ALICE), uncertain=True))
    assert len(alice.listing("inbox")) == 1


def test_a_request_that_never_arrived_is_sent_again(fake: FakeMicrosoft, alice: Mailbox) -> None:
    graph_outbox = outbox(fake)
    fake.api.fail("POST .*sendMail", kind="drop")
    with pytest.raises(TryLater):
        graph_outbox.send(envelope(mail(1, to=ALICE)))
    graph_outbox.send(envelope(mail(1, to=ALICE)))
    assert len(alice.listing("inbox")) == 1


def test_who_may_not_look_sends_again_with_the_same_message_id(fake: FakeMicrosoft, alice: Mailbox) -> None:
    graph_outbox = GraphOutbox(api(fake, scp="Mail.Send"))
    fake.api.fail("POST .*sendMail", kind="lose")
    with pytest.raises(TryLater):
        graph_outbox.send(envelope(mail(1, to=ALICE)))
    graph_outbox.send(envelope(mail(1, to=ALICE)))
    assert {str(m.parsed()["Message-ID"]) for m in alice.listing("inbox")} == {"<1@example.com>"}


@pytest.mark.parametrize(
    ("status", "uncertain"), [(500, True), (502, True), (504, True), (503, False), (429, False)]
)
def test_only_answers_that_leave_a_doubt_are_uncertain(
    fake: FakeMicrosoft, status: int, uncertain: bool
) -> None:
    fake.api.fail("POST .*sendMail", status, {"error": {"code": "x", "message": "m"}})
    with pytest.raises(TryLater) as error:
        outbox(fake).send(envelope(mail(1, to=ALICE)))
    assert error.value.uncertain is uncertain


# Rights and refusals. A mail is given up only when it is itself at fault.


def test_sending_as_another_user_needs_the_right_and_waits_for_it(
    fake: FakeMicrosoft, alice: Mailbox
) -> None:
    data = mail(1, sender="team@example.com", to=ALICE)
    fake.add_user("team@example.com")
    with pytest.raises(TryLater, match="ErrorSendAsDenied") as error:
        outbox(fake).send(envelope(data))
    assert "Send As" in error.value.cure
    fake.graph.shared.add((USER, "team@example.com"))
    outbox(fake).send(envelope(data))
    assert len(alice.listing("inbox")) == 1


def test_a_shared_mailbox_sends_with_the_shared_permission(fake: FakeMicrosoft, alice: Mailbox) -> None:
    fake.add_user("team@example.com")
    fake.graph.shared.add((USER, "team@example.com"))
    graph_outbox = GraphOutbox(api(fake, scp="Mail.Send.Shared", mailbox="team@example.com"))
    graph_outbox.send(envelope(mail(1, sender="team@example.com", to=ALICE)))
    assert len(fake.post.box("team@example.com").listing("sentitems")) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason"),
    [
        (400, "ErrorInvalidRecipients", GiveUp, Reason.CLIENT),
        (400, "ErrorMimeContentInvalid", GiveUp, Reason.CLIENT),
        (413, "RequestEntityTooLarge", GiveUp, Reason.CLIENT),
        (403, "ErrorAccessDenied", TryLater, Reason.AUTH),
        (403, "ErrorMessageSubmissionBlocked", TryLater, Reason.AUTH),
        (404, "MailboxNotEnabledForRESTAPI", TryLater, Reason.AUTH),
        (429, "ErrorExceededMessageLimit", TryLater, Reason.THROTTLED),
        (507, "ErrorQuotaExceeded", TryLater, Reason.SERVER),
        (500, "SomethingNew", TryLater, Reason.SERVER),
    ],
)
def test_an_answer_means_what_its_code_says(
    fake: FakeMicrosoft, status: int, code: str, kind: type[Exception], reason: Reason
) -> None:
    fake.api.fail("POST .*sendMail", status, {"error": {"code": code, "message": "m"}})
    with pytest.raises(kind, match=code) as error:
        outbox(fake).send(envelope(mail(1, to=ALICE)))
    assert getattr(error.value, "reason") is reason  # noqa: B009 (both kinds have it)


def test_a_closed_outbox_can_be_used_again(fake: FakeMicrosoft, alice: Mailbox) -> None:
    graph_outbox = outbox(fake)
    for n in (1, 2):
        graph_outbox.send(envelope(mail(n, to=ALICE)))
        graph_outbox.close()
    assert len(alice.listing("inbox")) == 2
