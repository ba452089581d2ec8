"""What flexmaild makes of a mail in the reply folder: the proof of its sender, as a request would see it."""

from typing import Any

from flexmaild.core.approval.proof import failed_dmarc, proof_of
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.words.rules import Rules
from tests.borders.border import REPLIES

NOT_PROVEN = "reference"


def proof(data: bytes, sender: str, borders: list[dict[str, Any]]) -> str:
    """`dmarc`, `dkim`, `auth`, or `reference` where nothing but the approver's own reference would speak."""
    rules = Rules.of(REPLIES, borders=[Border(**border) for border in borders])
    reading = understand(data, len(data), rules)
    if reading.sender != sender or failed_dmarc(reading):
        return NOT_PROVEN
    return proof_of(reading)
