"""Signatures of Standard Webhooks (github.com/standard-webhooks/standard-webhooks).

Apart, since the settings check keys with it and the sink signs with it.
"""

import base64
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook as Signer

PREFIX = "whsec_"
# "Between 24 bytes (192 bits) and 64 bytes (512 bits)".
_KEY_BYTES = range(24, 65)


def is_signing_key(text: str) -> bool:
    """Whether this is `whsec_` and the Base64 of a key that is long enough."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError:
        return False
    return text.startswith(PREFIX) and len(key) in _KEY_BYTES


def signed_headers(event_id: str, now: datetime, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """The three header fields; without keys the first two. A receiver needs only one of the signatures."""
    headers = {"webhook-id": event_id, "webhook-timestamp": str(int(now.timestamp()))}
    if keys:
        signatures = [Signer(key).sign(event_id, now, body.decode()) for key in keys]
        headers["webhook-signature"] = " ".join(signatures)
    return headers
