"""Defaults of settings that are also needed where no settings are.

Apart, since only core may be imported by both the settings' declarations and the packages that do not know
the settings (`mail`, which also reads mails for `flexmaild explain` without any).
"""

import unicodedata
from datetime import timedelta

# outgoing.host and incoming.host, as FlexDeploy's page has them for an example.
OUTGOING_HOST, INCOMING_HOST = "mail.domain.com", "imap.domain.com"
# incoming.max_message_size, bytes.
LARGEST_MAIL = 10 << 20
# incoming.process_interval.
READ_EVERY = timedelta(minutes=5)
# approvals.max_comment, characters.
LONGEST_COMMENT = 2000


def is_example(host: str) -> bool:
    """A host of the page's example, which belongs to a stranger: nothing is ever sent there."""
    # As resolvers read it: wide letters are the usual ones, and there are other full stops (RFC 3490).
    plain = unicodedata.normalize("NFKC", host).replace("\u3002", ".")
    return plain.casefold().rstrip(".") in (OUTGOING_HOST, INCOMING_HOST)
