"""An answer to somebody else's mail decides nothing; a Message-ID that a service replaced is no such sign."""

from __future__ import annotations

import pytest

from flexmaild.mail.understand.rules import Rules
from tests.unit.mail.mails import OWN, REFERENCE, REQUEST, RULES, mail, said

OURS = f"In-Reply-To: <{REFERENCE.lower()}.approval_request.0@corp.test>"
THEIRS = "In-Reply-To: <0100018f-abc@eu-west-1.amazonses.com>"
KNOWN = (
    f"References: <{REFERENCE.lower()}.approval_request.0@corp.test> <0100018f-abc@eu-west-1.amazonses.com>"
)
TO_US = [
    OWN,
    OWN.upper(),
    f"Approvals <{OWN}>",
    f"bob@corp.test, {OWN}",
    f'"Bob, B" <bob@corp.test>, "x" <{OWN}>',
    f"approvals+{REFERENCE.lower()}@corp.test",
    "approvals+anything@corp.test",
    f"SRS0=x=corp.test=approvals+{REFERENCE.lower()}@relay.test",
]
TO_OTHERS = [
    "bob@corp.test",
    f'"{OWN}" <bob@corp.test>',
    f"bob@corp.test ({OWN})",
    "undisclosed-recipients:;",
    "",
]


@pytest.mark.parametrize("to", TO_US)
def test_an_unknown_in_reply_to_alone_is_nothing(to: str) -> None:
    assert said(mail(THEIRS, KNOWN, f"To: {to}", body="Approve\n")) == "approve"


@pytest.mark.parametrize("to", TO_OTHERS)
def test_an_answer_to_another_mail_that_was_written_to_others_is_undecided(to: str) -> None:
    fields = [f"To: {to}"] if to else []
    copied = mail(THEIRS, KNOWN, *fields, f"Cc: {OWN}", body=f"Approve\n\n{REFERENCE}\n")
    assert said(copied) == "other_mail"


@pytest.mark.parametrize("field", [OURS, "In-Reply-To: Message of Friday", "X-Nothing: x"])
def test_whoever_answers_our_mail_or_none_may_write_to_others_too(field: str) -> None:
    assert said(mail(field, KNOWN, "To: bob@corp.test", f"Cc: {OWN}", body="Approve\n")) == "approve"


@pytest.mark.parametrize(
    "header",
    [
        "On Fri, Nov 20, 2026 at 9:00 AM Bob <bob@corp.test> wrote:",
        "On Fri, Nov 20, 2026 at 9:00 AM Bob\n<bob@corp.test> wrote:",
        "Am Fr., 20. Nov. 2026 um 09:00 Uhr schrieb Bob <bob@corp.test>:",
        "From: Bob [mailto:bob@corp.test]\nSent: Friday, November 20, 2026 9:00 AM\nTo: Ann\nSubject: Re: x",
    ],
)
def test_the_topmost_header_above_the_quote_says_whose_mail_it_answers(header: str) -> None:
    assert (
        said(mail(OURS, body=f"Approve\n\n{header}\n> looks good to me\n> Reference {REFERENCE}\n"))
        == "other_mail"
    )


NAMED = Rules.of(OWN, "approvals@xn--bcher-kva.test", names=("flexmaild",))


@pytest.mark.parametrize(
    "other",
    [
        f"prod-approvals <prod-{OWN}>",
        f"flexmaild.{OWN}",
        "X <approvals@corp.testing.com>",
        "X <approvals@corp.test.example.com>",
        "flexmaild admins <bob@corp.test>",
        "flexmaild [mailto:bob@corp.test]",
        f'"{OWN}" <bob@corp.test>',
        "approvals+x@other.test",
        "FM1-admins <fm1-admins@corp.test>",
    ],
)
def test_an_address_or_a_name_that_only_holds_ours_is_not_ours(other: str) -> None:
    block = f"From: {other}\nSent: Friday, 20 November 2026 9:00\nTo: Ann\nSubject: FW: Approval needed"
    quoted = "\n".join(f"> {line}" for line in REQUEST)
    for header in (block, f"On Fri, Nov 20, 2026 at 9:00 AM {other} wrote:"):
        for below in (quoted, "\n" + "\n".join(REQUEST)):
            assert said(mail(OURS, body=f"Approve\n\n{header}\n{below}"), NAMED) != "approve"
        assert said(mail(OURS, body=f"Approve\n\n{header}\n{quoted}"), NAMED) == "other_mail"


@pytest.mark.parametrize(
    "own",
    [
        f"flexmaild <{OWN}>",
        f"flexmaild<{OWN.upper()}>",
        f"{OWN}<mailto:{OWN}>",
        f"*flexmaild* [mailto:{OWN}]",
        f"_{OWN}_",
        f"approvals+{REFERENCE.lower()}@corp.test",
        "approvals+anything@corp.test",
        f"Bob <bob@corp.test> On Behalf Of {OWN}",
        "flexmaild <approvals@bücher.test>",
        "flexmaild/Corp@Corp",
        "flexmaild",
    ],
)
def test_our_address_in_any_form_is_ours(own: str) -> None:
    quoted = "\n".join(f"> {line}" for line in REQUEST)
    header = f"From: {own}\nSent: Friday, 20 November 2026 9:00\nTo: Ann\nSubject: Approval needed"
    assert said(mail(OURS, body=f"Approve\n\n{header}\n{quoted}"), NAMED) == "approve"


@pytest.mark.parametrize(
    "below",
    [
        f"On Fri, Nov 20, 2026 at 9:00 AM flexmaild <{OWN}> wrote:\n> Reference {REFERENCE}\n",
        f"On Fri, Nov 20, 2026 at 9:00 AM flexmaild wrote:\n> Reference {REFERENCE}\n",
        f"On Fri, Nov 20, 2026 at 9:00 AM flexmaild <{OWN}> wrote:\n> Reference {REFERENCE}\n>\n"
        "> On Thu, Nov 19, 2026 Bob <bob@corp.test> wrote:\n",
    ],
)
def test_ours_above_all_others_is_no_answer_to_somebody_else(below: str) -> None:
    assert said(mail(OURS, body=f"Approve\n\n{below}")) != "other_mail"


def test_an_address_in_the_comment_is_nobodys_mail() -> None:
    assert said(mail(OURS, body=f"Approve ask bob@corp.test\n\nReference {REFERENCE}\n")) == "approve"
    assert OWN in RULES.own_addresses
