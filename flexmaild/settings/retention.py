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
    """What people wrote: comments, why a request was cancelled, lines that no list knew."""
    addresses: Annotated[timedelta, Duration("0s", "400d")] = timedelta(days=400)
    """Addresses, names, titles and subjects, and so who decided. Afterwards a late reply is known as one to a
    request of ours, and is not answered."""
    sent_mails: Annotated[timedelta, Duration("0s", "400d")] = timedelta(days=30)
    """What we sent, and what it was made of: texts, variables, metadata, attachments. The mails quote
    comments and bear addresses, so they go with the first of the three."""

    def findings(self, whole: Settings) -> Iterator[Finding]:
        for name in ("comments", "addresses"):
            if getattr(self, name) < whole.incoming.keep_raw:
                text = "is shorter than incoming.keep_raw, and the raw mails hold them as well"
                yield Finding((name,), text, grave=False)
