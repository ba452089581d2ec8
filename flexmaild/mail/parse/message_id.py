"""The identity of a mail by its header, and whether a server made the mail up.

For the inboxes, which have to recognise a mail before it is understood. Pure, linear, never raises.
"""

import hashlib

from flexmaild.core.references import bare
from flexmaild.mail.parse.header import decoded, parse_header
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.message import split_header

# As much of a Message-ID as is kept (RFC 5322 section 2.1.1), and of a header without one: less than any way
# in fetches of a header.
_LONGEST, _DIGESTED = 998, 32 << 10
# No more of a header is looked at, and IMAP fetches as much of one, so that a mail has one name on every way;
# and the daemon does this itself, where a header of megabytes would cost a hundred times its size.
HEADER_LOOKED_AT = 64 << 10

# What Courier's imapd puts in the place of a file that it cannot open, and Exchange in that of an item of
# which it cannot make a mail; Exchange writes its subject in the language of the server.
_COURIER = (b"System Administrator <root@localhost>", b"message unavailable")
_EXCHANGE = b"microsoft exchange server"
# Both write a few fields only.
_SIGNS, _NEAR = (b"message unavailable", _EXCHANGE), 4 << 10


def name_of(data: bytes) -> str:
    """The Message-ID as `understand` gives it, or "sha256:" and the digest of a header without one; empty
    without a header. `data` may be the header alone."""
    block, _ = split_header(data[:HEADER_LOOKED_AT])
    name = message_id_of(parse_header(block).first(b"message-id"))
    if name:
        return name
    lines = block.replace(b"\r\n", b"\n").rstrip(b"\r\n")[:_DIGESTED]
    return f"sha256:{hashlib.sha256(lines).hexdigest()}" if lines else ""


def message_id_of(field: bytes) -> str:
    """The Message-ID in a field, without angle brackets; as much as is kept of it."""
    return bare(decoded(field, Limits())[:_LONGEST])


def is_server_placeholder(data: bytes) -> bool:
    """Whether a server put this in the place of a mail that it cannot hand out. Whatever was sent and
    delivered has a Message-ID or a Received field, so that no real mail is mistaken for one."""
    beginning = data[:_NEAR].lower()
    if not any(sign in beginning for sign in _SIGNS):
        return False  # as good as always, in no time
    header = parse_header(split_header(data[:HEADER_LOOKED_AT])[0])
    if header.has(b"message-id") or header.has(b"received"):
        return False
    sender, subject = header.first(b"from"), header.first(b"subject")
    by_exchange = sender.strip(b'" ').lower().startswith(_EXCHANGE) and b"@" not in sender
    return (sender, subject) == _COURIER or by_exchange
