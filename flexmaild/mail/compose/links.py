"""The `mailto:` links that open a prefilled answer, and the reply address they go to (RFC 6068, RFC 5233).

Called by `compose.context` and `compose.write`. There is no http link that decides: mail scanners open those
before people do. A link never asks for anything but a new mail.
"""

from urllib.parse import quote

from flexmaild.core.addresses import MAX_LOCAL
from flexmaild.mail.compose.mime import one_line
from flexmaild.mail.format import GUARD_LINE, HINT_LINE, REFERENCE_LABEL

# Windows hands a mailto link to the mail program only up to 2,083 characters (INTERNET_MAX_URL_LENGTH
# in wininet.h); Outlook cuts what is longer.
LONGEST_LINK = 1990


def reply_address(address: str, reference: str, *, plus_address: bool) -> str:
    """Where answers go: with the reference as a plus-address where that is allowed and fits."""
    local, _, domain = address.rpartition("@")
    tagged = f"{local}+{reference.lower()}"
    if not plus_address or not reference or "+" in local or len(tagged.encode()) > MAX_LOCAL:
        return address
    return f"{tagged}@{domain}"


def answer_link(word: str, *, to: str, subject: str, reference: str) -> str:
    """A link that opens a mail with `word` as its first line; the subject is cut until all fits.

    Some programs put the caret at the end: an empty line keeps what is typed there apart from ours.
    """
    body = "\r\n".join(
        (word, "", HINT_LINE.format(word=word), GUARD_LINE, f"{REFERENCE_LABEL} {reference}", "", "")
    )
    start = f"mailto:{quote(to, safe='@')}?subject="
    end = f"&body={quote(body, safe='*')}"
    subject = one_line(subject)
    encoded = quote(subject, safe="")
    while subject and len(start) + len(encoded) + len(end) > LONGEST_LINK:
        subject = subject[:-8]
        encoded = quote(subject + "…", safe="")
    return start + encoded + end
