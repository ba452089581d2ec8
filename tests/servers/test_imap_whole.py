"""What keeps a small mail from deciding keeps the same mail from it when a large file makes it large."""

from collections.abc import Sequence

import pytest

from flexmaild.core.model import Answer
from flexmaild.core.parsed_reply import ParsedReply
from flexmaild.core.ports import Fetched
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.words.rules import Rules
from tests.support.dovecot import Dovecot
from tests.support.inboxes import inbox_of, nobody_is_known

RULES = Rules.of("approvals@corp.test")
HEAD = b"From: Ann <ann@corp.test>\r\nSubject: Re: x\r\nMIME-Version: 1.0\r\n"
MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n"
APPROVE = b"Content-Type: text/plain\r\n\r\nApprove\r\n"
HTML = b"Content-Type: text/html\r\n\r\n<p>Approve</p>\r\n"
PDF = (
    b"Content-Type: application/pdf; name=x.pdf\r\nContent-Disposition: attachment; filename=x.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n"
)
LINE = b"words that say nothing, for a whole line\r\n"


def mixed(*parts: bytes, kind: bytes = MIXED, end: bytes = b"--b--\r\n") -> bytes:
    return HEAD + kind + b"\r\n" + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


def file(size: int) -> bytes:
    return PDF + b"QUFB" * 19 + b"\r\n" + (b"QUFB" * 19 + b"\r\n") * (size // 78)


def alternative(*parts: bytes, end: bytes = b"--i--\r\n") -> bytes:
    inner = b"".join(b"--i\r\n" + part + b"\r\n" for part in parts)
    return b"Content-Type: multipart/alternative; boundary=i\r\n\r\n" + inner + end


def deep(levels: int) -> bytes:
    part = APPROVE
    for level in range(levels):
        mark = b"d%d" % level
        part = b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n%s\r\n--%s--\r\n" % (
            mark, mark, part, mark,
        )  # fmt: skip
    return part


# By the size of the file that makes it large or leaves it small.
DECIDED = {
    "a text and a file": lambda size: mixed(APPROVE, file(size)),
    "two alternatives": lambda size: mixed(alternative(APPROVE, HTML), file(size)),
    "a file alone has a footer behind it": lambda size: mixed(APPROVE, file(size)) + LINE,
    "a long log": lambda size: mixed(
        APPROVE, file(size), b"Content-Type: text/plain; name=a.log\r\n\r\n" + LINE * 9000
    ),
    "many files": lambda size: mixed(APPROVE, *[file(size // 40)] * 40),
}
UNDECIDED = {
    "a text behind the file": lambda size: mixed(
        APPROVE, file(size), b"Content-Type: text/plain\r\n\r\nif the tests pass\r\n"
    ),
    "torn in the file": lambda size: mixed(APPROVE, file(size), end=b""),
    "a broken Content-Type": lambda size: mixed(
        APPROVE, file(size), b"Content-Type: text\r\n\r\nif the tests pass\r\n"
    ),
    "a Content-Type with a blank": lambda size: mixed(
        APPROVE, file(size), b"Content-Type: text /plain\r\n\r\nif the tests pass\r\n"
    ),
    "two Content-Types": lambda size: mixed(
        APPROVE,
        file(size),
        b"Content-Type: text/plain\r\nContent-Type: application/pdf\r\n\r\nif the tests pass\r\n",
    ),
    "a boundary given twice": lambda size: mixed(
        APPROVE, file(size), kind=b"Content-Type: multipart/mixed; boundary=b; boundary=c\r\n"
    ),
    "two Content-Types of the mail": lambda size: mixed(
        APPROVE, file(size), kind=MIXED + b"Content-Type: text/plain\r\n"
    ),
    "alternatives that say different things": lambda size: mixed(
        alternative(APPROVE, b"Content-Type: text/html\r\n\r\n<p>Reject</p>\r\n"), file(size)
    ),
    "enriched text says more": lambda size: mixed(
        alternative(APPROVE, b"Content-Type: text/enriched\r\n\r\nApprove if the tests pass\r\n"), file(size)
    ),
    "300 KiB of plain text": lambda size: mixed(APPROVE + LINE * 7500, file(size)),
    "300 KiB of HTML": lambda size: mixed(HTML + b"<p>a</p>\r\n" * 31_000, file(size)),
    "120 parts": lambda size: mixed(APPROVE, *[file(size // 120)] * 120),
    "30 deep": lambda size: mixed(deep(30), file(size)),
    "40 texts": lambda size: mixed(*[APPROVE] * 40, file(size), b"\r\nif the tests pass\r\n"),
}


def fetched(dovecot: Dovecot, mails: Sequence[bytes]) -> list[Fetched]:
    user = dovecot.user()
    dovecot.deliver(user, mails)
    inbox = inbox_of(user, dovecot.imap)
    inbox.open()
    found = inbox.fetch(10, nobody_is_known)
    inbox.close()
    return found


def read(one: Fetched) -> ParsedReply:
    assert one.data is not None
    return understand(one.data, one.size, RULES, one.partial, is_cut=one.is_cut)


@pytest.mark.parametrize("case", DECIDED)
def test_a_mail_that_is_whole_decides_small_and_large(dovecot: Dovecot, case: str) -> None:
    small = DECIDED[case](100)
    (large,) = fetched(dovecot, [DECIDED[case](400_000)])
    assert understand(small, len(small), RULES).answer is Answer.APPROVE
    assert large.partial and not large.is_cut and read(large).answer is Answer.APPROVE


@pytest.mark.parametrize("case", UNDECIDED)
def test_a_mail_that_decides_nothing_small_decides_nothing_large(dovecot: Dovecot, case: str) -> None:
    small = UNDECIDED[case](100)
    (large,) = fetched(dovecot, [UNDECIDED[case](400_000)])
    assert understand(small, len(small), RULES).answer is None
    assert large.partial and read(large).answer is None
    if "300 KiB" in case:
        assert understand(small, len(small), RULES).unclear == read(large).unclear == "too_long"


def test_several_large_mails_are_distinguished(dovecot: Dovecot) -> None:
    """Also those of like structure, whose ends lie at different places."""
    mails = [mixed(APPROVE, file(size), end=end) for size, end in ((300_000, b"--b--\r\n"), (310_000, b""))]
    assert [one.is_cut for one in fetched(dovecot, [*mails, mails[0]])] == [False, True, False]
