"""Limits of a mail, beyond which it is quarantined: sizes in bytes and counts.

Read by `mail.parse`, `mail.understand` and the transports; tests make smaller ones. Apart, since every module
of `mail.parse` imports it.
"""

from dataclasses import dataclass

from flexmaild.core.defaults import LARGEST_MAIL


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes or counts, from research into what mail servers accept and what parsers survive.

    mail: Postfix 10,240,000. header: Postfix 102,400 a field, CPython needs 0.2 s for 10,000 fields.
    depth and parts: Postfix refuses more than 100 levels, CPython's stack ends between 900 and 3,000.
    boundary: RFC 2046 section 5.1.1 says 70. text: of each text part, what is beyond is not read and keeps
    the mail from deciding anything.
    """

    mail: int = LARGEST_MAIL
    header: int = 128 * 1024
    fields: int = 500
    field: int = 8 * 1024
    references: int = 32 * 1024
    encoded_words: int = 200
    parameters: int = 50
    depth: int = 20
    parts: int = 100
    boundary: int = 200
    text: int = 256 * 1024
