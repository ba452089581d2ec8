"""Whatever a reply has for a Message-ID, our answer to it is sound, and can be answered."""

import pytest

from tests.support.daemon import Daemon, reply_bytes

ALICE = "alice@corp.test"

IDENTIFIERS = {
    "with a comment": "<1@c> (comment)",
    "with a blank": "<a b@c>",
    "bare": "nobrackets@c",
    "two brackets": "<<a@b>>",
    "too long": f"<{'x' * 950}@c>",
    "long": f"<{'x' * 890}@c>",
    "folded": "<1@c>\r\n <2@c>",
    "not ASCII": "<\u00e9@c>",
    "none": "",
    "like a ticket": "<fm1-aaaa@c>",
    "like a reference": f"<fm1-{'a' * 45}@c>",
    "like a piece of one": f"<reply-fm1-{'a' * 24}@c>",
    "like a mail's id": "<m-aaaaaaaaaaaaaaaa@corp.test>",
    "with a tab": "<1@c>\tx",
    "only @": "<@>",
    "only brackets": "<>",
    "the request's": "OWN",
    "cut": "OWNCUT",
    "that of our answer": "OWNANSWER",
    "another request's": "OTHER",
}


@pytest.mark.parametrize("identifier", IDENTIFIERS.values(), ids=IDENTIFIERS)
def test_an_answer_to_our_answer_to_a_mail_with_this_message_id_is_understood(
    daemon: Daemon, identifier: str
) -> None:
    daemon.start()
    other = daemon.request(ALICE, title="Other")
    daemon.mail(ALICE)
    asked = daemon.request(ALICE)["id"]
    mail = daemon.mail(ALICE, count=2)
    first = next(m for m in daemon.mails(ALICE) if m["Message-ID"] != mail["Message-ID"])
    own = str(mail["Message-ID"])
    identifier = {
        "OWN": own,
        "OWNCUT": own[:30] + "@c>",
        "OWNANSWER": own.replace("approval_request.0", "unclear.1000"),
        "OTHER": str(first["Message-ID"]),
    }.get(identifier, identifier)
    data = reply_bytes(mail, "perhaps", Message_ID="HERE").replace(
        b"Message-ID: HERE\r\n", f"Message-ID: {identifier}\r\n".encode() if identifier else b""
    )
    daemon.deliver(data)
    daemon.process_replies()
    told = daemon.mail(ALICE, "unclear")
    assert max(map(len, bytes(told).splitlines())) <= 998
    assert str(told["In-Reply-To"]) != str(told["Message-ID"])
    refs = " ".join(f"{told['References']} {told['Message-ID']}".split())
    daemon.answer(told, "Approve", References=refs)
    daemon.process_replies()
    shown = daemon.show(asked)
    assert shown["state"] == "approved", [(r["outcome"], r["reason"]) for r in shown["replies"]]
    assert daemon.show(other["id"])["state"] == "pending"
