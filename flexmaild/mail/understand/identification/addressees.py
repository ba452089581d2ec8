"""To whom a mail was written: to us, or to another, so that we have only a copy or a forwarded mail.

For `reply`, `answer` and `mailing_lists`. Sending services replace Message-IDs, so an In-Reply-To that is not
ours says nothing alone, but it does together with a To that names none of our addresses. Cc does not help
there: in it stand those who read along. `core.approval.admission` says what follows for a mail that was sent
on, or not written to us.
"""

from collections.abc import Iterable, Iterator, Sequence

from flexmaild.core.addresses import normal
from flexmaild.core.parsed_reply import Addressed
from flexmaild.mail.authentication import signatures
from flexmaild.mail.parse.address_list import entries
from flexmaild.mail.parse.header import Header, raw_text
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.understand.identification import references
from flexmaild.mail.understand.identification.mentions import answered_jobs
from flexmaild.mail.understand.identification.sender import address_of
from flexmaild.mail.understand.words.rules import Rules

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
    return not any(_leads_to_us(entry, rules) for entry in _entries(header.all(b"to"), rules.limits))


def is_redirected(header: Header, rules: Rules) -> bool:
    """Whether it was redirected (RFC 5322 section 3.6.6), which a signature does not prevent.

    Only where every Resent-From and every Resent-To is certainly ours, it went from one of our mailboxes to
    another. Zoho writes an empty Resent-From on mails that were not redirected.
    """
    if not any(name.startswith(b"resent-") and any(header.all(name)) for name in header.fields):
        return False
    return not all(_is_all_ours(header.all(name), rules) for name in (b"resent-from", b"resent-to"))


def addressed(header: Header, rules: Rules, domain: str) -> Addressed:
    """How far the signatures of this domain cover that the mail was written to us. Who signs To leaves Cc
    open, or one that the mail did not have; Microsoft 365 signs neither."""
    signed = signatures.signed_addressees(header, domain)
    if signed is None:
        return "surely"
    if not signed:
        return "unsigned"
    return "beside" if is_misdirected(header, rules, signed) else "surely"


def is_misdirected(header: Header, rules: Rules, names: Sequence[bytes] = (b"to", b"cc")) -> bool:
    """Whether neither To nor Cc names us, as in a colleague's mail that another person passed on to us
    unchanged.

    Of several such fields the lowest counts: a signature covers that first (RFC 6376 section 5.4.2), and
    a field added to a signed mail has to stand above.
    """
    if not rules.own_addresses:
        return False
    fields = [value for name in names for value in header.all(name)[-1:]]
    return not any(_is_entry_ours(entry, rules) for entry in _entries(fields, rules.limits))


def is_ours(address: str, rules: Rules) -> bool:
    """Whether this is one of our addresses, or that with something behind a "+" (RFC 5233)."""
    try:
        local, _, domain = normal(address).partition("@")
    except ValueError:
        return False
    pieces = local.split("+")
    return any(f"{'+'.join(pieces[: n + 1])}@{domain}" in rules.own_addresses for n in range(len(pieces)))


def _entries(values: Iterable[bytes], limits: Limits) -> Iterator[str]:
    """The entries of these fields; "" for what cannot be read, and for what is too long to be."""
    for value in values:
        for number, entry in enumerate(entries(raw_text(value[: limits.references])[0])):
            if number >= _MOST:
                yield ""
                break
            yield entry
        if len(value) > limits.references:
            yield ""


def _is_all_ours(values: list[bytes], rules: Rules) -> bool:
    """Whether there are such fields, and each of them names only us."""
    fields = [list(_entries([value], rules.limits)) for value in values]
    return bool(fields) and all(f and all(_is_entry_ours(e, rules) for e in f) for f in fields)


def _is_entry_ours(entry: str, rules: Rules) -> bool:
    """Read as strictly as From: two programs must not see two addresses in it."""
    address = address_of(f"<{entry}>".encode("utf-8", "replace"), rules.limits).address
    return bool(address) and is_ours(address, rules)


def _leads_to_us(entry: str, rules: Rules) -> bool:
    """Also as forwarders write a plus-address with our reference."""
    return _is_entry_ours(entry, rules) or any(map(references.is_whole, references.in_text([entry])))
