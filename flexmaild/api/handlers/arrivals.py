"""What a marked mail of ours shows that came back: whether its Message-ID is still the one that was sent.

Sending services (Amazon SES, Exchange Online) may replace it. An answer then names the new one in
In-Reply-To, and ours only where References came through; where not, a plus-address says what is answered.
Used by `doctor`, which looks at the last one, and by `self-test`, which sends one.
"""

import re
import secrets
from collections.abc import Iterator
from datetime import timedelta

from flexmaild.core.steps import Step
from flexmaild.engine.services import Services
from flexmaild.mail.format import OWN_MAIL_HEADER
from flexmaild.mail.parse.header import Header, parse_header
from flexmaild.mail.parse.message import split_header

SUBJECT = "Self-test "
# What marks a mail of ours: in its subject and at the beginning of its Message-ID.
_MARK = "flexmaild-"
_TOKEN = re.compile(rb"%s[0-9a-f]{16}" % _MARK.encode())
# A mail system changes rarely; raw mails are kept as long by default.
_SINCE = timedelta(days=30)
_CURE = (
    "Set incoming.plus_address: true where the mail server delivers NAME+anything to NAME, so that an answer "
    "is recognised by its address too."
)


def tokens() -> Iterator[str]:
    while True:
        yield f"{_MARK}{secrets.token_hex(8)}"


def last(services: Services) -> bytes:
    """The last marked mail as it arrived, empty where none did."""
    return services.store.arrived(f"{SUBJECT}{_MARK}", services.store.now() - _SINCE) or b""


def last_step(raw: bytes, *, plus_address: bool) -> Step:
    """For the doctor, which sends nothing."""
    header = parse_header(split_header(raw)[0])
    if not header.has(OWN_MAIL_HEADER.lower().encode()):
        tried = "look at the last marked mail that came back"
        return Step("message_id", True, tried, "none has yet; flexmailctl self-test sends one")
    return message_id(header, plus_address=plus_address)


def message_id(header: Header, *, plus_address: bool) -> Step:
    """Whether the Message-ID came back as it was sent. It begins with the token that the subject names."""
    tried = "compare the Message-ID that arrived with the one sent"
    token = _TOKEN.search(header.first(b"subject"))
    if token is None or token[0] in header.first(b"message-id").lower():
        return Step("message_id", True, tried, "it is the same")
    kept = any(token[0] in value.lower() for value in header.all(b"references"))
    answer = "it was replaced on the way; " + (
        "References still names ours" if kept else "References does not name ours either"
    )
    if plus_address:
        return Step(
            "message_id", True, tried, f"{answer}; incoming.plus_address is on, so answers are recognised"
        )
    return Step("message_id", True, tried, answer, _CURE)
