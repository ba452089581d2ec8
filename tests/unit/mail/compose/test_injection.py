"""No string, wherever it stands, adds a header field, a recipient or a part to our mails."""

import email
import email.policy
import re
from email.header import decode_header, make_header
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.core.model import Approver, Attachment, MailKind
from flexmaild.mail.compose import mime
from tests.support.examples import examples

HOSTILE = st.sampled_from(
    [
        "a\r\nBcc: evil@example.net",
        "a\nBcc: evil@example.net\n\nbody",
        "=?utf-8?q?a=0D=0ABcc:_evil?=",
        "=??Q?=0D=0ABcc:x",
        "a, evil@example.net",
        "\u2028\u2029\x85\x0b\x0c",
        '"><script>alert(1)</script>',
        "{{7*7}}{% for x in y %}{{''.__class__}}",
        "\ud800",
        "\r\n.\r\nMAIL FROM:<a@b>\r\n",
        "\n.\n",
        "x" * 3000,
        "承認" * 500,
        "fmj0jmf<!--fmj1jmf-->",
        "\u202eevil",
    ]
)
ANY = st.text() | HOSTILE | st.tuples(st.text(), HOSTILE).map("".join)


def shape(data: bytes) -> list[bytes]:
    """The header's field names, and the number of parts."""
    head, _, body = data.partition(b"\r\n\r\n")
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    return [*names, str(body.count(b"Content-Transfer-Encoding: ")).encode()]


@examples(150)
@given(
    title=ANY,
    text=ANY,
    html=ANY,
    requester=ANY,
    name=ANY,
    group=ANY,
    meta=ANY,
    filename=ANY,
    ctype=ANY,
    sender=ANY,
)
def test_any_string_in_a_request_leaves_the_header_as_it_is(
    composer: Any, title: str, text: str, html: str, requester: str, name: str, group: str, meta: str,
    filename: str, ctype: str, sender: str,
) -> None:  # fmt: skip
    def made(title: str, text: str, html: str, requester: str, name: str, group: str, meta: str,
             filename: str, ctype: str, sender: str) -> bytes:  # fmt: skip
        data: bytes = composer.data(
            to=Approver("ann@example.org", name, group=group),
            terms={
                "title": title, "text": text, "html": html, "requester": requester,
                "metadata": {meta: meta}, "template": "",
            },
            attachments=[(Attachment(filename, ctype, "0" * 64, 1), b"x")],
            settings={"from_name": sender},
        )  # fmt: skip
        return data

    data = made(title, text, html, requester, name, group, meta, filename, ctype, sender)
    assert shape(data) == shape(made("a", "b", "c", "d", "e", "f", "g", "h", "i/j", "k"))
    assert re.search(rb"\r(?!\n)|(?<!\r)\n", data) is None
    assert max(map(len, data.split(b"\r\n"))) <= 998
    header = data.partition(b"\r\n\r\n")[0]
    assert header.isascii()
    to = email.message_from_bytes(data, policy=email.policy.default)["To"].addresses
    assert [a.addr_spec for a in to] == ["ann@example.org"]


@examples(60)
@given(kind=st.sampled_from(MailKind), fact=ANY, reply=ANY)
def test_any_string_in_the_facts_leaves_the_header_as_it_is(
    composer: Any, kind: MailKind, fact: str, reply: str
) -> None:
    def made(fact: str, reply: str) -> bytes:
        facts = {
            "comment": fact,
            "because": fact,
            "decided_by": [fact],
            "why": fact,
            "subject": fact,
            "text": fact,
        }
        data: bytes = composer.data(kind, facts=facts, in_reply_to=reply)
        return data

    names = shape(made(fact, reply))
    expected = [*shape(made("a", "a@b")), *shape(made("a", ""))]
    assert set(names) <= set(expected)


@given(text=ANY)
def test_a_subject_is_read_back_as_it_was_meant(composer: Any, text: str) -> None:
    value = mime.unstructured(text)
    assert all(len(line) <= 78 for line in value.split("\r\n"))
    assert str(make_header(decode_header(value.replace("\r\n", "")))) == mime.one_line(text, 250)


@pytest.mark.parametrize(
    "name", ["Lee, Ann", 'Ann "A" Lee', "Ann\\", "Ann @ home", "Łukasz", "a" * 99, "(x)", ""]
)
def test_a_display_name_is_read_back_and_adds_no_recipient(composer: Any, name: str) -> None:
    to = composer.mail(to=Approver("ann@example.org", name))["To"].addresses
    assert [(a.addr_spec, a.display_name) for a in to] == [("ann@example.org", name)]


def test_what_looks_like_a_template_stays_text(composer: Any, text_of: Any, html_of: Any) -> None:
    evil = "{{7*7}} {{''.__class__}} {% raw %}"
    mail = composer.mail(terms={"title": evil, "text": evil, "requester": evil, "metadata": {evil: evil}})
    assert text_of(mail).count("{{7*7}}") >= 4
    assert html_of(mail).count("{{7*7}}") >= 4
    assert "49" not in text_of(mail).replace("FM1-", "")


def test_markup_in_plain_fields_is_shown_and_not_obeyed(composer: Any, html_of: Any) -> None:
    evil = "<b>bold</b><script>alert(1)</script>"
    html = html_of(
        composer.mail(terms={"title": evil, "text": evil, "requester": evil, "metadata": {"k": evil}})
    )
    assert "<b>" not in html
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 4
