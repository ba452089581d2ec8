"""What names a mail in its header, and what servers put in the place of one."""

import tracemalloc

import pytest

from flexmaild.mail.parse.message_id import is_server_placeholder, name_of

COURIER = (
    b"From: System Administrator <root@localhost>\r\nSubject: message unavailable\r\n\r\n"
    b"This message is no longer available on the server.\r\n"
)
EXCHANGE = (
    b'From: "Microsoft Exchange Server 2010"\r\nTo: approvals@corp.test\r\nMIME-Version: 1.0\r\n'
    b"Subject: Retrieval using the IMAP4 protocol failed for the following message:\r\n 15541\r\n\r\n"
    b"The server couldn't retrieve the following message.\r\n"
)


def test_a_mail_is_named_by_its_message_id() -> None:
    assert name_of(b"From: a@b.test\r\nMessage-ID:\r\n <x@y>\r\n\r\nApprove\r\n") == "x@y"


def test_one_without_by_its_header_whatever_line_ends_it_is_given_with() -> None:
    whole = b"From: a@b.test\r\nSubject: x\r\n\r\nApprove\r\n"
    head = b"From: a@b.test\nSubject: x\n\n"
    assert name_of(whole) == name_of(head) == name_of(head[:-1])
    assert name_of(whole).startswith("sha256:") and name_of(whole) != name_of(whole.replace(b"x", b"y"))
    assert name_of(b"") == name_of(b"\r\n") == ""


@pytest.mark.parametrize("data", [COURIER, COURIER.replace(b"\r\n", b"\n"), EXCHANGE], ids=["1", "2", "3"])
def test_what_a_server_made_up_is_no_mail(data: bytes) -> None:
    assert is_server_placeholder(data)


@pytest.mark.parametrize("field", [b"Message-ID: <x@y>\r\n", b"Received: from a by b\r\n"])
@pytest.mark.parametrize("data", [COURIER, EXCHANGE], ids=["Courier", "Exchange"])
def test_what_was_sent_and_delivered_never_passes_for_that(data: bytes, field: bytes) -> None:
    assert not is_server_placeholder(field + data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"From: a@b.test\r\n\r\n",
        b"From: root@localhost\r\nSubject: message unavailable\r\n\r\n",
        b"From: Microsoft Exchange Server <x@y.test>\r\n\r\n",
    ],
)
def test_other_mails_without_a_message_id_are_mails(data: bytes) -> None:
    assert not is_server_placeholder(data)


def test_a_header_beyond_what_imap_fetches_of_one_is_not_looked_at() -> None:
    """So a mail has one name on every way, and a header of megabytes costs the daemon nothing."""
    header = b"".join(b"X-%d: " % n + b"a" * 900 + b"\r\n" for n in range(90))
    whole = header + b"Message-ID: <late@corp.test>\r\n\r\nApprove\r\n"
    assert name_of(whole) == name_of(whole[: 64 << 10]) != "late@corp.test"
    tracemalloc.start()
    name_of(b"A:\r\n" * 2_500_000)
    is_server_placeholder(b"Subject: message unavailable\r\n" + b"A:\r\n" * 2_500_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 32 << 20
