"""Whom a mail was written to: an answer to somebody else's mail decides nothing, nor one that was sent on.

A Message-ID that a service replaced is no sign of either.
"""

import pytest

from flexmaild.core.parsed_reply import MailNature
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.mail.mails import OWN, REFERENCE, REQUEST, RULES, mail, read, said

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


ALIAS = "deploy@corp.test"
ALSO = Rules.of(OWN, "noreply@corp.test", ALIAS)
# What stands in To or Cc of a mail that was written to us, however it is spelt.
WRITTEN_TO_US = [
    *(OWN, OWN.upper(), f"<{OWN}>", f"Approvals <{OWN}>", "noreply@corp.test", ALIAS),
    *(f"approvals+{REFERENCE.lower()}@corp.test", "Approvals+x+y@corp.test", "deploy+x@corp.test"),
    *(f"bob@corp.test, {OWN}", f"bob@corp.test; {OWN};", f"Team: bob@corp.test, {OWN};", f"Team:{OWN};"),
    *(f'"bob@corp.test" <{OWN}>', f'"B, ob" <bob@corp.test>, {OWN}', f"bob@corp.test <{OWN}>"),
    *(f"{OWN} (bob@corp.test)", f"(bob (and) bob@corp.test) <{OWN}>", f"bob@corp.test (, ), {OWN}"),
    *(f"=?utf-8?q?bob=40corp=2Etest?= <{OWN}>", f"=?utf-8?b?QSwgQg==?= <{OWN}>", '"approvals"@corp.test'),
    *(f"Grüße <{OWN}>", f"bob@corp.test,\n {OWN}", f"broken <bob@corp.test> x, {OWN}"),
]
# What names us and is written to somebody else.
WRITTEN_TO_OTHERS = [
    *TO_OTHERS,
    *(f"{OWN} <bob@corp.test>", f"=?utf-8?q?{OWN.replace('@', '=40')}?= <bob@corp.test>"),
    *(f"=?utf-8?q?=3C{OWN.replace('@', '=40')}=3E?=", f"{OWN}: bob@corp.test;", f"bob@corp.test ({OWN}, "),
    *(f"<{OWN}> <bob@corp.test>", f"<{OWN}> bob@corp.test", f"{OWN} bob@corp.test", f"{OWN}.evil.test"),
    *(f"x{OWN}", "approvals@corp.test@evil.test", f"approvals+{REFERENCE.lower()}@evil.test"),
    *("approvals-x@corp.test", "approvals@sub.corp.test", "аpprovals@corp.test", f"<@{OWN}:bob@corp.test>"),
    f"SRS0=x=corp.test=approvals+{REFERENCE.lower()}@relay.test",
]


@pytest.mark.parametrize("field", ["To", "Cc", "TO", "cc"])
@pytest.mark.parametrize("to", WRITTEN_TO_US)
def test_a_mail_with_an_address_of_ours_in_to_or_cc_is_written_to_us(field: str, to: str) -> None:
    other = "Cc" if field.lower() == "to" else "To"
    assert not read(mail(f"{field}: {to}", f"{other}: bob@corp.test"), ALSO).misdirected


@pytest.mark.parametrize("field", ["To", "Cc"])
@pytest.mark.parametrize("to", WRITTEN_TO_OTHERS)
def test_a_mail_that_only_names_us_is_not(field: str, to: str) -> None:
    assert read(mail(f"{field}: {to}"), ALSO).misdirected


@pytest.mark.parametrize(
    "field", ["Delivered-To", "Bcc", "X-Original-To", "Envelope-To", "Resent-To", "Reply-To", "Apparently-To"]
)
def test_only_to_and_cc_say_whom_it_was_written_to(field: str) -> None:
    assert read(mail(f"{field}: {OWN}"), ALSO).misdirected
    assert read(mail(f"{field}: {OWN}", "To: bob@corp.test"), ALSO).misdirected


def test_of_several_fields_the_lowest_counts_which_a_signature_covers() -> None:
    """RFC 6376 section 5.4.2: whoever adds one to a signed mail can do so above it only."""
    assert not read(mail("To: bob@corp.test", f"To: {OWN}"), ALSO).misdirected
    assert read(mail(f"To: {OWN}", "To: bob@corp.test"), ALSO).misdirected
    assert read(mail(f"Cc: {OWN}", "To: bob@corp.test", "Cc: carol@corp.test"), ALSO).misdirected
    assert not read(mail("To: bob@corp.test", "Cc: bob@corp.test", f"Cc: {OWN}"), ALSO).misdirected


def test_more_addressees_than_are_looked_over_are_none() -> None:
    many = ", ".join(f"p{n}@corp.test" for n in range(600))
    assert not read(mail(f"To: {OWN}, {many}"), ALSO).misdirected
    assert read(mail(f"To: {many}, {OWN}"), ALSO).misdirected


def test_without_settings_nobody_knows_who_we_are() -> None:
    assert not read(mail("To: bob@corp.test"), Rules.of()).misdirected


def test_an_alias_is_ours_wherever_it_is_asked() -> None:
    copied = mail(THEIRS, KNOWN, f"To: {ALIAS}", body="Approve\n")
    assert (said(copied), said(copied, ALSO)) == ("other_mail", "approve")
    header = f"On Fri, Nov 20, 2026 at 9:00 AM <{ALIAS}> wrote:\n> Reference {REFERENCE}\n"
    assert said(mail(OURS, body=f"Approve\n\n{header}")) == "other_mail"
    assert said(mail(OURS, body=f"Approve\n\n{header}"), ALSO) != "other_mail"
    assert read(mail(sender=f"Deploy <{ALIAS}>"), ALSO).nature is MailNature.OWN


EVE = "eve@corp.test"
REDIRECTED = {
    "by a person": (f"Resent-From: Eve <{EVE}>", f"Resent-To: {OWN}", "Resent-Date: x"),
    "from us to another": (f"Resent-From: {OWN}", f"Resent-To: {EVE}"),
    "from us to us and another": (f"Resent-From: {OWN}", f"Resent-To: {OWN}, {EVE}"),
    "from several": (f"Resent-From: {OWN}, {EVE}", f"Resent-To: {OWN}"),
    "a second time by another": (f"Resent-From: {OWN}", f"Resent-To: {OWN}", f"Resent-From: {EVE}"),
    "to nobody that is said": (f"Resent-From: {OWN}",),
    "by nobody that is said": (f"Resent-To: {OWN}",),
    "only a date": ("Resent-Date: Fri, 20 Nov 2026 09:00:00 +0000",),
    "only an id": ("Resent-Message-ID: <x@corp.test>",),
    "only a copy": (f"Resent-Cc: {OWN}",),
    "unknown": ("Resent-Whatever: x",),
    "empty but for a date": ("Resent-From:", "Resent-To:", "Resent-Date: x"),
    "an empty second": (f"Resent-From: {OWN}", "Resent-From:", f"Resent-To: {OWN}"),
    "unreadable": (f"Resent-From: <{OWN}> x", f"Resent-To: {OWN}"),
    "unreadable besides": (f"Resent-From: {OWN}", f"Resent-To: {OWN}, <{OWN}"),
    "a comment without an end": (f"Resent-From: {OWN} (x", f"Resent-To: {OWN}"),
    "our name alone": (f"Resent-From: {OWN} <{EVE}>", f"Resent-To: {OWN}"),
    "an empty group": ("Resent-From: Us:;", f"Resent-To: {OWN}"),
    "a longer field than is read": (f"Resent-From: {OWN}", f"Resent-To: {OWN},{' ' * 40_000}{EVE}"),
    "in capitals": (f"RESENT-FROM: {EVE}", f"RESENT-TO: {OWN}"),
    "a blank before the colon": (f"Resent-From : {EVE}", f"Resent-To : {OWN}"),
}
OUR_OWN_WAY = {
    "by us to us": (
        f"Resent-From: Ops <{OWN.upper()}>",
        "Resent-To: approvals+x@corp.test",
        "Resent-Date: x",
    ),
    "by an alias": (f"Resent-From: {ALIAS}", f"Resent-To: Us: {OWN}, noreply@corp.test;"),
    "twice": (f"Resent-From: {OWN}", f"Resent-To: {ALIAS}", f"Resent-From: {ALIAS}", f"Resent-To: {OWN}"),
    "an empty field, as Zoho writes it on every mail": ("Resent-From: ",),
    "not at all": ("X-Resent-From: eve@corp.test", "X-MS-Exchange-Inbox-Rules-Loop: eve@corp.test"),
}


@pytest.mark.parametrize("fields", REDIRECTED.values(), ids=REDIRECTED)
def test_what_somebody_sent_on_is_redirected(fields: tuple[str, ...]) -> None:
    assert read(mail(f"To: {OWN}", *fields), ALSO).redirected


@pytest.mark.parametrize("fields", OUR_OWN_WAY.values(), ids=OUR_OWN_WAY)
def test_what_goes_from_one_address_of_ours_to_another_is_not(fields: tuple[str, ...]) -> None:
    assert not read(mail(f"To: {OWN}", *fields), ALSO).redirected
