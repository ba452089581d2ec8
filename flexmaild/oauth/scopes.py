"""The permissions that a token lacks.

Delegated tokens: by the `scope` of the token response. App-only: by `roles` inside the token, where it is a
JWT; Microsoft promises no format, so a token that cannot be read counts as sufficient.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from flexmaild.core.oauth import Purpose
from flexmaild.oauth.clouds import permissions
from flexmaild.oauth.grants import Grant, OAuthApplication


def missing(application: OAuthApplication, purpose: Purpose, grant: Grant) -> list[str]:
    """The short names of the permissions that `purpose` needs and `grant` lacks."""
    if application.provider == "google":
        return [] if "https://mail.google.com/" in grant.scopes else ["https://mail.google.com/"]
    needed = permissions(application.uses, purpose, app_only=application.app_only)
    if application.app_only:
        claims = unverified_claims(grant.token)
        if claims is None:
            return []
        roles = claims.get("roles")
        has = {str(r).casefold() for r in roles} if isinstance(roles, list) else set()
    else:
        has = {scope.rpartition("/")[2].casefold() for scope in grant.scopes}
    return [name for name in needed if name.casefold() not in has]


def unverified_claims(token: str) -> Mapping[str, Any] | None:
    """The claims of a JWT for diagnosis only; None when it is not one."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return None
    return claims if isinstance(claims, dict) else None
