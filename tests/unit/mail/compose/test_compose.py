"""What each of our mails contains, and that it comes out as RFC 5322 wants it."""

import email
import email.policy
import hashlib
import re
from typing import Any

import pytest

from flexmaild.core.errors import NotAllowed
from flexmaild.core.model import Approver, Attachment, MailKind, State
from flexmaild.core.references import message_id
from flexmaild.languages.load import LANGUAGES, WRITTEN
from flexmaild.mail.compose.context import ASKING
from flexmaild.mail.format import GUARD_LINE, OWN_MAIL_HEADER, REPLY_MARKER
from tests.unit.mail.compose.conftest import read

OF_A_REQUEST = [k for k in MailKind if k not in (MailKind.NOTIFICATION, MailKind.TEST)]
FACTS = {
    "answer": "approve",
    "state": "approved",
    "comment": "fine",
    "noted": 1,
    "needed": 2,
    "why": "negated",
}
DECIDING = {w.casefold() for a in LANGUAGES.values() for w in (*a.decide.approve, *a.decide.reject)}
BEGINS_DECIDING = re.compile(rf"(?:{'|'.join(map(re.escape, DECIDING))})(?!\w)")


@pytest.mark.parametrize("language", WRITTEN)
def test_every_kind_in_every_language_is_one_readable_mail(
    composer: Any, text_of: Any, html_of: Any, language: str
) -> None:
    for kind in MailKind:
        data = composer.data(kind, facts=FACTS, language=language)
        assert re.search(rb"\r(?!\n)|(?<!\r)\n", data) is None
        assert max(map(len, data.split(b"\r\n"))) <= 998
        mail = read(data)
        assert mail.defects == []
        assert mail[OWN_MAIL_HEADER] == kind.value
        assert mail["Content-Language"] == language
        assert f'<html lang="{language}">' in html_of(mail)
        assert text_of(mail).strip()


@pytest.mark.parametrize("kind", OF_A_REQUEST)
def test_mails_that_ask_begin_with_the_marker_and_end_with_the_reference(
    composer: Any, text_of: Any, html_of: Any, kind: MailKind
) -> None:
    mail = composer.mail(kind, facts=FACTS)
    lines = text_of(mail).strip().split("\n")
    asks = kind in ASKING
    assert (lines[0] == REPLY_MARKER) is asks
    assert (GUARD_LINE in lines) is asks
    assert (REPLY_MARKER in html_of(mail)) is asks
    if kind is not MailKind.NOT_ENTITLED:
        assert lines[-1] == f"Reference {composer.reference}"
        assert f"Reference {composer.reference}" in html_of(mail)


def test_a_mail_to_somebody_who_was_not_asked_holds_no_reference(composer: Any) -> None:
    own_id = message_id(composer.reference, MailKind.NOT_ENTITLED, 0, "example.org")
    data = composer.data(MailKind.NOT_ENTITLED, message_id=own_id, in_reply_to="x@example.net")
    assert composer.reference[4:20].lower().encode() not in data.lower()


@pytest.mark.parametrize("language", WRITTEN)
def test_no_line_of_ours_could_be_taken_for_an_answer(composer: Any, text_of: Any, language: str) -> None:
    """A reader that failed to see our text as a quotation must not find a decision in it."""
    for kind in MailKind:
        text = text_of(composer.mail(kind, facts=FACTS, language=language, terms={"metadata": {}}))
        assert not [line for line in text.split("\n") if line.strip(" .!").casefold() in DECIDING]
        assert not BEGINS_DECIDING.match(text.split("\n")[0].casefold()), kind


def test_the_same_order_gives_the_same_bytes(composer: Any) -> None:
    attachment = Attachment("log.txt", "text/plain", hashlib.sha256(b"x").hexdigest(), 1)
    once, again = (composer.data(attachments=[(attachment, b"x")]) for _ in range(2))
    assert once == again


def test_one_glance_tells_what_who_and_until_when(composer: Any, text_of: Any, html_of: Any) -> None:
    mail = composer.mail(to=Approver("ann@example.org", group="Operations", on_behalf_of="cy@example.org"))
    for text in (text_of(mail), html_of(mail)):
        for fact in (
            "Deploy shop 4.2 to production",
            "pipeline@example.org",
            "2026-11-28 14:30 UTC",
            "in 7 days",
            "one approval",
            "Operations",
            "on behalf of cy@example.org",
            "shop",
            "All tests are green.",
        ):
            assert fact in text
        assert "nested" not in text


@pytest.mark.parametrize("terms", [{}, {"text": "", "html": "<p>All tests are green.</p>"}])
def test_a_program_that_shows_no_tables_can_tell_label_value_and_text_apart(
    composer: Any, html_of: Any, terms: dict[str, Any]
) -> None:
    """Alpine ran "Answer until 2026-11-28 14:30 UTC in 7 days All tests are green." together."""
    html = html_of(composer.mail(terms=terms))
    labels = re.findall(r"<th[^>]*>([^<]*)</th>", html)
    assert len(labels) == 4
    assert all(label.endswith(":") for label in labels)
    after = html.partition("</table>")[2]
    assert re.match(r'\s*<div class="body"[^>]*><p style="margin: [^"]*">All tests', after)


def test_at_most_twelve_rows_of_metadata_are_shown(composer: Any, text_of: Any) -> None:
    text = text_of(composer.mail(terms={"metadata": {f"key{n:02}": f"value{n}" for n in range(20)}}))
    assert "key11: value11" in text
    assert "key12" not in text


@pytest.mark.parametrize(
    ("kind", "facts", "state", "wanted"),
    [
        (MailKind.NOTED, {"answer": "approve", "noted": 1, "needed": 3}, State.PENDING, "1 of 3"),
        (
            MailKind.ALREADY_DECIDED,
            {"state": "rejected", "decided_by": ["bo@example.org"], "decided_at": "2026-11-21T12:00:00Z"},
            State.REJECTED,
            "By: Bo <bo@example.org>\nOn: 2026-11-21 12:00 UTC",
        ),
        (MailKind.ALREADY_DECIDED, {"state": "pending"}, State.PENDING, "in your place"),
        (
            MailKind.CANCELLED,
            {"because": "built again", "state": "cancelled"},
            State.CANCELLED,
            "built again",
        ),
        (MailKind.UNCLEAR, {"why": "question"}, State.PENDING, "It read like a question."),
        (MailKind.UNCLEAR, {"why": "never heard of"}, State.PENDING, "whether it approves or rejects"),
        (MailKind.COMMENT_NEEDED, {}, State.PENDING, "first the word Reject, then the reason"),
        (
            MailKind.ACCEPTED,
            {"answer": "reject", "comment": "too late today"},
            State.REJECTED,
            "too late today",
        ),
    ],
)
def test_an_answer_says_what_became_of_the_reply(
    composer: Any, text_of: Any, kind: MailKind, facts: dict[str, Any], state: State, wanted: str
) -> None:
    assert wanted in text_of(composer.mail(kind, facts=facts, request={"state": state}))


@pytest.mark.parametrize("kind", [MailKind.ACCEPTED, MailKind.NOTED])
def test_the_confirmation_shows_the_comment_with_its_lines(
    composer: Any, text_of: Any, html_of: Any, kind: MailKind
) -> None:
    """The approver must see what was recorded; `{{` in it is nothing special."""
    facts = {**FACTS, "comment": "looks <good>\n\n  {{ 1 }}  two\r\n-- \nFrom Ann"}
    mail = composer.mail(kind, facts=facts)
    assert "Your comment:\n  looks <good>\n\n    {{ 1 }}  two\n  - -\n  From Ann\n" in text_of(mail)
    assert "looks &lt;good&gt;<br>\n<br>\n&nbsp; {{ 1 }}&nbsp; two<br>\n- -<br>\nFrom Ann" in html_of(mail)


def test_a_comment_of_one_line_stands_behind_its_label(composer: Any, text_of: Any) -> None:
    assert "\nYour comment: fine\n" in text_of(composer.mail(MailKind.ACCEPTED, facts=FACTS))


def test_a_comment_is_shown_up_to_two_thousand_characters(composer: Any, text_of: Any, html_of: Any) -> None:
    lines = "\n".join(f"line {n:04} of it" for n in range(1000))
    mail = composer.mail(MailKind.ACCEPTED, facts={**FACTS, "comment": lines})
    for shown in (text_of(mail), html_of(mail)):
        assert lines[1970:1985].split("\n")[0] in shown
        assert "…" in shown
        assert "line 0150" not in shown
    whole = "x" * 2000
    assert whole in text_of(composer.mail(MailKind.ACCEPTED, facts={**FACTS, "comment": whole}))


def test_answers_stay_in_the_thread_of_the_request(composer: Any) -> None:
    request = composer.mail(
        message_id=message_id(composer.reference, MailKind.APPROVAL_REQUEST, 0, "example.org")
    )
    answer = composer.mail(MailKind.ACCEPTED, facts=FACTS, in_reply_to="reply-1@mail.example.net")
    assert answer["In-Reply-To"] == "<reply-1@mail.example.net>"
    thread = [request["Message-ID"], "<reply-1@mail.example.net>", answer["Message-ID"]]
    assert answer["References"].split() == thread
    assert composer.mail(MailKind.REMINDER)["In-Reply-To"] == request["Message-ID"]
    assert request["In-Reply-To"] is None


@pytest.mark.parametrize("kind", [k for k in MailKind if k not in (MailKind.TEST, MailKind.NOTIFICATION)])
def test_a_mail_names_its_own_id_in_references_for_services_that_replace_message_ids(
    composer: Any, kind: MailKind
) -> None:
    mail = composer.mail(kind, facts=FACTS)
    assert mail["References"].split()[-1] == mail["Message-ID"]


@pytest.mark.parametrize("language", WRITTEN)
def test_what_happened_can_be_told_from_the_subject_alone(composer: Any, language: str) -> None:
    told = (MailKind.ACCEPTED, MailKind.NOTED, MailKind.SETTLING)
    cases = [
        *((kind, answer) for kind in told for answer in ("approve", "reject")),
        *((kind, "") for kind in OF_A_REQUEST if kind not in told),
    ]
    subjects = [
        composer.mail(kind, facts={**FACTS, "answer": answer}, language=language)["Subject"]
        for kind, answer in cases
    ]
    assert len(set(subjects)) == len(subjects)
    titled = [composer.terms.title in subject for subject in subjects]
    assert titled == [kind is not MailKind.NOT_ENTITLED for kind, _ in cases]
    words = {w.casefold() for a in LANGUAGES.values() for w in (*a.decide.approve, *a.decide.reject)}
    assert not [s for s in subjects if s.casefold().startswith(tuple(words))]


def test_somebody_who_was_not_asked_does_not_learn_the_title(
    composer: Any, text_of: Any, html_of: Any
) -> None:
    mail = composer.mail(MailKind.NOT_ENTITLED)
    assert composer.terms.title not in str(mail["Subject"]) + text_of(mail) + html_of(mail)


def test_nor_does_a_template_of_the_operator_s_tell_them_what_is_asked_or_who_decided(composer: Any) -> None:
    names = ("title", "requester", "body_text", "decided_by", "because", "state", "rows", "subject", "lead")
    page = "\n".join(f"{{{{ {name} }}}}" for name in names)
    data = composer.data(
        MailKind.NOT_ENTITLED,
        sources={"not_entitled.txt.j2": page, "not_entitled.html.j2": page},
        request={"decided_by": ("bo@example.org",), "decided_because": "Bo said so", "state": State.APPROVED},
    )
    secrets = (
        composer.terms.title,
        composer.terms.text,
        composer.terms.requester,
        "bo@example.org",
        "Bo said",
        "shop",
    )
    assert not [secret for secret in (*secrets, "approved") if secret.encode() in data]


def test_a_long_message_id_is_neither_folded_nor_encoded(composer: Any) -> None:
    """email.policy would write it as an encoded-word and break the thread (cpython#100991)."""
    long_id = "A" * 300 + "@mail.example.net"
    assert f"\r\nIn-Reply-To: <{long_id}>\r\n".encode() in composer.data(
        MailKind.NOTED, facts=FACTS, in_reply_to=long_id
    )


@pytest.mark.parametrize("bad", ["a b@x", "a>b@x", "x" * 1000, "a\r\nBcc: evil@x", "ä@x", ""])
def test_a_message_id_that_no_mail_may_carry_is_not_repeated(composer: Any, bad: str) -> None:
    mail = composer.mail(MailKind.ACCEPTED, facts=FACTS, in_reply_to=bad)
    assert mail["References"].split() == [mail["In-Reply-To"], mail["Message-ID"]]
    assert bad == "" or bad not in mail["References"]


@pytest.mark.parametrize("kind", MailKind)
def test_machines_are_told_that_a_machine_wrote_it(composer: Any, kind: MailKind) -> None:
    """RFC 3834: what a mail from outside caused is auto-replied, all else auto-generated."""
    unasked, answer = composer.mail(kind, facts=FACTS), composer.mail(kind, facts=FACTS, in_reply_to="a@b")
    assert answer["Auto-Submitted"] == "auto-replied"
    assert unasked["Auto-Submitted"] in ("auto-generated", "auto-replied")
    assert "OOF" in unasked["X-Auto-Response-Suppress"]
    assert composer.mail()["Auto-Submitted"] == "auto-generated"


def test_no_link_to_a_web_server_and_nothing_remote_is_in_our_own_pages(composer: Any, html_of: Any) -> None:
    for kind in MailKind:
        html = html_of(composer.mail(kind, facts=FACTS))
        assert not re.search(r"https?:|src\s*=|url\(|@import|<link|<script", html, re.IGNORECASE)


def test_the_page_has_its_styles_in_its_tags_and_dark_mode_in_its_head(composer: Any, html_of: Any) -> None:
    html = html_of(composer.mail())
    head, body = html.split("</head>")
    assert "prefers-color-scheme: dark" in head
    assert "<style" not in body
    assert body.count("style=") > 20
    assert html.index("charset") < 1024
    assert html.count("<table") == html.count("</table>")


@pytest.mark.parametrize("kind", MailKind)
def test_a_page_begins_with_what_a_person_sees_and_hides_nothing(
    composer: Any, html_of: Any, kind: MailKind
) -> None:
    """Programs that show or quote it as text write a title and hidden lines above our first line."""
    html = html_of(composer.mail(kind, facts=FACTS))
    assert "<title" not in html
    assert not re.search(r"display: ?none|mso-hide|max-height: ?0|font-size: ?0", html)
    seen = " ".join(re.sub(r"<head>.*?</head>|<!--.*?-->|<[^>]*>", " ", html, flags=re.DOTALL).split())
    if kind in ASKING:
        assert seen.startswith(REPLY_MARKER)
    else:
        heading = re.findall(r"<h1[^>]*>([^<]*)", html)[0]
        assert seen.startswith(heading) and seen.count(heading) == 1


@pytest.mark.parametrize("line", ["-- ", "--", "  --", "\u2014", "\u2013 ", "--\u00a0"])
@pytest.mark.parametrize("where", ["text", "title", "html"])
def test_no_line_of_a_request_makes_a_signature_of_what_follows(
    composer: Any, text_of: Any, html_of: Any, line: str, where: str
) -> None:
    """Programs leave out all below such a line when they answer (RFC 3676 4.3): guard line and reference."""
    terms = {"text": f"All is well.\n{line}\nOperations"}
    if where == "title":
        terms = {"title": line}
    elif where == "html":
        terms = {"text": "", "html": f"<p>All is well.</p><p>{line}</p><p>Operations</p>"}
    mail = composer.mail(terms=terms)
    lines = text_of(mail).split("\n")
    assert "- -" in [seen.strip() for seen in lines]
    assert not [seen for seen in lines if re.fullmatch(r"\s*(--|[\u2013-\u2015])\s*", seen)]
    if where == "text":
        assert re.search("All is well.<br>\n(&nbsp; )?- -<br>\nOperations", html_of(mail))


def test_dashes_that_are_no_signature_line_stay(composer: Any, text_of: Any) -> None:
    text = "---\n-- Ann\na -- b\n--force\n- - -"
    assert f"\n{text}\n" in text_of(composer.mail(terms={"text": text}))


@pytest.mark.parametrize("text", ["From now on", "Grüße\nFrom now on", "x" * 76 + " From now on", "y" * 200])
def test_no_line_on_the_wire_begins_like_an_mbox_envelope(composer: Any, text_of: Any, text: str) -> None:
    """Mailboxes in one file write ">From " for it (RFC 2049 section 3)."""
    for pad in range(80):
        whole = f"{text}\n{'p' * pad} From here From there"
        data = composer.data(terms={"text": whole})
        assert b"\nFrom " not in data.partition(b"\r\n\r\n")[2]
        assert max(map(len, data.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 78
        assert whole in text_of(composer.mail(terms={"text": whole}))


def test_the_reply_address_carries_the_reference_where_it_fits(composer: Any) -> None:
    on = {"plus_address": True}
    tagged = f"approvals+{composer.reference.lower()}@example.org"
    assert composer.mail(settings=on)["Reply-To"] == tagged
    assert composer.mail()["Reply-To"] == "approvals@example.org"
    long = {**on, "reply_address": "deployment-approvals@example.org"}
    assert composer.mail(settings=long)["Reply-To"] == "deployment-approvals@example.org"
    assert composer.mail(MailKind.NOTIFICATION, facts={"subject": "Done"})["Reply-To"] is None


def test_an_international_address_is_written_as_rfc_6532_and_5890_want(composer: Any) -> None:
    data = composer.data(to=Approver("jürgen@bücher.example", "Jürgen Weiß"))
    line = next(line for line in data.split(b"\r\n") if line.startswith(b"To: "))
    assert line.endswith("<jürgen@xn--bcher-kva.example>".encode())
    assert b"J\xc3\xbcrgen" not in line.split(b"<")[0]


@pytest.mark.parametrize(
    "bad",
    ["", "ann", "a@b, c@d", "ann@exa mple.org", "a\r\nb@x.org", '"a b"@x.org', "<a@b.org>", "a@b@c.org"],
)
def test_what_is_not_one_address_is_refused(composer: Any, bad: str) -> None:
    with pytest.raises(NotAllowed):
        composer.data(to=Approver(bad))


def test_attachments_come_back_as_they_were(composer: Any) -> None:
    data = bytes(range(256)) * 300
    files = [
        (Attachment(name, kind, "0" * 64, len(data)), data)
        for name, kind in [
            ("shop_3_Deploy_node1(4711).log", "text/plain"),
            ("Protokoll für Ümläute.txt", "text/plain"),
            ("../../etc/passwd", "application/octet-stream"),
            ("😀" * 300 + ".zip", "message/rfc822"),
            ('a"\r\nX-Evil: 1', "text/html\r\nX-Evil: 1"),
        ]
    ]
    mail = composer.mail(attachments=files)
    parts = list(mail.iter_attachments())
    assert [p.get_payload(decode=True) for p in parts] == [data] * 5
    names = [p.get_filename() for p in parts]
    assert names[:2] == ["shop_3_Deploy_node1(4711).log", "Protokoll für Ümläute.txt"]
    assert not [n for n in names if n is None or "/" in n or "\n" in n]
    assert names[3] is not None and names[3].endswith(".zip")
    assert not [p for p in parts if p["X-Evil"]]
    assert parts[3].get_content_type() == "application/octet-stream"


def test_a_notification_says_what_its_caller_wrote(composer: Any, text_of: Any, html_of: Any) -> None:
    facts = {"subject": "Deployment failed: shop", "text": "Step 3 failed.\n  exit code 1 & more"}
    mail = composer.mail(MailKind.NOTIFICATION, facts=facts)
    assert mail["Subject"] == "Deployment failed: shop"
    assert "Step 3 failed.\n  exit code 1 & more" in text_of(mail)
    assert "Step 3 failed.<br>\n&nbsp; exit code 1 &amp; more" in html_of(mail)
    assert "Reference" not in text_of(mail)


def test_a_notification_names_all_its_recipients_but_the_hidden_ones(composer: Any) -> None:
    many = [f"person{i}@example.org" for i in range(60)]
    facts = {"subject": "Done", "to": many, "cc": ["boss@example.org"], "reply_to": "ops@bücher.example"}
    data = composer.data(MailKind.NOTIFICATION, facts=facts, to=Approver(many[0]))
    mail = email.message_from_bytes(data, policy=email.policy.default)
    assert [a.addr_spec for a in mail["To"].addresses] == many
    assert mail["Cc"] == "boss@example.org"
    assert mail["Reply-To"] == "ops@xn--bcher-kva.example"
    assert mail["Bcc"] is None
    assert max(map(len, data.split(b"\r\n"))) < 998


def test_facts_cannot_redirect_a_mail_that_is_no_notification(composer: Any) -> None:
    mail = composer.mail(
        facts={"to": ["eve@example.net"], "cc": ["eve@example.net"], "reply_to": "eve@example.net"}
    )
    assert (mail["To"], mail["Cc"]) == ("Ann Lee <ann@example.org>", None)
    assert mail["Reply-To"] == "approvals@example.org"


@pytest.mark.parametrize("field", ["to", "cc", "reply_to"])
def test_a_header_field_cannot_be_smuggled_in_by_an_address(composer: Any, field: str) -> None:
    bad = "a@example.org\r\nX-Evil: 1"
    facts = {"subject": "Done", field: bad if field == "reply_to" else [bad]}
    with pytest.raises(NotAllowed):
        composer.data(MailKind.NOTIFICATION, facts=facts)


def test_message_ids_carry_the_reference_or_a_digest_and_are_the_same_every_time() -> None:
    reference = "FM1-" + "A" * 45
    asked = message_id(reference, MailKind.REMINDER, 2, "example.org")
    assert asked == f"fm1-{'a' * 45}.reminder.2@example.org"
    plain = message_id("job-17", MailKind.NOTIFICATION, 0, "bücher.example")
    assert re.fullmatch(r"fm-[0-9a-f]{32}\.notification\.0@xn--bcher-kva\.example", plain)
    assert plain == message_id("job-17", MailKind.NOTIFICATION, 0, "bücher.example")
    assert plain != message_id("job-18", MailKind.NOTIFICATION, 0, "bücher.example")


def test_a_notification_without_a_subject_still_has_one(composer: Any) -> None:
    assert (
        composer.mail(MailKind.NOTIFICATION, facts={"text": "x"})["Subject"] == "Notification from flexmaild"
    )


def test_a_request_with_html_only_has_a_text_part_that_says_the_same(composer: Any, text_of: Any) -> None:
    text = text_of(composer.mail(terms={"text": "", "html": "<p>One</p><p>Two &amp; <b>three</b></p>"}))
    assert "One\nTwo & three" in text
