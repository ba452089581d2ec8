"""Exchange Online's word about senders of the same organisation. Pure."""

from collections.abc import Collection

from flexmaild.core.addresses import domain_of
from flexmaild.mail.parse.header import Header


def is_internal(header: Header, sender: str, own_domains: Collection[str]) -> bool:
    """Whether it says that a user of the same organisation logged in and sent this, from one of our domains.

    Exchange removes these fields from mail that enters the organisation ("header firewall"); a mail with two
    of them did not pass it.
    """
    values = header.all(b"x-ms-exchange-organization-authas")
    said = len(values) == 1 and values[0].strip().lower() == b"internal"
    return said and domain_of(sender) in own_domains
