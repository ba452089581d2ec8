"""A mailing list's mail decides nothing; one through our own group (the reply address) is a person's."""

import pytest

from flexmaild.core.parsed_reply import MailNature
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.mail.mails import OWN, mail, read

IDENTITY = OWN.replace("@", ".")
RULES = Rules.of(OWN, "first.last@corp.test")
POST, ID = f"List-Post: <mailto:{OWN}>", f"List-Id: <{IDENTITY}>"
# What Google Groups, Mailman, Sympa and others write for a list of that address.
OURS = {
    "an id": (ID,),
    "an id with a name": (f'List-ID: "Approvals, <all.corp.test>" <{IDENTITY.upper()}>',),
    "an id with a name without quotes": (f"List-Id: Approvals, production <{IDENTITY}>",),
    "an id with an encoded name": (f"List-Id: =?utf-8?q?=3Call=2Ecorp=2Etest=3E?= <{IDENTITY}>",),
    "an id with a comment": (f"List-Id: <{IDENTITY}> (not <all.corp.test>)",),
    "an id without brackets": (f"List-Id: {IDENTITY}",),
    "an id of an address with a dot": ("List-Id: <first.last.corp.test>",),
    "where to post": (POST,),
    "where to post, in capitals": (f"List-Post: <MAILTO:{OWN.upper()}>",),
    "where to post, with a subject": (f"List-Post: <mailto:{OWN}?subject=x>",),
    "where to post, escaped": (f"List-Post: <mailto:{OWN.replace('@', '%40')}>",),
    "where to post, by a page too": (f"List-Post: <https://x.test/post>, <mailto:{OWN}> (members)",),
    "posting with a plus": ("List-Post: <mailto:approvals+x@corp.test>",),
    "no posting": (ID, "List-Post: NO"),
    "all of Google's": (
        "Precedence: list",
        f"Mailing-list: list {OWN}; contact approvals+owners@corp.test",
        ID,
        POST,
        "List-Help: <https://support.google.com/a/corp.test/bin/topic.py?topic=25838>",
        "List-Archive: <https://groups.google.com/a/corp.test/group/approvals/>",
        "List-Unsubscribe: <mailto:googlegroups-manage+1+unsubscribe@googlegroups.com>",
    ),
    "all of Mailman's": (
        "Precedence: list",
        "X-Mailman-Version: 3.3",
        f"X-Mailing-List: <{OWN}>",
        ID,
        "List-Owner: <mailto:approvals-owner@corp.test>",
        "List-Subscribe: <mailto:approvals-join@corp.test>",
        "List-Unsubscribe: <mailto:approvals-leave@corp.test>",
    ),
    "twice the same": (ID, ID, POST, POST),
}
# Another list's, whatever of it names ours.
THEIRS = {
    "an id": ("List-Id: <all.corp.test>",),
    "an id that ends like ours": (f"List-Id: <not-{IDENTITY}>",),
    "an id that begins like ours": (f"List-Id: <{IDENTITY}.evil.test>",),
    "an id whose name is ours": (f'List-Id: "<{IDENTITY}>" <all.corp.test>',),
    "an id whose name is ours, without quotes": (f"List-Id: {IDENTITY} <all.corp.test>",),
    "an id whose encoded name is ours": (f"List-Id: =?utf-8?q?=3C{IDENTITY}=3E?= <all.corp.test>",),
    "an id whose comment is ours": (f"List-Id: (<{IDENTITY}>) <all.corp.test>",),
    "two ids in one": (f"List-Id: <all.corp.test> <{IDENTITY}>",),
    "two ids in one, ours first": (f"List-Id: <{IDENTITY}> <all.corp.test>",),
    "text behind the id": (f"List-Id: <{IDENTITY}> all.corp.test",),
    "a quote behind the id": (f'List-Id: <{IDENTITY}> "<all.corp.test>"',),
    "a quote without an end": (f'List-Id: <{IDENTITY}> "<all.corp.test>',),
    "no id": ("List-Id:",),
    "an id without an end": (f"List-Id: <{IDENTITY}",),
    "a comment without an end": (f"List-Id: <{IDENTITY}> (",),
    "a second id": (ID, "List-Id: <all.corp.test>"),
    "posting elsewhere": (ID, "List-Post: <mailto:all@corp.test>"),
    "posting to us as well": ("List-Post: <mailto:all@corp.test>, <mailto:" + OWN + ">",),
    "posting with a copy to us": (f"List-Post: <mailto:all@corp.test?cc={OWN}>",),
    "posting to us and others": (f"List-Post: <mailto:{OWN},all@corp.test>",),
    "posting to others in the query": (f"List-Post: <mailto:?to={OWN}>",),
    "posting by a page alone": (f"List-Post: <https://corp.test/{OWN}>",),
    "posting, in a comment": (f"List-Post: NO (<mailto:{OWN}>)",),
    "posting, a second field": (POST, "List-Post: <mailto:all@corp.test>"),
    "an old list": (ID, "Mailing-List: list all@corp.test; contact x@corp.test"),
    "an old list that is not said": (ID, f"Mailing-List: contact {OWN}; run by ezmlm"),
    "another old list": (ID, POST, "X-Mailing-List: <all@corp.test> archive/latest/1"),
    "only a precedence": ("Precedence: list",),
    "only an odd precedence": ("X-Precedence: list",),
    "only a way out": (f"List-Unsubscribe: <mailto:{OWN}?subject=unsubscribe>",),
    "only a way out by one click": ("List-Unsubscribe-Post: List-Unsubscribe=One-Click",),
    "only help": (f"List-Help: <mailto:{OWN}>",),
    "only an owner": (f"List-Owner: <mailto:{OWN}>",),
    "only a way in": (f"List-Subscribe: <mailto:{OWN}>",),
    "only an archive": ("List-Archive: <https://corp.test/>",),
    "only a program": ("X-Mailman-Version: 3.3",),
}


@pytest.mark.parametrize("fields", OURS.values(), ids=OURS)
def test_the_fields_of_our_own_group_make_no_list_s_mail(fields: tuple[str, ...]) -> None:
    assert read(mail(*fields), RULES).nature is MailNature.HUMAN
    assert read(mail(*fields), Rules.of("x@corp.test")).nature is MailNature.LIST


@pytest.mark.parametrize("fields", THEIRS.values(), ids=THEIRS)
def test_those_of_another_list_do_whatever_they_mention(fields: tuple[str, ...]) -> None:
    reading = read(mail(*fields), RULES)
    assert (reading.nature, reading.answer) == (MailNature.LIST, None)
    assert reading.nature_because
    assert read(mail(*fields[::-1]), RULES).nature is MailNature.LIST


@pytest.mark.parametrize("field", ["List-Id", "List-Post", "Mailing-List", "X-Mailing-List"])
@pytest.mark.parametrize("piece", ['"\\', '\\"', "<", "(", "<mailto:", "list ", ";list", " ", "%40", ","])
def test_any_field_is_read_in_one_go(field: str, piece: str) -> None:
    assert read(mail(f"{field}: {piece * (120_000 // len(piece))}x"), RULES).nature is MailNature.LIST


def test_an_alias_may_be_the_group() -> None:
    alias = Rules.of(OWN, "deploy@corp.test")
    assert read(mail("List-Id: <deploy.corp.test>"), alias).nature is MailNature.HUMAN


def test_a_member_s_machine_is_one_also_through_our_group() -> None:
    assert read(mail(ID, "Auto-Submitted: auto-replied"), RULES).nature is MailNature.AUTO_REPLY
    assert read(mail(ID, "Precedence: bulk"), RULES).nature is MailNature.AUTO_REPLY
