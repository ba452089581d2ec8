"""Small mails for the tests of this room."""

from typing import Any

from flexmaild.core.parsed_reply import ParsedReply
from flexmaild.core.work import SentMail
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.words.rules import Rules

OWN = "approvals@corp.test"
REFERENCE = "FM1-ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLM"
MARKER = "##- Please type your answer above this line -##"
RULES = Rules.of(OWN)
# The request that these replies answer, as it went out.
REQUEST = (
    MARKER,
    "",
    "Your approval is needed",
    "",
    "Deploy billing 2.3.1 to production",
    "",
    "To decide, answer this mail and begin with the word Approve or the word Reject.",
    "",
    f"Reference {REFERENCE}",
)


def mail(*fields: str, body: str = "Approve", sender: str = "Ann <ann@corp.test>") -> bytes:
    """A mail of one text part unless the fields say otherwise; LF line ends, UTF-8."""
    head = [*([f"From: {sender}"] if sender else []), *fields]
    if not any(field.lower().startswith("content-type") for field in fields):
        head.append("Content-Type: text/plain; charset=utf-8")
    return ("\n".join(head) + "\n\n" + body).encode("utf-8", "surrogateescape")


def parts(kind: str, *bodies: tuple[str, str], fields: tuple[str, ...] = ()) -> bytes:
    """A multipart of (content type, body)."""
    inner = "".join(f"--x\nContent-Type: {content}\n\n{body}\n" for content, body in bodies)
    return mail(*fields, f'Content-Type: multipart/{kind}; boundary="x"', body=f"{inner}--x--\n")


def sent(*lines: str, subject: str = "Approval needed: Deploy billing 2.3.1 to production") -> SentMail:
    """A mail of ours with this text."""
    return SentMail(mail(f"Subject: {subject}", body="\n".join(lines), sender=f"flexmaild <{OWN}>"))


SENT = sent(*REQUEST)


def read(data: bytes, rules: Rules = RULES, **more: Any) -> ParsedReply:
    """What this mail says as a reply to REQUEST, unless `mails_sent` says otherwise."""
    more.setdefault("mails_sent", lambda references: (SENT,))
    return understand(data, len(data), rules, **more)


def said(data: bytes, rules: Rules = RULES) -> str:
    """ "approve", "reject", or the reason why nothing was decided."""
    reading = read(data, rules)
    return reading.answer.value if reading.answer else (reading.unclear or reading.nature.value)
