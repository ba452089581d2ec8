"""Finds the mails that we sent with the references that a reply contains.

What goes out with a reference is kept before it is sent (`kept_mail`, used by `engine.delivery.job_handlers`,
committed by `engine.delivery.delivery`) and is looked up here for `engine.sandbox.parent`. It is never
composed again: templates, settings, the languages' texts and this program may have changed since, and words
that were not sent must not be taken for ours. So what is found is what went out, or None. A mail that is kept
and was not sent after all does no harm. The words are as confidential as the request: they go to the reading
child and nowhere else.
"""

import hashlib
import zlib
from typing import Protocol

from flexmaild.core.jobs import order_of
from flexmaild.core.model import Request
from flexmaild.core.references import Reference, ReferenceKeys, parse
from flexmaild.core.work import Job, KeptMail, SentMail
from flexmaild.mail.compose.context import persons_words

# Bytes handed over for one reply. A mail of ours has 8 to 20 kB, one with the longest page 250 kB.
MOST_BYTES = 1 << 20


def kept_mail(job: Job, data: bytes) -> KeptMail | None:
    """What to keep of this mail, composed without attachments; None where it bears no reference."""
    if job.invitation is None:
        return None
    # Level 1, as for raw mails: 8 kB become 3.
    deflated = zlib.compress(data, 1) if len(data) <= MOST_BYTES else None
    return KeptMail(job.id, hashlib.sha256(data).hexdigest(), deflated, persons_words(order_of(job)))


class SentMailsView(Protocol):
    """The store, or `engine.replay.sent_before` for what had been sent at an earlier time."""

    def sent_mails(self, approval_id: str, invitation: int) -> tuple[Request, list[KeptMail]] | None: ...


class SentMails:
    """Callable from any thread."""

    def __init__(self, store: SentMailsView, keys: ReferenceKeys) -> None:
        self._store = store
        self._keys = keys

    def __call__(self, references: tuple[str, ...]) -> tuple[SentMail, ...] | None:
        """Every mail sent with one of these references, newest first. None where the text of one is not
        known, where they are too large, and where no reference is genuine.

        Raises StoreFault when the store cannot be read.
        """
        named = dict.fromkeys(map(parse, references))
        kept = [mail for reference in named if reference for mail in self._sent_with(reference)]
        return _inflated_mails(kept) if kept else None

    def _sent_with(self, reference: Reference) -> list[KeptMail]:
        found = self._store.sent_mails(reference.request_id, reference.invitation)
        if found is None:
            return []
        request, kept = found
        return kept if self._keys.is_genuine(reference, request) else []


def _inflated_mails(kept: list[KeptMail]) -> tuple[SentMail, ...] | None:
    """The decompressed mails, or None: if one were missing, its text would be taken for the person's."""
    mails: list[SentMail] = []
    left = MOST_BYTES
    for mail in kept:
        if mail.deflated is None:
            return None
        data = _inflated(mail.deflated, left + 1)
        left -= len(data)
        if left < 0 or hashlib.sha256(data).hexdigest() != mail.sha256:
            return None
        mails.append(SentMail(data, mail.quotes))
    return tuple(mails)


def _inflated(deflated: bytes, most: int) -> bytes:
    """At most so many bytes; fewer where the store's file was changed by hand, which the digest shows."""
    try:
        return zlib.decompressobj().decompress(deflated, most)
    except zlib.error:
        return b""
