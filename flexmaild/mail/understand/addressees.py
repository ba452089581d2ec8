"""Whom a mail was written to: whether it answers somebody else's mail in the thread and we only got a copy.

For `reply`. Sending services replace Message-IDs, so an In-Reply-To that is not ours says nothing alone; it
does beside a To that names none of our addresses. Cc does not help: there stand those who read along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flexmaild.core.addresses import normal
from flexmaild.mail.parse.header import Header, decoded
from flexmaild.mail.understand import references
from flexmaild.mail.understand.mentions import answered_jobs
from flexmaild.mail.understand.rules import Rules

# A name in quotes or a comment may hold anything, an address of ours too.
_NAMES = re.compile(r'"(?:[^"\\]|\\.)*"|\([^()]*\)')
_ADDRESS = re.compile(r"[^\s<>,;:\"]+@[^\s<>,;:\"]+")
# More addressees than these are looked over no further.
_MOST = 500


def answers_another(header: Header, rules: Rules) -> bool:
    """Whether In-Reply-To names a mail that is not ours and To none of our addresses."""
    answered = header.all(b"in-reply-to")
    if not rules.own_addresses:  # it is not known who we are: `flexmaild explain` without settings
        return False
    if not any(b"@" in value for value in answered) or answered_jobs(answered):
        return False
    if any(map(references.is_whole, references.in_message_ids(answered, rules.limits))):
        return False
    return not any(_is_ours(address, rules) for address in _addresses(header, rules))


def _addresses(header: Header, rules: Rules) -> Iterator[str]:
    for value in header.all(b"to"):
        text = _NAMES.sub(" ", decoded(value[: rules.limits.references], rules.limits))
        for number, match in enumerate(_ADDRESS.finditer(text)):
            if number >= _MOST:
                return
            yield match[0]


def _is_ours(address: str, rules: Rules) -> bool:
    """With what follows a "+" too (RFC 5233), and as forwarders write a plus-address with our reference."""
    if any(map(references.is_whole, references.in_text([address]))):
        return True
    try:
        local, _, domain = normal(address).partition("@")
    except ValueError:
        return False
    return f"{local}@{domain}" in rules.own_addresses or (
        f"{local.partition('+')[0]}@{domain}" in rules.own_addresses
    )
