"""Whether an element is marked as a signature by the mail program that wrote it.

Called by `mail.parse.html`. Classes and ids are known by name, also where another program has renamed them in
what it quotes. Never raises.
"""

import re

from flexmaild.mail.parse.shown import words

_SIGNATURES = frozenset(
    words(
        "signature gmail_signature gmail_signature_prefix moz-signature ms-outlook-mobile-signature"
        " msoautosig applemailsignature ymail_android_signature composer_signature mobile_signature"
        " ymail_ios_signature"
    )
)
# How mail programs rename classes and ids of what they quote: x_ (Outlook on the web), m_-12345 (Gmail),
# yiv12345 (Yahoo), ecx (Hotmail), x_-123 and zm_-123_parse_-45 (Zoho).
_RENAMED = re.compile(r"(?:x_-?\d*_?|m_-?\d+_?|yiv\d+_?|ecx|zm_-?\d+_parse_-?\d*_?)+", re.IGNORECASE)


def is_signature(attributes: dict[str, str | None]) -> bool:
    for name in ("id", "class"):
        value = attributes.get(name)
        if value and ("ignature" in value or "utosig" in value.lower()):
            for word in value.split():
                bare = _RENAMED.sub("", word, count=1) if _RENAMED.match(word) else word
                if bare.lower() in _SIGNATURES:
                    return True
    return False
