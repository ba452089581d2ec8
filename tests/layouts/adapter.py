"""The one place that knows the reader under test."""

from functools import lru_cache

from flexmaild.core.work import SentMail
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.words.rules import Rules
from tests.layouts.model import Original

RULES = Rules.of("approvals@corp.test", names=("flexmaild",))
Read = tuple[str | None, str, str]


def read(reply: bytes, *requests: bytes, quotes: tuple[str, ...] = ()) -> Read:
    """Answer ("approve", "reject" or None), why it is unclear, comment.

    A reply whose references are not those of one mail of ours decides nothing, whatever it says: that is
    judged behind the reader, and belongs to the outcome. quotes: what a person wrote in the mails we sent.
    """
    sent = tuple(SentMail(request, quotes) for request in requests)
    reading = understand(reply, len(reply), RULES, mails_sent=lambda references: sent)
    answer = reading.answer.value if reading.answer is not None else None
    found = {
        reference.upper()
        for reference in (*reading.body_references, *reading.thread_references, *reading.address_references)
    }
    if answer is not None and (len(found) != 1 or not found <= {_reference(request) for request in requests}):
        return None, f"references: {len(found)}", reading.comment
    return answer, reading.unclear or ("" if answer else reading.nature.value), reading.comment


@lru_cache(maxsize=64)
def _reference(request: bytes) -> str:
    return Original.of(request).reference.upper()
