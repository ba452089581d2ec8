"""All borders, in the order of docs/borders.md."""

from textwrap import indent
from typing import Any, cast

import yaml

from tests.borders.border import Border
from tests.borders.kinds.exim import EXIM
from tests.borders.kinds.opensmtpd import OPENSMTPD
from tests.borders.kinds.postfix_milters import (
    GATEWAY,
    LMTP,
    POSTFIX_DKIMPY,
    POSTFIX_OPENDKIM,
    POSTFIX_OPENDMARC,
)
from tests.borders.kinds.postfix_rspamd import POSTFIX_RSPAMD
from tests.borders.kinds.reinjection import REINJECTION

BORDERS = (
    POSTFIX_OPENDMARC,
    POSTFIX_OPENDKIM,
    POSTFIX_RSPAMD,
    POSTFIX_DKIMPY,
    EXIM,
    OPENSMTPD,
    GATEWAY,
    LMTP,
    REINJECTION,
)


def settings(border: Border) -> dict[str, Any]:
    """The border's `incoming.sender_authentication`, as the docs have it."""
    return cast(dict[str, Any], yaml.safe_load(border.settings))


def authserv_id(border: Border) -> str:
    """The name that forgeries try."""
    return str(settings(border)["borders"][0]["id"])


def yaml_text(border: Border) -> str:
    """The settings of flexmaild that the docs show for this border."""
    return "incoming:\n  sender_authentication:\n" + indent(border.settings, " " * 4)
