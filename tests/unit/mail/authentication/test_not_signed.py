"""What a signature leaves out decides nothing: whoever has the mail can have written it."""

import base64
import quopri

import pytest

from flexmaild.core import references
from flexmaild.core.approval import named_requests
from flexmaild.core.approval.admission import Admission, SenderPolicy
from flexmaild.core.model import Outcome, Requirement
from flexmaild.core.reasons import ReplyReason
from flexmaild.core.references import ReferenceKeys
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.core.make import KEY, PEOPLE, opened
from tests.unit.mail.mails import OWN, sent

RULES = Rules.of(OWN, borders=[Border("mx.corp.test")])
RECEIVED = "Received: from out.test (out.test [192.0.2.7]) by mx.corp.test (Postfix) with ESMTP id A; now"
DMARC = "Authentication-Results: mx.corp.test; dmarc=pass header.from=corp.test"
DKIM = "Authentication-Results: mx.corp.test; dkim=pass header.d=corp.test"
SPF = "; spf=pass smtp.mailfrom=alice@corp.test"

REQUEST, OTHER = opened(), opened()
REFERENCE = references.issue(KEY, REQUEST, REQUEST.invitations[0])
THREAD = f"In-Reply-To: <{REFERENCE.lower()}.approval_request.0@corp.test>"
TEXT = ("Your approval is needed", "", "Deploy 4.2 to production", "", f"Reference {REFERENCE}")
QUOTE = "\n".join(["", "On Sat, 21 Nov 2026 at 10:00, Approvals <approvals@corp.test> wrote:"]) + "\n"
QUOTE += "\n".join(f"> {line}".rstrip() for line in TEXT) + "\n"
PAGE_QUOTE = "<blockquote>" + "".join(f"<div>{line or '<br>'}</div>" for line in TEXT) + "</blockquote>"

# What is signed by Gmail, by opendkim where nothing is set, and by Exchange Online.
GOOGLE = "to:cc:subject:message-id:date:from:in-reply-to:references:mime-version"
OPENDKIM = "from:to:subject:date:in-reply-to:references:from"
EXCHANGE = "from:date:subject:message-id:content-type:mime-version"
ALL = f"{GOOGLE}:content-type:content-transfer-encoding"
PLAIN = "Content-Type: text/plain; charset=utf-8"
PAGE = "Content-Type: text/html; charset=utf-8"


def signature(signed: str, more: str = "", domain: str = "corp.test", value: str = "QUJD") -> str:
    return f"DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s=a; h={signed};{more} b={value}"


def answer(
    body: str | bytes,
    *fields: str,
    signed: str = GOOGLE,
    results: str = DMARC,
    signatures: tuple[str, ...] | None = None,
    to: str = OWN,
    message_id: str = "m1@corp.test",
) -> bytes:
    """A reply of Alice's, as it lies in the folder; the fields last, thread fields and type among them."""
    head = [results, RECEIVED, *(signatures if signatures is not None else (signature(signed),))]
    head += [f"From: {PEOPLE[0]}", f"To: {to}", "Subject: Re: Approval needed: Deploy 4.2"]
    head += ["Date: Sat, 21 Nov 2026 10:15:00 +0000", f"Message-ID: <{message_id}>", *fields]
    content = body if isinstance(body, bytes) else body.encode()
    return "\n".join(head).encode() + b"\n\n" + content


def ruled(data: bytes, require: Requirement = "dmarc") -> Admission:
    mail = sent(*TEXT, subject="Approval needed: Deploy 4.2")
    reading = understand(data, len(data), RULES, mails_sent=lambda references: (mail,))
    return named_requests.admission_of(
        reading, {REQUEST.id: REQUEST, OTHER.id: OTHER}, ReferenceKeys(KEY), SenderPolicy(require)
    )


def is_deciding_word(data: bytes, require: Requirement = "dmarc") -> bool:
    return ruled(data, require).outcome is Outcome.DECISION


def multipart(kind: str, *bodies: tuple[str, str], preamble: str = "", boundary: str = "=_b1") -> str:
    inner = "".join(f"--{boundary}\n{head}\n\n{body}\n" for head, body in bodies)
    return f"{preamble}{inner}--{boundary}--\n"


def of_type(kind: str, boundary: str = "=_b1") -> str:
    return f'Content-Type: {kind}; boundary="{boundary}"'


QP, B64, BIT7 = (f"Content-Transfer-Encoding: {name}" for name in ("quoted-printable", "base64", "7bit"))
ALTERNATIVE = multipart(
    "alternative",
    (f"{PLAIN}\n{QP}", quopri.encodestring(f"Approve\n{QUOTE}".encode()).decode()),
    (PAGE, f"<div>Approve</div>{PAGE_QUOTE}"),
)
CODE = base64.encodebytes(f"Approve\n{QUOTE}".encode()).decode()
CODED = quopri.encodestring(f"Approve für alle \n{QUOTE}".encode()).decode()
WESTERN = f"Approve für größere Tests\n{QUOTE}".encode("latin-1")
OUTLOOK = (
    "<html><head><style>p {margin: 0}</style></head><body><p>Approve</p>" + PAGE_QUOTE + "</body></html>"
)

HONEST = {
    "plain": (f"Approve\n{QUOTE}", PLAIN),
    "plain, nothing said of it": (f"Approve\n{QUOTE}",),
    "plain with an address in brackets": (f"Approve, ask <bob@corp.test>\n{QUOTE}", PLAIN),
    "plain with a generic type": (f"Approve\n\nwith List<String> & all\n{QUOTE}", PLAIN),
    "plain with an equals sign": (f"Approve with x=42, see https://a.test/?id=20\n{QUOTE}", PLAIN, BIT7),
    "one word": (f"Approved\n{QUOTE}", PLAIN),
    "flowed": (f"Approve, this \nlooks good to me.\n{QUOTE}", PLAIN + "; format=flowed"),
    "UTF-8": (f"Approve für größere Tests\n{QUOTE}", PLAIN, "Content-Transfer-Encoding: 8bit"),
    "latin-1": (WESTERN, "Content-Type: text/plain; charset=iso-8859-1"),
    "quoted-printable": (CODED, PLAIN, QP),
    "base64": (CODE, PLAIN, B64),
    "page": (f"<div>Approve</div>{PAGE_QUOTE}", PAGE),
    "page that begins with words": (f"Approve<br><br>{PAGE_QUOTE}", PAGE),
    "page as base64": (base64.encodebytes(OUTLOOK.encode()).decode(), PAGE, B64),
    "page of Outlook": (OUTLOOK, PAGE),
    "alternative": (ALTERNATIVE, of_type("multipart/alternative")),
    "alternative below a remark": (
        "This is a multi-part message in MIME format.\n" + ALTERNATIVE,
        of_type("multipart/alternative"),
    ),
    "mixed with a file": (
        multipart("mixed", (PLAIN, f"Approve\n{QUOTE}"), ("Content-Type: image/png\n" + B64, "QUJD")),
        of_type("multipart/mixed"),
    ),
    "alternative in a mixed": (
        multipart(
            "mixed",
            (of_type("multipart/alternative"), ALTERNATIVE),
            ("Content-Type: application/pdf; name=a.pdf\n" + B64, "QUJD"),
            boundary="outer",
        ),
        of_type("multipart/mixed", "outer"),
    ),
}


@pytest.mark.parametrize("signed", [GOOGLE, OPENDKIM, ALL, EXCHANGE])
@pytest.mark.parametrize("name", HONEST)
def test_an_honest_mail_decides_whatever_its_server_signs(name: str, signed: str) -> None:
    body, *fields = HONEST[name]
    data = answer(body, THREAD, *map(str, fields), signed=signed)
    admission = ruled(data)
    assert admission.outcome is Outcome.DECISION, admission.because
    assert is_deciding_word(data.replace(DMARC.encode(), DKIM.encode()), "dkim")


# What was signed, and with which fields somebody made it an answer that decides.
HIDDEN = base64.encodebytes(f"Approve\n\nReference {REFERENCE}\n".encode()).decode()
CHINESE = f"Approve 如果测试通过\n{QUOTE}"
FLIPPED = {
    "a condition that is a tag": (f"Approve <only staging>\n{QUOTE}", PAGE),
    "a refusal that is a comment": (f"<!-- Reject this. -->\nApprove\n{QUOTE}", PAGE),
    "a condition in letters of HTML": (f"Approve &#105;f all tests pass<br>\n{QUOTE}", PLAIN),
    "a condition in a page's words": (f"Approve<br>w&#101;nn alles gut geht\n{QUOTE}", PLAIN),
    "a condition in quoted-printable": (quopri.encodestring(CHINESE.encode()).decode(), PLAIN, BIT7),
    "UTF-8 as Western letters": (CHINESE, "Content-Type: text/plain; charset=iso-8859-1"),
    "UTF-8 as Japanese": (CHINESE, "Content-Type: text/plain; charset=shift_jis"),
    "Chinese as Western letters": (CHINESE.encode("gb18030"), "Content-Type: text/plain; charset=iso-8859-1"),
    "Chinese as Korean": (CHINESE.encode("gb18030"), "Content-Type: text/plain; charset=euc-kr"),
    "Japanese as ASCII": (
        f"Approve\n\nテストが終わったら\n{QUOTE}".encode("iso-2022-jp"),
        "Content-Type: text/plain; charset=us-ascii",
    ),
    "Western letters as Chinese": (
        f"Approve sous réserve des tests\n{QUOTE}".encode("latin-1"),
        "Content-Type: text/plain; charset=gb18030",
    ),
    "words run together": (
        f"Approve, wenn \nalles gut geht\n{QUOTE}",
        PLAIN + "; format=flowed; delsp=yes",
    ),
    "a part of the text": (
        f"No, see below.\n\n--- \n\nApprove\n\nReference {REFERENCE}\n---\n",
        of_type("multipart/mixed", "-"),
    ),
    "an inner part": (
        multipart(
            "mixed",
            (of_type("multipart/alternative"), ALTERNATIVE),
            (PLAIN, "Only when the tests passed."),
            boundary="outer",
        ),
        of_type("multipart/mixed"),
    ),
    "a part without a header": (
        "--=_b1\nContent-Type: text/plain\n\nApprove\n\nReference "
        f"{REFERENCE}\n--=_b1\n\nOnly when the tests passed.\n--=_b1--\n",
        of_type("multipart/digest"),
    ),
    "source that was pasted": (
        "I do not agree with this:\n\n" + ALTERNATIVE,
        of_type("multipart/alternative"),
    ),
}


@pytest.mark.parametrize("name", FLIPPED)
def test_what_the_type_makes_of_a_signed_text_must_be_what_it_says(name: str) -> None:
    body, *fields = FLIPPED[name]
    for signed in (GOOGLE, OPENDKIM):
        admission = ruled(answer(body, THREAD, *map(str, fields), signed=signed))
        assert admission.outcome is Outcome.UNDECIDED, admission.because


@pytest.mark.parametrize(
    "name", ["a condition that is a tag", "Chinese as Korean", "words run together", "source that was pasted"]
)
def test_who_has_the_type_signed_or_handed_the_mail_in_is_taken_at_their_word(name: str) -> None:
    body, *fields = FLIPPED[name]
    flipped = (THREAD, *map(str, fields))
    assert is_deciding_word(answer(body, *flipped, signed=ALL))
    assert is_deciding_word(answer(body, *flipped, results=DMARC + SPF))
    assert is_deciding_word(answer(body, *flipped), "reference")
    assert not is_deciding_word(answer(body, *flipped))


@pytest.mark.parametrize("name", ["an inner part", "source that was pasted"])
def test_nor_does_it_decide_where_only_its_texts_were_fetched(name: str) -> None:
    body, *fields = FLIPPED[name]
    data = answer(str(body), THREAD, *map(str, fields))
    ours = sent(*TEXT, subject="Approval needed: Deploy 4.2")
    reading = understand(data, 9_000_000, RULES, partial=True, mails_sent=lambda references: (ours,))
    assert reading.answer is not None and reading.reads_otherwise


def test_such_a_mail_is_undecided_kept_and_says_why() -> None:
    body, field = FLIPPED["a condition that is a tag"]
    admission = ruled(answer(body, THREAD, str(field)))
    assert (admission.reason, admission.quarantine) == (ReplyReason.TYPE_NOT_SIGNED, True)
    assert "Content-Type" in admission.because


BARE = "Approve\n"
PLUS = f"approvals+{REFERENCE.lower()}@corp.test"


@pytest.mark.parametrize(
    ("data", "is_decided"),
    [
        (answer(BARE, THREAD, PLAIN, signed=ALL), True),
        (answer(BARE, THREAD, PLAIN, signed=EXCHANGE), False),
        (answer(BARE, THREAD, PLAIN, signed=EXCHANGE + ":in-reply-to"), True),
        (
            answer(
                BARE, THREAD.replace("In-Reply-To", "References"), PLAIN, signed=f"{EXCHANGE}:in-reply-to"
            ),
            False,
        ),
        (answer(f"Approve\n{QUOTE}", THREAD, PLAIN, signed=EXCHANGE), True),
        (answer(f"Approve\n\n{REFERENCE[:20]}\n", THREAD, PLAIN, signed=EXCHANGE), False),
        (answer(BARE, PLAIN, to=PLUS, signed=EXCHANGE), False),
        (answer(BARE, PLAIN, to=PLUS, signed=f"{EXCHANGE}:to"), True),
        (answer(BARE, PLAIN, f"Delivered-To: {PLUS}", signed=f"{EXCHANGE}:to"), False),
        (answer(BARE, THREAD, PLAIN, f"Delivered-To: {PLUS}", signed=EXCHANGE), False),
        (answer(BARE, PLAIN, f"Delivered-To: {PLUS}", signed=EXCHANGE, results=DMARC + SPF), True),
        (answer(BARE, PLAIN, f"Delivered-To: {PLUS}", signatures=(), results=DMARC), True),
        (
            answer(
                BARE, THREAD, PLAIN, signatures=(signature(EXCHANGE, domain="mail.corp.test"), signature(ALL))
            ),
            False,
        ),
    ],
)
def test_what_it_answers_is_signed_or_stands_in_its_text(data: bytes, is_decided: bool) -> None:
    admission = ruled(data)
    assert (admission.outcome is Outcome.DECISION) is is_decided
    assert is_decided or admission.reason is ReplyReason.THREAD_NOT_SIGNED


@pytest.mark.parametrize("blank", [" ", "\t", "\v"])
def test_a_field_that_a_verifier_may_have_read_over_is_none_of_the_signed(blank: str) -> None:
    """Its name has a blank before the colon. Of a field that is not there the name can be signed."""
    added = THREAD.replace(":", f"{blank}:", 1)
    assert is_deciding_word(answer(BARE, THREAD, PLAIN, signed=ALL))
    assert ruled(answer(BARE, added, PLAIN, signed=ALL)).reason is ReplyReason.NOT_PROVEN
    assert is_deciding_word(answer(f"Approve\n{QUOTE}", added, PLAIN, signed=EXCHANGE))
    # Else the mail would be another than the one that decided, below the same signature.
    for name in ("Subject", "Message-ID"):
        again = answer(f"Approve\n{QUOTE}", f"{name}{blank}: x", signed=f"{ALL}:{name.lower()}")
        assert ruled(again).reason is ReplyReason.NOT_PROVEN


@pytest.mark.parametrize(
    "signatures",
    [
        (signature(ALL, " l=3;"),),
        (*[signature(ALL, domain="x.test")] * 30, signature(ALL, " l=3;")),
        (signature(ALL, " l=3;", domain="mail.corp.test"),),
        (signature(ALL, " z=" + "x" * 9000 + "; l=3;"),),
        (signature(ALL, " x=;" * 60 + " l=3;"),),
    ],
)
def test_a_length_proves_nothing_wherever_it_is_hidden(signatures: tuple[str, ...]) -> None:
    data = answer(f"Approve\n{QUOTE}", THREAD, PLAIN, signatures=signatures)
    refused = (ReplyReason.NOT_PROVEN, ReplyReason.RESULTS_DOUBTFUL)
    assert ruled(data).reason in refused
    assert ruled(data.replace(DMARC.encode(), DKIM.encode()), "dkim").reason in refused
