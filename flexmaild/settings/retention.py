"""How long what says something of persons is kept after a request has ended."""

from datetime import timedelta
from typing import Annotated

from flexmaild.settings.section import Section
from flexmaild.settings.types import Duration


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
