"""What was sent with a reference is found byte for byte as it went out, or not at all."""

import email
import email.policy
import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import cast

import pytest
from sent_samples import ALICE, BOB, NOW, Post, altered, forged, reference

from flexmaild.core import references
from flexmaild.core.approval.events import Answered, Bounced, ReminderAsked, ResendAsked
from flexmaild.core.model import Answer, Attachment, MailFacts, MailKind, Request
from flexmaild.core.parsed_reply import Bounce
from flexmaild.core.work import Change, JobEnd, Queue, SentMail
from flexmaild.engine.delivery.sent_mails import MOST_BYTES
from flexmaild.mail.understand.lines import compared_text
from flexmaild.store import StoreFault
from tests.support.stores import commit, drop_jobs, prune, release

REASON = 'Sorry, <b>"no"</b>,\n   not on a Friday: ' + "the last one took all night. " * 40


def datas(found: tuple[SentMail, ...] | None) -> list[bytes] | None:
    return None if found is None else [mail.data for mail in found]


def text_of(data: bytes) -> str:
    mail = cast(EmailMessage, email.message_from_bytes(data, policy=email.policy.default))
    return str(cast(EmailMessage, mail.get_body(("plain",))).get_content())


def test_the_mails_of_one_invitation_are_found_as_they_went_out_newest_first(post: Post) -> None:
    request = post.request(ALICE, BOB)
    to_alice, to_bob = post.deliver()
    request = post.happens(request, ReminderAsked("ops"))
    again_alice, _ = post.deliver()
    look = post.sent_mails()
    assert datas(look((reference(request, 0),))) == [again_alice, to_alice]
    assert to_bob in (datas(look((reference(request, 1),))) or [])


def test_the_answers_to_a_person_are_among_them_and_what_the_person_wrote_is_named(post: Post) -> None:
    request = post.request(ALICE, BOB, quorum="all")
    post.deliver()
    voted = Answered(0, Answer.REJECT, REASON, "reference", MailFacts(ALICE.address, "0" * 64, "r@corp.test"))
    request = post.happens(request, voted)
    (noted, *_rest) = post.deliver()
    found = post.sent_mails()((reference(request, 0),))
    assert found is not None and found[0].data == noted
    (quote,) = found[0].quotes
    assert compared_text(quote) in compared_text(text_of(noted)), "the mail repeats it as it is named"
    assert quote.startswith('Sorry, <b>"no"</b>')
    assert found[-1].quotes == ()


def test_a_withdrawn_reference_still_finds_what_bore_it_and_no_other(post: Post) -> None:
    request = post.request(ALICE)
    (first,) = post.deliver()
    request = post.happens(request, ResendAsked(ALICE.address, "ops"))
    (second,) = post.deliver()
    look = post.sent_mails()
    assert datas(look((reference(request, 0),))) == [first]
    assert datas(look((reference(request, 1),))) == [second]
    assert datas(look((reference(request, 0), reference(request, 1)))) == [first, second]
    assert datas(look((reference(request, 0).lower(), reference(request, 0)))) == [first]


def test_a_mail_that_was_never_tried_is_not_among_them(post: Post) -> None:
    request = post.request(ALICE)
    (sent,) = post.deliver()
    request = post.happens(request, ReminderAsked("ops"))
    assert datas(post.sent_mails()((reference(request),))) == [sent]


def test_a_mail_with_nothing_sent_yet_has_no_words(post: Post) -> None:
    assert post.sent_mails()((reference(post.request(ALICE)),)) is None


def test_a_mail_of_which_nobody_knows_whether_it_went_out_is_among_them(post: Post) -> None:
    """The daemon was killed between the server's answer and the commit of it."""
    request = post.request(ALICE)
    (task,) = post.prepared()
    post.handler.carry_out(task, NOW)
    assert datas(post.sent_mails()((reference(request),))) == post.outbox.sent


def test_a_mail_tried_again_under_another_template_is_known_both_ways(post: Post) -> None:
    request = post.request(ALICE)
    (task,) = post.prepared()
    post.handler.carry_out(task, NOW)
    release(post.store, "somebody else")
    post.use({"approval_request.txt.j2": "Please decide: {{ title }}\n"})
    post.deliver()
    assert len(set(post.outbox.sent)) == 2
    assert set(datas(post.sent_mails()((reference(request),))) or ()) == set(post.outbox.sent)


def test_a_mail_tried_again_in_the_same_words_is_known_once(post: Post) -> None:
    request = post.request(ALICE)
    post.prepared()
    release(post.store, "somebody else")
    (sent,) = post.deliver()
    assert datas(post.sent_mails()((reference(request),))) == [sent]


def test_a_template_that_has_changed_changes_nothing_that_was_sent(post: Post) -> None:
    post.use(
        {"approval_request.txt.j2": "Old words: {{ title }}\n", "reminder.txt.j2": "Still {{ title }}\n"}
    )
    request = post.request(ALICE)
    (sent,) = post.deliver()
    post.use({"approval_request.txt.j2": "New words: {{ title }}\n"})
    request = post.happens(request, ReminderAsked("ops"))
    (reminder,) = post.deliver()
    assert "Old words" in text_of(sent)
    assert datas(post.sent_mails()((reference(request),))) == [reminder, sent]


def test_what_becomes_of_the_request_changes_nothing_that_was_sent(post: Post) -> None:
    request = post.request(ALICE, BOB)
    sent, _ = post.deliver()
    request = post.happens(request, Bounced(1, Bounce(BOB.address, True)))
    voted = Answered(0, Answer.APPROVE, "", "reference", MailFacts(ALICE.address, "0" * 64, "r@corp.test"))
    request = post.happens(request, voted)
    assert (datas(post.sent_mails()((reference(request),))) or [])[-1] == sent


def test_attachments_are_left_out_and_the_texts_are_the_same(post: Post) -> None:
    log = b"line\n" * 1000
    digest = hashlib.sha256(log).hexdigest()
    post.keep_blob(digest, log)
    request = post.request(ALICE, attachments=(Attachment("build.log", "text/plain", digest, len(log)),))
    (sent,) = post.deliver()
    (kept,) = datas(post.sent_mails()((reference(request),))) or []
    whole, part = (email.message_from_bytes(d, policy=email.policy.default) for d in (sent, kept))
    assert [p.get_content_type() for p in part.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert len(list(whole.walk())) == 5
    for kind in ("plain", "html"):
        bodies = [cast(EmailMessage, cast(EmailMessage, m).get_body((kind,))) for m in (whole, part)]
        assert bodies[0].get_content() == bodies[1].get_content()
    headers = [[(k, v) for k, v in m.items() if k != "Content-Type"] for m in (whole, part)]
    assert headers[0] == headers[1]


@pytest.mark.parametrize(
    "asked",
    [
        lambda request: (),
        lambda request: ("FM1-", "FM1-" + "A" * 45, "FM1-" + "!" * 45, "", "nonsense"),
        lambda request: (reference(request)[:-1],),
        lambda request: (forged(request),),
        lambda request: (altered(request, lambda terms: type(terms)(**{**_fields(terms), "title": "x"})),),
        lambda request: tuple(references.PREFIX + "B" * 44 + "A" for _ in range(3)),
    ],
    ids=["none", "no references", "cut off", "forged", "for another question", "unknown request"],
)
def test_a_reference_that_is_not_ours_finds_nothing(
    post: Post, asked: Callable[[Request], tuple[str, ...]]
) -> None:
    request = post.request(ALICE)
    post.deliver()
    assert post.sent_mails()(asked(request)) is None


def _fields(terms: object) -> dict[str, object]:
    return {name: getattr(terms, name) for name in type(terms).__slots__}  # type: ignore[attr-defined]


def test_another_installations_key_finds_nothing(post: Post) -> None:
    request = post.request(ALICE)
    post.deliver()
    assert post.sent_mails(b"another key")((reference(request),)) is None


def test_the_reference_of_another_request_finds_that_ones_mails_only(post: Post) -> None:
    first, second = post.request(ALICE), post.request(ALICE)
    one, two = post.deliver()
    look = post.sent_mails()
    assert datas(look((reference(first),))) == [one]
    assert datas(look((reference(second),))) == [two]
    assert datas(look((reference(second), forged(first)))) == [two]


def test_a_mail_without_reference_is_not_kept(post: Post) -> None:
    request = post.request(ALICE)
    post.deliver()
    kept = len(_rows(post))
    post.mail(request, MailKind.NOTED, noted=1, needed=2)
    (task,) = post.prepared()
    assert task.kept is not None
    assert len(_rows(post)) == kept + 1


def test_more_words_than_are_handed_over_are_none_at_all(post: Post) -> None:
    """Who knew a part of them would take the rest for the person's."""
    request = post.request(ALICE)
    post.deliver()
    for _ in range(MOST_BYTES // 300_000 + 1):
        request = post.mail(request, MailKind.NOTED, answer="approve", comment="")
    post.use({"noted.txt.j2": "word " * 60_000})
    post.deliver()
    assert post.sent_mails()((reference(request),)) is None


def test_a_mail_too_large_to_be_kept_is_sent_and_has_no_words(post: Post) -> None:
    request = post.request(ALICE, text="line of text\n" * (MOST_BYTES // 12))
    (sent,) = post.deliver()
    assert len(sent) > MOST_BYTES
    assert post.sent_mails()((reference(request),)) is None


@pytest.mark.parametrize("data", ["x'00'", "x''", "x'789c4bce2c4e05000566022a'", "NULL"])
def test_words_that_somebody_spoiled_are_none(post: Post, data: str) -> None:
    request = post.request(ALICE)
    post.deliver()
    with sqlite3.connect(post.directory / "flexmaild.db") as connection:
        connection.execute(f"UPDATE sent_mails SET data = {data}")
    connection.close()
    assert post.sent_mails()((reference(request),)) is None


def test_a_store_that_cannot_be_read_is_no_fault_of_the_mail(post: Post) -> None:
    request = post.request(ALICE, text="confidential words")
    post.deliver()
    look = post.sent_mails()
    with sqlite3.connect(post.directory / "flexmaild.db") as connection:
        connection.execute("ALTER TABLE sent_mails RENAME TO hidden")
    with pytest.raises(StoreFault) as caught:
        look((reference(request),))
    assert "confidential" not in str(caught.value)
    connection.execute("ALTER TABLE hidden RENAME TO sent_mails")
    connection.close()
    assert datas(look((reference(request),))) == post.outbox.sent


def test_a_store_that_was_deleted_or_replaced_is_not_asked(post: Post) -> None:
    request = post.request(ALICE)
    post.deliver()
    look, file = post.sent_mails(), post.directory / "flexmaild.db"
    file.rename(post.directory / "old")
    shutil.copy(post.directory / "old", file)
    with pytest.raises(StoreFault, match="deleted or replaced"):
        look((reference(request),))
    file.unlink()
    with pytest.raises(StoreFault, match="deleted or replaced"):
        look((reference(request),))


def test_a_look_waits_for_no_writer_and_holds_none_up(post: Post) -> None:
    request = post.request(ALICE)
    (sent,) = post.deliver()
    writer = sqlite3.connect(post.directory / "flexmaild.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM sent_mails")
    look = post.sent_mails()
    assert datas(look((reference(request),))) == [sent]
    writer.execute("ROLLBACK")
    commit(post.store, Change(ended=(JobEnd("no such job", 0, "ok", NOW),)))
    writer.execute("BEGIN EXCLUSIVE")
    assert datas(look((reference(request),))) == [sent]
    writer.execute("ROLLBACK")
    writer.close()


def test_the_words_outlive_their_jobs_term_while_the_request_is_open_and_go_with_them(post: Post) -> None:
    request = post.request(ALICE)
    post.deliver()
    late = NOW + timedelta(days=500)
    terms = {"raw_before": late, "outcomes_before": late, "done_before": late}
    while prune(post.store, **terms):
        pass
    assert datas(post.sent_mails()((reference(request),))) == post.outbox.sent
    voted = Answered(0, Answer.APPROVE, "", "reference", MailFacts(ALICE.address, "0" * 64, "r@corp.test"))
    post.happens(request, voted)
    drop_jobs(post.store, Queue.OUTBOX, [j.id for j in post.store.list_jobs(Queue.OUTBOX)], NOW)
    while prune(post.store, **terms):
        pass
    assert _rows(post) == []


def _rows(post: Post) -> list[tuple[str]]:
    connection = sqlite3.connect(f"file:{post.directory / 'flexmaild.db'}?mode=ro", uri=True)
    rows = connection.execute("SELECT job FROM sent_mails").fetchall()
    connection.close()
    return rows
