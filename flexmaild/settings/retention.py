"""How long what says something of persons is kept after a request has ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from flexmaild.settings.faults import Finding
from flexmaild.settings.section import Section
from flexmaild.settings.types import Duration

if TYPE_CHECKING:
    from flexmaild.settings.schema import Settings


class Retention(Section):
    """How long what says something of persons is kept after a request has ended; of an open one all is. The
    raw mails have `incoming.keep_raw`."""

    comments: Annotated[timedelta, Duration("0s", "400d")] = timedelta(days=400)
    """Texts that people wrote: comments, reasons of a cancellation, unrecognised lines of replies."""
    addresses: Annotated[timedelta, Duration("0s", "400d")] = timedelta(days=400)
    """Addresses, names, titles and subjects, and with them who decided. After that a late reply is still
    recognised but not answered."""
    sent_mails: Annotated[timedelta, Duration("0s", "400d")] = timedelta(days=30)
    """Sent mails and their sources: texts, variables, metadata, attachments. These mails contain comments and
    addresses, so they are deleted at the earliest of the three times."""

    def findings(self, whole: Settings) -> Iterator[Finding]:
        for name in ("comments", "addresses"):
            if getattr(self, name) < whole.incoming.keep_raw:
                text = "is shorter than incoming.keep_raw, and the raw mails hold them as well"
                yield Finding((name,), text, grave=False)
